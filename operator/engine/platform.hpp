// What the engine itself reads from a PaymentPlatform; everything else in it is reconcile()'s business.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "controllers/platform/plan.hpp"
#include "operator/kube/cache.hpp"

namespace engine {

using Key = kube::PlatformKey;

struct Platform {
  Key key;
  std::string uid;
  std::string resource_version;
  std::vector<std::string> finalizers;
  std::int64_t generation = 0;
  std::optional<base::TimePoint> created{};
  bool ready = false;                        // condition Ready
  std::int64_t observed_generation = -1;     // that the status is about
  std::size_t pending_changes = 0;
};

[[nodiscard]] Platform platform_of(const Key& key, const controllers::Object& object);

}  // namespace engine
