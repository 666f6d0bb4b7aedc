#pragma once

#include <vector>

#include "controllers/platform/plan.hpp"
#include "operator/kube/cache.hpp"
#include "operator/kube/watcher.hpp"

namespace cli {

/// The kinds and names that the operator watches, as far as they can be of this platform.
[[nodiscard]] std::vector<kube::WatchTarget> targets_of(const controllers::Object& platform);

/// What the operator's cache would hand to a reconcile of this platform.
[[nodiscard]] controllers::Snapshot snapshot_of(const kube::Cache& cache, const kube::PlatformKey& key);

}  // namespace cli
