// Where a plan looks: a cluster, or a file that was saved from one. Both give reconcile() what the operator gives it: the same kinds by the
// same labels, projected in the same way, everything else by name.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controllers/platform/plan.hpp"
#include "operator/cli/cluster.hpp"
#include "operator/kube/cache.hpp"

namespace cli {

using controllers::Object;
using controllers::Ref;

class Live {
 public:
  virtual ~Live() = default;

  /// As the API server has it; without a value when there is none.
  virtual base::Result<std::optional<Object>> platform(const kube::PlatformKey& key) = 0;
  virtual base::Result<controllers::Snapshot> children(const Object& platform) = 0;
  virtual base::Result<std::map<Ref, std::optional<Object>>> read(const std::string& name_space, const std::vector<Ref>& refs) = 0;
  /// The platform as it would be after `kubectl apply` of `wanted`, defaults and admission included. InvalidArgument when it is refused.
  virtual base::Result<Object> admit(const Object& wanted, const std::optional<Object>& live) = 0;
};

/// What a user may see of a platform's objects.
struct Visible {
  controllers::Snapshot live;
  std::map<std::string, base::Error> refused;  // by kind: those that may not be listed
};
[[nodiscard]] base::Result<Visible> visible(Cluster& cluster, const Object& platform);

/// The admission of a cluster is asked by dry runs: nothing is stored.
[[nodiscard]] std::unique_ptr<Live> live_cluster(Cluster& cluster);

/// Objects that were saved by `kubectl get -o yaml --show-managed-fields`.
[[nodiscard]] std::unique_ptr<Live> live_objects(std::vector<Object> objects);

}  // namespace cli
