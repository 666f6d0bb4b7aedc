#include "common/crypto/digest.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "common/base/assert.hpp"
#include "common/codec/hex.hpp"
#include "common/crypto/fetched.hpp"

namespace crypto {
namespace {

const EVP_MD* fetched_sha1() {
  static const EVP_MD* const kMd = EVP_MD_fetch(nullptr, "SHA1", nullptr);
  BASE_ASSERT(kMd != nullptr);
  return kMd;
}

std::string_view bytes_of(const Sha256& digest) { return {reinterpret_cast<const char*>(digest.data()), digest.size()}; }

}  // namespace

Sha256 sha256(std::string_view data) {
  Sha256 out{};
  unsigned size = 0;
  BASE_ASSERT(EVP_Digest(data.data(), data.size(), out.data(), &size, detail::fetched_sha256(), nullptr) == 1 && size == out.size());
  return out;
}

std::string sha256_hex(std::string_view data) { return codec::to_hex(bytes_of(sha256(data))); }

std::string sha1_hex(std::string_view data) {
  std::array<std::uint8_t, 20> out{};
  unsigned size = 0;
  BASE_ASSERT(EVP_Digest(data.data(), data.size(), out.data(), &size, fetched_sha1(), nullptr) == 1 && size == out.size());
  return codec::to_hex({reinterpret_cast<const char*>(out.data()), out.size()});
}

Sha256 hmac_sha256(std::string_view key, std::string_view message) {
  Sha256 out{};
  unsigned size = 0;
  const auto* made = HMAC(detail::fetched_sha256(), key.data(), static_cast<int>(key.size()),
                          reinterpret_cast<const unsigned char*>(message.data()), message.size(), out.data(), &size);
  BASE_ASSERT(made != nullptr && size == out.size());
  return out;
}

std::string hmac_sha256_hex(std::string_view key, std::string_view message) { return codec::to_hex(bytes_of(hmac_sha256(key, message))); }

bool equal_in_constant_time(std::string_view left, std::string_view right) {
  return left.size() == right.size() && CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

}  // namespace crypto
