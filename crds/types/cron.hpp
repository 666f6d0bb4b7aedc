// Cron lines as a Kubernetes CronJob reads them, reduced to what people agree on: five numeric fields or a @word.
// Six fields, names of days, TZ= and @every are refused.
#pragma once

#include <string>

namespace crds {

/// The expression that the API server checks: five fields with every number in its range, lists, ranges and steps ("0/30").
[[nodiscard]] const char* cron_pattern();

/// Whether some day exists on which the line fires: "0 0 30 2 *" and ranges that run backwards never do. `line` matches cron_pattern().
[[nodiscard]] bool cron_can_fire(const std::string& line);

}  // namespace crds
