#include "common/base/ids.hpp"

#include <array>

namespace base {

std::string ulid(TimePoint now, Rng& rng) {
  static constexpr char kAlphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  std::array<std::uint8_t, 16> bytes{};
  rng.fill(std::span{bytes}.subspan(6));
  const auto millis = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count());
  for (std::size_t i = 0; i < 6; ++i) bytes[i] = static_cast<std::uint8_t>(millis >> (40 - 8 * i));

  // 128 bits as 26 digits of 5 bits: two zero bits in front.
  std::string text(26, '0');
  unsigned buffer = 0;
  int bits = 2;
  std::size_t out = 0;
  for (const std::uint8_t byte : bytes) {
    buffer = buffer << 8 | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text[out++] = kAlphabet[buffer >> bits & 31U];
    }
    buffer &= (1U << bits) - 1U;
  }
  return text;
}

}  // namespace base
