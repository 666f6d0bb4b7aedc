#include "common/crypto/aead.hpp"

#include <memory>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "common/base/assert.hpp"

namespace crypto {
namespace {

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* ctx) const { EVP_CIPHER_CTX_free(ctx); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

const EVP_CIPHER* fetched_cipher() {
  static const EVP_CIPHER* const kCipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  BASE_ASSERT(kCipher != nullptr);
  return kCipher;
}

const unsigned char* bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

constexpr std::size_t kAeadTextMax = 64UL << 20;   // far above any callback; keeps sizes within int

base::Status check(const base::Secret& key, std::string_view nonce, std::string_view aad, std::string_view text) {
  if (key.reveal().size() != kAeadKeyBytes) return base::fail(base::Code::InvalidArgument, "the AES key must be 32 bytes long");
  if (nonce.size() != kAeadNonceBytes) return base::fail(base::Code::InvalidArgument, "the nonce must be 12 bytes long", "nonce");
  if (aad.size() > kAeadTextMax || text.size() > kAeadTextMax) return base::fail(base::Code::InvalidArgument, "the text is too long");
  return {};
}

}  // namespace

base::Result<std::string> seal(const base::Secret& key, std::string_view nonce, std::string_view associated_data,
                               std::string_view plaintext) {
  if (auto status = check(key, nonce, associated_data, plaintext); !status) return base::fail(std::move(status.error()));
  const Context ctx{EVP_CIPHER_CTX_new()};
  std::string out(plaintext.size() + kAeadTagBytes, '\0');
  int size = 0;
  int last = 0;
  const bool good =
      ctx && EVP_EncryptInit_ex2(ctx.get(), fetched_cipher(), bytes(key.reveal()), bytes(nonce), nullptr) == 1 &&
      EVP_EncryptUpdate(ctx.get(), nullptr, &size, bytes(associated_data), static_cast<int>(associated_data.size())) == 1 &&
      EVP_EncryptUpdate(ctx.get(), bytes(out), &size, bytes(plaintext), static_cast<int>(plaintext.size())) == 1 &&
      EVP_EncryptFinal_ex(ctx.get(), bytes(out) + size, &last) == 1 &&
      EVP_CIPHER_CTX_ctrl(ctx.get(), EVP_CTRL_AEAD_GET_TAG, static_cast<int>(kAeadTagBytes), bytes(out) + plaintext.size()) == 1;
  ERR_clear_error();
  if (!good) return base::fail(base::Code::Internal, "AES-256-GCM failed to seal");
  return out;
}

base::Result<std::string> open(const base::Secret& key, std::string_view nonce, std::string_view associated_data,
                               std::string_view ciphertext) {
  if (auto status = check(key, nonce, associated_data, ciphertext); !status) return base::fail(std::move(status.error()));
  if (ciphertext.size() < kAeadTagBytes) return base::fail(base::Code::Unauthenticated, "the ciphertext is shorter than its tag");
  std::string tag{ciphertext.substr(ciphertext.size() - kAeadTagBytes)};
  const std::string_view body = ciphertext.substr(0, ciphertext.size() - kAeadTagBytes);
  const Context ctx{EVP_CIPHER_CTX_new()};
  std::string out(body.size(), '\0');
  int size = 0;
  int last = 0;
  const bool good = ctx && EVP_DecryptInit_ex2(ctx.get(), fetched_cipher(), bytes(key.reveal()), bytes(nonce), nullptr) == 1 &&
                    EVP_DecryptUpdate(ctx.get(), nullptr, &size, bytes(associated_data), static_cast<int>(associated_data.size())) == 1 &&
                    EVP_DecryptUpdate(ctx.get(), bytes(out), &size, bytes(body), static_cast<int>(body.size())) == 1 &&
                    EVP_CIPHER_CTX_ctrl(ctx.get(), EVP_CTRL_AEAD_SET_TAG, static_cast<int>(kAeadTagBytes), bytes(tag)) == 1 &&
                    EVP_DecryptFinal_ex(ctx.get(), bytes(out) + size, &last) == 1;
  ERR_clear_error();
  if (!good) return base::fail(base::Code::Unauthenticated, "the ciphertext does not open with this key");
  return out;
}

}  // namespace crypto
