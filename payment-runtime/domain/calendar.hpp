// Days as a channel counts them. Channels close their bills at midnight of a fixed offset from UTC (WeChat Pay and Alipay: +08:00).
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "common/base/clock.hpp"

namespace pay::domain {

struct TimeZone {
  std::chrono::minutes offset{0};   // east of UTC
};

/// "2026-01-31".
[[nodiscard]] std::string day_of(base::TimePoint at, TimeZone zone);

struct DayRange {
  std::string day;
  base::TimePoint from;   // included
  base::TimePoint to;     // excluded
};
/// The last `days` days including today, oldest first.
[[nodiscard]] std::vector<DayRange> last_days(base::TimePoint now, int days, TimeZone zone);

}  // namespace pay::domain
