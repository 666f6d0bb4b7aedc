#include "payment-runtime/domain/calendar.hpp"

#include <fmt/format.h>

#include "common/base/assert.hpp"

namespace pay::domain {

namespace {

using std::chrono::days;

std::chrono::sys_days local_day(base::TimePoint at, TimeZone zone) { return std::chrono::floor<days>(at + zone.offset); }

std::string format_day(std::chrono::sys_days day) {
  const std::chrono::year_month_day date{day};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

}  // namespace

std::string day_of(base::TimePoint at, TimeZone zone) { return format_day(local_day(at, zone)); }

std::vector<DayRange> last_days(base::TimePoint now, int days_wanted, TimeZone zone) {
  BASE_ASSERT(days_wanted > 0);
  std::vector<DayRange> ranges;
  const std::chrono::sys_days today = local_day(now, zone);
  for (int back = days_wanted - 1; back >= 0; --back) {
    const std::chrono::sys_days day = today - days{back};
    ranges.push_back({format_day(day), base::TimePoint{day} - zone.offset, base::TimePoint{day + days{1}} - zone.offset});
  }
  return ranges;
}

}  // namespace pay::domain
