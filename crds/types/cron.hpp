// Cron lines as a Kubernetes CronJob reads them, reduced to what people agree on: five numeric fields or a @word.
// Six fields, names of days, TZ= and @every are refused.
#pragma once

#include <bitset>
#include <optional>
#include <string>

#include "common/base/clock.hpp"

namespace crds {

/// The expression that the API server checks: five fields with every number in its range, lists, ranges and steps ("0/30").
[[nodiscard]] const char* cron_pattern();

/// A line that matches cron_pattern(), read. Minutes of UTC.
class Cron {
 public:
  /// nullopt when no minute exists at which the line fires: "0 0 30 2 *" and ranges that run backwards never do.
  [[nodiscard]] static std::optional<Cron> parse(const std::string& line);

  /// Whether the line fires in the minute that `time` lies in.
  [[nodiscard]] bool fires_in(base::TimePoint time) const;
  /// The first minute that begins at or after `time`; within kYearsAhead, for every line that can fire at all.
  [[nodiscard]] base::TimePoint next(base::TimePoint time) const;

 private:
  using Set = std::bitset<64>;
  static constexpr int kYearsAhead = 9;      // 29 February skips a turn of four years in 1900 and 2100

  [[nodiscard]] bool fires_on(std::chrono::sys_days day) const;

  Set minutes_, hours_, days_, months_, weekdays_;
  bool either_day_ = false;      // with both a day of the month and a day of the week given, cron fires on either
};

}  // namespace crds
