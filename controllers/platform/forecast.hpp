// What the operator would write, to the end of what it can do by itself. One reconcile is not always all of it: the volume claim, for one,
// follows the Secret that its password is in. So reconcile() runs again over a copy of the snapshot that has taken the writes,
// until it would have to wait for somebody else: a pod, a Job, a person.
#pragma once

#include <vector>

#include "controllers/platform/plan.hpp"

namespace controllers {

struct Forecast {
  std::vector<Ref> reads;       // not empty: read these by name, put the answers into Snapshot::reads and ask again
  std::vector<Plan> plans;      // in order; an object is in one of them only
};

constexpr int kForecastRoundsMax = 4;      // an install needs two

/// Of a platform that is paused: what it would be without the pause.
[[nodiscard]] Forecast forecast(Object platform, Snapshot live, const Settings& settings, base::TimePoint now);

[[nodiscard]] bool is_paused(const Object& platform);

}  // namespace controllers
