#include "controllers/component/deployment.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "controllers/component/live.hpp"

namespace controllers {

using object::number_at;

ComponentStatus deployment_health(const Context& ctx, const std::string& name, const std::string& image, std::int64_t least,
                                  const DeploymentReasons& reasons) {
  ComponentStatus status{.name = ctx.name(name), .kind = "Deployment", .desired = least};
  const Object* deployment = find(ctx, "apps/v1", "Deployment", name);
  if (deployment == nullptr) {
    status.reason = reasons.creating;
    status.message = fmt::format("Deployment {} is being created", status.name);
    return status;
  }
  status.ready = number_at(*deployment, {"status", "availableReplicas"});
  status.desired = std::max(least, number_at(*deployment, {"spec", "replicas"}, 1));

  // More pods than the least may be on their way up (scaling); that is no lack.
  const bool current = number_at(*deployment, {"status", "observedGeneration"}) >= number_at(*deployment, {"metadata", "generation"});
  // Which pods are available is not said: those that are not may all be of the newest template, and so leave this many of it at least.
  const std::int64_t pods = number_at(*deployment, {"status", "replicas"});
  const std::int64_t newest = number_at(*deployment, {"status", "updatedReplicas"});
  if (current && status.ready >= least && newest - (pods - status.ready) >= least) {
    status.good = true;
    // Seen to run it when no pod of another template is left, and the template is not the one before an edit.
    if (status.ready > 0 && newest == pods && image_of(*deployment, name) == image) status.image = image;
    status.reason = reasons.ready;
    status.message = fmt::format("Deployment {} has {} available pod{}", status.name, status.ready, status.ready == 1 ? "" : "s");
  } else if (const auto problem = first_pod_problem(ctx, name)) {
    status.reason = problem->reason;
    status.message = problem->message;
  } else {
    status.reason = reasons.progressing;
    const std::int64_t up = current ? std::clamp<std::int64_t>(newest - (pods - status.ready), 0, least) : 0;
    const std::int64_t older = current ? pods - newest : pods;
    status.message = fmt::format("Deployment {} has {} of {} pods of its newest template available", status.name, up, least);
    if (older > 0) status.message += fmt::format(", beside {} of the one before", older);
    // Creation of pods may itself be refused, by a quota or by Pod Security.
    const Object* failure = object::condition_of(*deployment, "ReplicaFailure");
    if (failure != nullptr && object::text_at(*failure, {"status"}) == "True") {
      status.reason = Reason::PodsRefused;
      status.message = fmt::format("Deployment {} cannot create pods: {}", status.name, object::text_at(*failure, {"message"}));
    }
  }
  return status;
}

}  // namespace controllers
