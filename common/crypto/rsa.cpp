#include "common/crypto/rsa.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "common/base/assert.hpp"
#include "common/crypto/fetched.hpp"

namespace crypto {

namespace detail {
struct KeyHolder {
  explicit KeyHolder(EVP_PKEY* key) : pkey(key) {}
  ~KeyHolder() { EVP_PKEY_free(pkey); }
  KeyHolder(const KeyHolder&) = delete;
  KeyHolder& operator=(const KeyHolder&) = delete;
  EVP_PKEY* pkey;
};
}  // namespace detail

namespace {

struct FreeKey {
  void operator()(BIO* bio) const { BIO_free_all(bio); }
  void operator()(EVP_MD_CTX* ctx) const { EVP_MD_CTX_free(ctx); }
  void operator()(EVP_MD* md) const { EVP_MD_free(md); }
  void operator()(X509* cert) const { X509_free(cert); }
};
template <typename T>
using Owned = std::unique_ptr<T, FreeKey>;

Owned<BIO> reader(std::string_view text) { return Owned<BIO>{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))}; }

/// The library's own reason; it never quotes key material.
std::string reason() {
  char text[160] = "no reason given";
  if (const unsigned long code = ERR_get_error(); code != 0) ERR_error_string_n(code, text, sizeof text);
  ERR_clear_error();
  return text;
}

// A passphrase prompt would wait for a terminal that a server does not have.
int no_passphrase(char*, int, int, void*) { return -1; }

base::Status check_rsa(const EVP_PKEY* key) {
  if (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA) return base::fail(base::Code::InvalidArgument, "the key is not an RSA key");
  if (EVP_PKEY_get_bits(key) < kRsaBitsMin) {
    return base::fail(base::Code::InvalidArgument, "the RSA key is shorter than " + std::to_string(kRsaBitsMin) + " bits");
  }
  return {};
}

std::string take(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text{data, static_cast<std::size_t>(size)};
  OPENSSL_cleanse(data, static_cast<std::size_t>(size));
  return text;
}

base::Result<std::string> public_pem_of(EVP_PKEY* key) {
  const Owned<BIO> out{BIO_new(BIO_s_mem())};
  if (!out || PEM_write_bio_PUBKEY(out.get(), key) != 1)
    return base::fail(base::Code::Internal, "cannot write the public key: " + reason());
  return take(out.get());
}

}  // namespace

base::Result<RsaKeyPair> generate_rsa() {
  EVP_PKEY* raw = EVP_RSA_gen(static_cast<unsigned>(kRsaBits));
  if (raw == nullptr) return base::fail(base::Code::Internal, "cannot generate an RSA key: " + reason());
  const detail::KeyHolder key{raw};
  const Owned<BIO> out{BIO_new(BIO_s_mem())};
  if (!out || PEM_write_bio_PKCS8PrivateKey(out.get(), raw, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return base::fail(base::Code::Internal, "cannot write the private key: " + reason());
  }
  auto public_pem = public_pem_of(raw);
  if (!public_pem) return base::fail(std::move(public_pem.error()));
  return RsaKeyPair{base::Secret{take(out.get())}, std::move(*public_pem)};
}

base::Result<RsaPrivateKey> RsaPrivateKey::from_pem(const base::Secret& pem) {
  ERR_clear_error();
  const Owned<BIO> in = reader(pem.reveal());
  EVP_PKEY* raw = PEM_read_bio_PrivateKey(in.get(), nullptr, no_passphrase, nullptr);
  if (raw == nullptr) return base::fail(base::Code::InvalidArgument, "not a private key in PEM (PKCS#8): " + reason());
  auto holder = std::make_shared<const detail::KeyHolder>(raw);
  if (auto status = check_rsa(raw); !status) return base::fail(std::move(status.error()));
  return RsaPrivateKey{std::move(holder)};
}

base::Result<std::string> RsaPrivateKey::sign_sha256(std::string_view message) const {
  const Owned<EVP_MD_CTX> ctx{EVP_MD_CTX_new()};
  std::string signature(static_cast<std::size_t>(EVP_PKEY_get_size(key_->pkey)), '\0');
  std::size_t size = signature.size();
  if (!ctx || EVP_DigestSignInit(ctx.get(), nullptr, detail::fetched_sha256(), nullptr, key_->pkey) != 1 ||
      EVP_DigestSign(ctx.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     reinterpret_cast<const unsigned char*>(message.data()), message.size()) != 1) {
    return base::fail(base::Code::Internal, "cannot sign: " + reason());
  }
  signature.resize(size);
  return signature;
}

base::Result<std::string> RsaPrivateKey::public_pem() const { return public_pem_of(key_->pkey); }

base::Result<RsaPublicKey> RsaPublicKey::from_pem(std::string_view pem) {
  ERR_clear_error();
  const Owned<BIO> in = reader(pem);
  EVP_PKEY* raw = PEM_read_bio_PUBKEY(in.get(), nullptr, no_passphrase, nullptr);
  if (raw == nullptr) {
    const Owned<BIO> again = reader(pem);
    const Owned<X509> certificate{PEM_read_bio_X509(again.get(), nullptr, no_passphrase, nullptr)};
    if (certificate) raw = X509_get_pubkey(certificate.get());
  }
  if (raw == nullptr) return base::fail(base::Code::InvalidArgument, "neither a public key nor a certificate in PEM: " + reason());
  ERR_clear_error();
  auto holder = std::make_shared<const detail::KeyHolder>(raw);
  if (auto status = check_rsa(raw); !status) return base::fail(std::move(status.error()));
  return RsaPublicKey{std::move(holder)};
}

bool RsaPublicKey::verify_sha256(std::string_view message, std::string_view signature) const {
  const Owned<EVP_MD_CTX> ctx{EVP_MD_CTX_new()};
  const bool good = ctx && EVP_DigestVerifyInit(ctx.get(), nullptr, detail::fetched_sha256(), nullptr, key_->pkey) == 1 &&
                    EVP_DigestVerify(ctx.get(), reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                                     reinterpret_cast<const unsigned char*>(message.data()), message.size()) == 1;
  ERR_clear_error();   // a forged signature must not leave its reason for the next caller to read
  return good;
}

}  // namespace crypto
