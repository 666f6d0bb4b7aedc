// However a stream is cut into pieces, the same lines come out: the first bytes choose the cuts, the rest is the stream.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/assert.hpp"
#include "operator/kube/framer.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kCuts = 8;
  constexpr std::size_t kLineMax = 64;
  if (size < kCuts) return 0;
  const std::string_view stream{reinterpret_cast<const char*>(data) + kCuts, size - kCuts};

  std::vector<std::string> whole;
  kube::LineFramer one{kLineMax};
  const bool whole_ok = one.feed(stream, [&](std::string_view line) { whole.emplace_back(line); }).has_value();

  std::vector<std::string> pieces;
  kube::LineFramer two{kLineMax};
  bool pieces_ok = true;
  std::size_t at = 0;
  for (std::size_t i = 0; at < stream.size() && pieces_ok; ++i) {
    const std::size_t length = std::min<std::size_t>(1U + data[i % kCuts], stream.size() - at);
    pieces_ok = two.feed(stream.substr(at, length), [&](std::string_view line) { pieces.emplace_back(line); }).has_value();
    at += length;
  }
  BASE_ASSERT(whole_ok == pieces_ok);
  if (whole_ok) BASE_ASSERT(whole == pieces);
  for (const std::string& line : pieces) BASE_ASSERT(!line.empty() && line.size() <= kLineMax && line.find('\n') == std::string::npos);
  return 0;
}
