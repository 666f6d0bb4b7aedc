#include "controllers/platform/deletion.hpp"

#include <algorithm>

#include "controllers/component/objects.hpp"
#include "controllers/database/database.hpp"

namespace controllers {
namespace {

constexpr std::chrono::seconds kLookAgain{30};      // nothing tells us that time has passed

/// What holds data and outlives the pods. By name: a copy that somebody made of it, labels and all, is not ours to delete.
bool holds_data(const crds::Platform& platform, const Ref& ref) {
  return (ref.kind == "PersistentVolumeClaim" && ref.name == platform.child_name(database::kClaim)) ||
         (ref.kind == "Secret" && ref.name == platform.child_name(kGeneratedSecret));
}

}  // namespace

std::optional<std::vector<std::string>> wanted_finalizers(const Object& platform, bool ours) {
  std::vector<std::string> finalizers;
  bool there = false;
  for (const Object& finalizer : object::list_at(platform, {"metadata", "finalizers"})) {
    if (finalizer == kFinalizer) {
      there = true;
      if (!ours) continue;
    }
    if (finalizer.is_string()) finalizers.push_back(finalizer.get<std::string>());
  }
  if (there == ours) return std::nullopt;
  if (ours) finalizers.push_back(kFinalizer);
  return finalizers;
}

Plan plan_deletion(const Object& platform, const crds::Platform& decoded, const Snapshot& live, base::TimePoint now) {
  Plan plan;
  if (decoded.spec.deletion_policy != "Delete") {
    plan.finalizers = wanted_finalizers(platform, false);
    return plan;
  }
  bool pods = false;
  bool keeps = false;
  for (const auto& [ref, child] : live.children) {
    if (ref.kind == "Pod") pods = true;
    keeps = keeps || holds_data(decoded, ref);
    if (!holds_data(decoded, ref) && object::controller_uid(child) == decoded.uid && !object::is_deleting(child)) {
      plan.remove.push_back({ref, object::uid_of(child), "the platform is being deleted"});
    }
  }
  const auto since = base::parse_rfc3339(object::text_at(platform, {"metadata", "deletionTimestamp"}));
  const bool long_enough = since && now - *since >= kPodsMayTake;
  if (pods && !long_enough) {
    plan.look_again(kLookAgain);
    return plan;
  }
  for (const auto& [ref, child] : live.children) {
    if (holds_data(decoded, ref) && !object::is_deleting(child)) {
      plan.remove.push_back({ref, object::uid_of(child), "the platform is being deleted under deletionPolicy Delete"});
    }
  }
  if (!keeps || long_enough) {
    plan.finalizers = wanted_finalizers(platform, false);
  } else {
    plan.look_again(kLookAgain);      // somebody else's finalizer may hold the claim
  }
  return plan;
}

}  // namespace controllers
