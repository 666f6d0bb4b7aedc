#include "controllers/platform/windows.hpp"

#include <algorithm>

#include "crds/types/cron.hpp"

namespace controllers {

bool is_open(const Windows& windows, base::TimePoint now) {
  return std::any_of(windows.begin(), windows.end(), [now](const crds::MaintenanceWindow& window) {
    const auto cron = crds::Cron::parse(window.start);
    // Open when one has begun within the last `duration`, this moment included.
    return cron && cron->next(now - crds::duration_of(window.duration) + std::chrono::microseconds(1)) <= now;
  });
}

std::optional<base::TimePoint> next_opening(const Windows& windows, base::TimePoint now) {
  std::optional<base::TimePoint> first;
  for (const crds::MaintenanceWindow& window : windows) {
    const auto cron = crds::Cron::parse(window.start);
    if (!cron) continue;
    const base::TimePoint opens = cron->next(now);
    first = first ? std::min(*first, opens) : opens;
  }
  return first;
}

}  // namespace controllers
