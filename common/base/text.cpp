#include "common/base/text.hpp"

namespace base {

std::string clip(std::string_view text, std::size_t bytes_max, std::string_view mark) {
  if (text.size() <= bytes_max) return std::string{text};
  if (mark.size() > bytes_max) mark = {};
  const std::size_t room = bytes_max - mark.size();
  std::size_t end = room;
  constexpr std::size_t kContinuationsMax = 3;   // of one character; more are no UTF-8
  while (end > 0 && room - end < kContinuationsMax && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  if ((static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) end = room;
  std::string clipped{text.substr(0, end)};
  clipped += mark;
  return clipped;
}

}  // namespace base
