#include <fmt/format.h>

#include "controllers/component/live.hpp"
#include "controllers/database/database.hpp"

namespace controllers::database {

ComponentStatus health(const Context& ctx) {
  ComponentStatus status{.name = ctx.name(kName), .kind = "StatefulSet", .desired = 1};
  const Object* set = find(ctx, "apps/v1", "StatefulSet", kName);
  if (set == nullptr) {
    status.reason = Reason::DatabaseCreating;
    status.message = fmt::format("StatefulSet {} is being created", status.name);
    return status;
  }
  const Object* claim = find(ctx, "v1", "PersistentVolumeClaim", kClaim);
  const bool current = object::number_at(*set, {"status", "observedGeneration"}) >= object::number_at(*set, {"metadata", "generation"});
  const bool rolled = object::text_at(*set, {"status", "currentRevision"}) == object::text_at(*set, {"status", "updateRevision"}) ||
                      object::number_at(*set, {"status", "updatedReplicas"}) >= 1;
  status.ready = object::number_at(*set, {"status", "readyReplicas"});
  if (current && rolled && status.ready >= 1) {
    status.good = true;
    if (image_of(*set, kName) == ctx.images.mysql) status.image = ctx.images.mysql;  // the template may still be the one before an edit
    status.reason = Reason::DatabaseReady;
    status.message = fmt::format("StatefulSet {} answers", status.name);
    const auto wish = claim == nullptr ? std::nullopt : without_effect(ctx, *claim);
    if (wish) status.message += fmt::format("; {} {}", wish->path, wish->message);
    return status;
  }

  const auto problem = first_pod_problem(ctx, kName);
  const bool late = claim != nullptr && is_past(object::text_at(*claim, {"metadata", "creationTimestamp"}), kPlacementTakes, ctx.now);
  const bool on_its_way = !late && (claim == nullptr || !is_bound(*claim));
  if (late && !is_bound(*claim) && (!problem || problem->reason == Reason::Unschedulable)) {
    const std::string asked = ctx.platform.mysql().storage.storage_class_name;
    status.reason = Reason::StorageUnavailable;
    status.message = fmt::format(
        "PersistentVolumeClaim {} is not bound{}{}; wait for the volume, or put spec.database.managed.storage.storageClassName right "
        "(kubectl get storageclass)",
        ctx.name(kClaim), asked.empty() ? " (the cluster's default storage class)" : fmt::format(" (storage class \"{}\")", asked),
        problem ? "; " + problem->message : "");
  } else if (problem && !(on_its_way && problem->reason == Reason::Unschedulable)) {
    status.reason = problem->reason;
    status.message = problem->message;
  } else {
    status.reason = Reason::DatabaseStarting;
    status.message = fmt::format("StatefulSet {} has no ready pod yet", status.name);
  }
  return status;
}

}  // namespace controllers::database
