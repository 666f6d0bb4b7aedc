// RSA keys and RSA-SHA256 signatures (PKCS#1 v1.5). Keys are parsed once and kept; signing and verifying with one key is
// safe from any thread. A 2048-bit signature costs about 0.3 ms of processor time.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "common/base/result.hpp"
#include "common/base/secret.hpp"

namespace crypto {

constexpr int kRsaBits = 2048;
constexpr int kRsaBitsMin = 2048;   // smaller keys are refused on reading

struct RsaKeyPair {
  base::Secret private_pem;   // PKCS#8
  std::string public_pem;     // SubjectPublicKeyInfo
};

/// A new 2048-bit pair. Takes 50 to 300 ms.
[[nodiscard]] base::Result<RsaKeyPair> generate_rsa();

namespace detail {
struct KeyHolder;
}

class RsaPrivateKey {
 public:
  /// PKCS#8 or PKCS#1 PEM, without a passphrase.
  [[nodiscard]] static base::Result<RsaPrivateKey> from_pem(const base::Secret& pem);
  /// Raw signature bytes.
  [[nodiscard]] base::Result<std::string> sign_sha256(std::string_view message) const;
  [[nodiscard]] base::Result<std::string> public_pem() const;

 private:
  explicit RsaPrivateKey(std::shared_ptr<const detail::KeyHolder> key) : key_(std::move(key)) {}
  std::shared_ptr<const detail::KeyHolder> key_;
};

class RsaPublicKey {
 public:
  /// SubjectPublicKeyInfo PEM, or a certificate's PEM, whose key is taken.
  [[nodiscard]] static base::Result<RsaPublicKey> from_pem(std::string_view pem);
  [[nodiscard]] bool verify_sha256(std::string_view message, std::string_view signature) const;

 private:
  explicit RsaPublicKey(std::shared_ptr<const detail::KeyHolder> key) : key_(std::move(key)) {}
  std::shared_ptr<const detail::KeyHolder> key_;
};

}  // namespace crypto
