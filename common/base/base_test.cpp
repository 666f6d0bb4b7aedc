#include <gtest/gtest.h>

#include "common/base/clock.hpp"
#include "common/base/deadline.hpp"
#include "common/base/ids.hpp"
#include "common/base/result.hpp"
#include "common/base/rng.hpp"
#include "common/base/secret.hpp"
#include "common/base/text.hpp"

namespace base {
namespace {

using namespace std::chrono_literals;

TEST(Rfc3339, RoundTripsWithMicroseconds) {
  const auto time = parse_rfc3339("2026-02-28T23:59:59.123456Z");
  ASSERT_TRUE(time.has_value());
  EXPECT_EQ(to_rfc3339(*time, true), "2026-02-28T23:59:59.123456Z");
  EXPECT_EQ(to_rfc3339(*time), "2026-02-28T23:59:59Z");
}

TEST(Rfc3339, AppliesTheOffset) {
  const auto time = parse_rfc3339("2026-03-01T07:59:59+08:00");
  ASSERT_TRUE(time.has_value());
  EXPECT_EQ(to_rfc3339(*time), "2026-02-28T23:59:59Z");
}

TEST(Rfc3339, CutsNanosecondsToMicroseconds) {
  EXPECT_EQ(to_rfc3339(parse_rfc3339("2026-01-01T00:00:00.123456789Z").value(), true), "2026-01-01T00:00:00.123456Z");
}

TEST(Rfc3339, RefusesWhatIsNotATime) {
  for (const char* text : {"", "2026-02-30T00:00:00Z", "2026-01-01T00:00:00", "2026-01-01T24:00:00Z", "2026-01-01T00:00:00.Z",
                           "2026-01-01T00:00:00Zx", "2026-01-01T00:00:00+8:00", "2026-01-01 garbage Z!!"}) {
    EXPECT_FALSE(parse_rfc3339(text).has_value()) << text;
  }
}

TEST(Ulid, SortsByTimeAndRepeatsBySeed) {
  SeededRng one{7};
  SeededRng two{7};
  const TimePoint start{1'700'000'000'000'000us};
  const std::string first = ulid(start, one);
  EXPECT_EQ(first.size(), 26U);
  EXPECT_EQ(first, ulid(start, two));
  EXPECT_LT(first, ulid(start + 1ms, one));
}

TEST(Ulid, MatchesTheSpecificationsTimePart) {
  SeededRng rng{1};
  // Example of the specification: 1469918176385 ms is 01ARYZ6S41.
  EXPECT_EQ(ulid(TimePoint{1'469'918'176'385ms}, rng).substr(0, 10), "01ARYZ6S41");
}

TEST(Rng, BelowStaysBelow) {
  SeededRng rng{42};
  for (int i = 0; i < 1000; ++i) EXPECT_LT(rng.below(62), 62U);
}

TEST(Deadline, CapsAndPasses) {
  ManualClock clock{TimePoint{}};
  const Deadline deadline = Deadline::after(clock, 100ms);
  EXPECT_EQ(deadline.capped(clock, 10ms).left(clock), 10ms);
  EXPECT_EQ(deadline.capped(clock, 1s).left(clock), 100ms);
  clock.advance(100ms);
  EXPECT_TRUE(deadline.passed(clock));
  EXPECT_EQ(deadline.left(clock), 0ms);
}

TEST(Error, DescribesCodeFieldAndMessage) {
  EXPECT_EQ(describe(Error{Code::InvalidArgument, "must be positive", "amount", {}}), "INVALID_ARGUMENT: amount: must be positive");
}

TEST(Clip, EndsAtACharacterHoweverLongItIs) {
  EXPECT_EQ(clip("abc", 3), "abc");
  EXPECT_EQ(clip("abcd", 3), "abc");
  EXPECT_EQ(clip("付款", 6), "付款");
  for (const std::size_t bytes : {3U, 4U, 5U}) EXPECT_EQ(clip("付款", bytes), "付") << bytes;
  for (const std::size_t bytes : {0U, 1U, 2U}) EXPECT_EQ(clip("付款", bytes), "") << bytes;
  EXPECT_EQ(clip("a𝄞b", 4), "a");
  EXPECT_EQ(clip("a𝄞b", 5), "a𝄞");
}

TEST(Clip, TheMarkCountsInTheBytes) {
  EXPECT_EQ(clip("付款付款", 12, "..."), "付款付款");
  EXPECT_EQ(clip("付款付款付", 12, "..."), "付款付...");
  EXPECT_EQ(clip("付款付款付", 11, "..."), "付款...");
  EXPECT_EQ(clip("abcdef", 2, "..."), "ab");
}

TEST(Clip, BytesThatAreNoUtf8AreCutAnywhere) { EXPECT_EQ(clip("\x80\x80\x80\x80\x80\x80", 5), "\x80\x80\x80\x80\x80"); }

TEST(Secret, MovedFromIsEmpty) {
  Secret secret{"hunter2"};
  const Secret other{std::move(secret)};
  EXPECT_TRUE(secret.empty());   // NOLINT(bugprone-use-after-move): the promise under test
  EXPECT_EQ(other.reveal(), "hunter2");
}

}  // namespace
}  // namespace base
