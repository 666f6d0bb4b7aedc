// Numbers about numbers: percentiles of one run, medians and spread over several.
#pragma once

#include <cstdint>
#include <vector>

namespace bench {

/// The smallest value that at least `share` (0 to 1) of all values do not exceed; 0 when there is none.
[[nodiscard]] double percentile(std::vector<std::uint32_t> values, double share);

struct Spread {
  double median = 0;
  double min = 0;
  double max = 0;
};
/// All zero when there is no value. The median of an even count is the mean of the middle two.
[[nodiscard]] Spread spread_of(std::vector<double> values);

}  // namespace bench
