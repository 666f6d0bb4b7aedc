// The operator that a plan speaks for: its version and default images are part of what reconcile() decides from.
#pragma once

#include <string>

#include "controllers/object/path.hpp"
#include "controllers/platform/plan.hpp"
#include "operator/cli/cluster.hpp"

namespace cli {

struct FoundOperator {
  std::string name;                   // "payment-operator/payment-operator"
  controllers::Settings settings;
};

/// From the arguments of its Deployment; what they do not name is this release's default.
[[nodiscard]] controllers::Settings settings_of(const controllers::Object& deployment);

/// Of an operator that nobody can ask: it serves the name prefix of this platform.
[[nodiscard]] controllers::Settings with_prefix_of(const controllers::Object& platform, controllers::Settings settings);

/// Whether it looks after platforms in this namespace.
[[nodiscard]] bool serves(const controllers::Object& deployment, const std::string& name_space);

/// The one Deployment labelled app.kubernetes.io/name=payment-operator that serves this namespace. NotFound when there is none,
/// FailedPrecondition when there are several, PermissionDenied when Deployments may not be listed.
[[nodiscard]] base::Result<FoundOperator> find_operator(Cluster& cluster, const std::string& name_space);

}  // namespace cli
