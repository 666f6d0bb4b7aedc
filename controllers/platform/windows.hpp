// Maintenance windows: when restarts that nobody asked for may happen.
#pragma once

#include <optional>
#include <vector>

#include "common/base/clock.hpp"
#include "crds/types/platform.hpp"

namespace controllers {

using Windows = std::vector<crds::MaintenanceWindow>;

[[nodiscard]] bool is_open(const Windows& windows, base::TimePoint now);
/// When the next one opens, from `now` on; nullopt without windows.
[[nodiscard]] std::optional<base::TimePoint> next_opening(const Windows& windows, base::TimePoint now);

}  // namespace controllers
