#include "operator/cli/snapshot.hpp"

#include <nlohmann/json.hpp>

#include "controllers/component/live.hpp"
#include "operator/cli/platforms.hpp"
#include "operator/engine/reconciler.hpp"

namespace cli {

std::vector<kube::WatchTarget> targets_of(const controllers::Object& platform) {
  const std::string name_space = key_of(platform).name_space;
  const std::string prefix = controllers::object::text_at(platform, {"spec", "namePrefix"});
  std::vector<kube::WatchTarget> targets = {{&kube::platform_kind(), name_space}};
  for (const kube::Kind& kind : kube::child_kinds()) {
    targets.push_back({&kind, name_space, kind.only_name.empty() ? "" : prefix + std::string(kind.only_name)});
  }
  return targets;
}

controllers::Snapshot snapshot_of(const kube::Cache& cache, const kube::PlatformKey& key) {
  controllers::Snapshot live;
  for (controllers::Object& child : cache.children(key)) {
    controllers::Ref ref = controllers::ref_of(child);
    live.children.emplace(std::move(ref), std::move(child));
  }
  if (live.children.empty()) live.neighbours = engine::neighbours(cache, key);
  return live;
}

}  // namespace cli
