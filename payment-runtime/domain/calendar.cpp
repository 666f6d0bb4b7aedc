#include "payment-runtime/domain/calendar.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "common/base/assert.hpp"

namespace pay::domain {

namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

constexpr std::array<std::pair<std::string_view, minutes>, 8> kZones{{
    {"UTC", hours{0}},
    {"Etc/UTC", hours{0}},
    {"Asia/Shanghai", hours{8}},
    {"Asia/Hong_Kong", hours{8}},
    {"Asia/Taipei", hours{8}},
    {"Asia/Singapore", hours{8}},
    {"Asia/Tokyo", hours{9}},
    {"Asia/Seoul", hours{9}},
}};

std::chrono::sys_days local_day(base::TimePoint at, TimeZone zone) { return std::chrono::floor<days>(at + zone.offset); }

std::string format_day(std::chrono::sys_days day) {
  const std::chrono::year_month_day date{day};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

}  // namespace

base::Result<TimeZone> parse_time_zone(std::string_view text) {
  const auto* const known = std::ranges::find(kZones, text, &std::pair<std::string_view, minutes>::first);
  if (known != kZones.end()) return TimeZone{known->second};

  const auto digit = [text](std::size_t i) { return text[i] >= '0' && text[i] <= '9' ? text[i] - '0' : 99; };
  if (text.size() == 6 && (text[0] == '+' || text[0] == '-') && text[3] == ':') {
    const int hour = digit(1) * 10 + digit(2);
    const int minute = digit(4) * 10 + digit(5);
    if (hour <= 14 && minute <= 59) {
      const minutes size = hours{hour} + minutes{minute};
      return TimeZone{text[0] == '-' ? -size : size};
    }
  }
  return base::fail(base::Code::InvalidArgument,
                    fmt::format("time zone \"{}\" is not known here; use an offset such as +08:00, UTC, or Asia/Shanghai", text),
                    "timeZone");
}

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
