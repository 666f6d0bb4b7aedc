// Digests and message authentication, by OpenSSL 3. Algorithms are fetched once; every function is safe from any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace crypto {

using Sha256 = std::array<std::uint8_t, 32>;

[[nodiscard]] Sha256 sha256(std::string_view data);
/// Lower-case hexadecimal.
[[nodiscard]] std::string sha256_hex(std::string_view data);
/// For bills, whose hash a channel chose; never for anything of ours.
[[nodiscard]] std::string sha1_hex(std::string_view data);

[[nodiscard]] Sha256 hmac_sha256(std::string_view key, std::string_view message);
[[nodiscard]] std::string hmac_sha256_hex(std::string_view key, std::string_view message);

/// Takes the same time wherever two texts of equal length differ.
[[nodiscard]] bool equal_in_constant_time(std::string_view left, std::string_view right);

}  // namespace crypto
