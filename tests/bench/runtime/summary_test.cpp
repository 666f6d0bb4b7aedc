#include "tests/bench/runtime/summary.hpp"

#include <gtest/gtest.h>

namespace bench {
namespace {

TEST(Percentile, IsAValueThatWasMeasured) {
  EXPECT_EQ(percentile({30, 10, 20, 40}, 0.50), 20);
  EXPECT_EQ(percentile({30, 10, 20, 40}, 0.99), 40);
  EXPECT_EQ(percentile({7}, 0.01), 7);
}

TEST(Percentile, NinetyNineOfAHundredLeavesOneOut) {
  std::vector<std::uint32_t> values;
  for (std::uint32_t i = 1; i <= 100; ++i) values.push_back(i);
  EXPECT_EQ(percentile(values, 0.99), 99);
  EXPECT_EQ(percentile(values, 1), 100);
}

TEST(Percentile, OfNothingIsZero) { EXPECT_EQ(percentile({}, 0.5), 0); }

TEST(Spread, MedianOfOddAndEvenCounts) {
  EXPECT_EQ(spread_of({3, 1, 2}).median, 2);
  EXPECT_EQ(spread_of({4, 1, 2, 3}).median, 2.5);
  EXPECT_EQ(spread_of({}).median, 0);
}

TEST(Spread, KeepsTheExtremes) {
  const Spread spread = spread_of({5, 9, 1});
  EXPECT_EQ(spread.min, 1);
  EXPECT_EQ(spread.max, 9);
}

}  // namespace
}  // namespace bench
