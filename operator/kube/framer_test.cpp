#include "operator/kube/framer.hpp"

#include <vector>

#include <gtest/gtest.h>

#include "common/base/rng.hpp"

namespace kube {
namespace {

std::vector<std::string> lines_of(const std::vector<std::string>& pieces) {
  std::vector<std::string> lines;
  LineFramer framer;
  for (const std::string& piece : pieces) {
    EXPECT_TRUE(framer.feed(piece, [&](std::string_view line) { lines.emplace_back(line); }));
  }
  return lines;
}

TEST(LineFramer, EveryCutOfTheStreamGivesTheSameLines) {
  const std::string stream = "{\"a\":1}\n{\"bb\":22}\r\n\n{\"ccc\":\"\xE6\x94\xAF\"}\n";
  const std::vector<std::string> expected = {"{\"a\":1}", "{\"bb\":22}", "{\"ccc\":\"\xE6\x94\xAF\"}"};
  base::SeededRng rng(20'260'101);
  for (int round = 0; round < 2'000; ++round) {
    std::vector<std::string> pieces;
    for (std::size_t at = 0; at < stream.size();) {
      const std::size_t size = 1 + rng.below(7);
      pieces.push_back(stream.substr(at, size));
      at += size;
    }
    ASSERT_EQ(lines_of(pieces), expected) << "round " << round;
  }
}

TEST(LineFramer, AnUnfinishedLineIsHeldBack) { EXPECT_TRUE(lines_of({"{\"a\":", "1}"}).empty()); }

TEST(LineFramer, ALineOverTheLimitIsRefusedHoweverItArrives) {
  LineFramer whole(8);
  EXPECT_FALSE(whole.feed("123456789\n", [](std::string_view) { FAIL(); }));
  LineFramer parts(8);
  EXPECT_TRUE(parts.feed("12345", [](std::string_view) { FAIL(); }));
  EXPECT_FALSE(parts.feed("6789", [](std::string_view) { FAIL(); }));
}

}  // namespace
}  // namespace kube
