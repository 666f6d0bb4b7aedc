// AES-256-GCM with a 96-bit nonce: how WeChat Pay v3 seals what it sends.
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.hpp"
#include "common/base/secret.hpp"

namespace crypto {

constexpr std::size_t kAeadKeyBytes = 32;
constexpr std::size_t kAeadNonceBytes = 12;
constexpr std::size_t kAeadTagBytes = 16;

/// Ciphertext with the tag as its last 16 bytes. A nonce must never be used twice with one key.
[[nodiscard]] base::Result<std::string> seal(const base::Secret& key, std::string_view nonce, std::string_view associated_data,
                                             std::string_view plaintext);
/// Unauthenticated when anything differs by one bit; says no more than that.
[[nodiscard]] base::Result<std::string> open(const base::Secret& key, std::string_view nonce, std::string_view associated_data,
                                             std::string_view ciphertext);

}  // namespace crypto
