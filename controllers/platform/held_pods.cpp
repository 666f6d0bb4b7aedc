#include "controllers/platform/held_pods.hpp"

#include <set>
#include <string>

#include "controllers/component/live.hpp"
#include "controllers/component/objects.hpp"
#include "controllers/platform/gates.hpp"
#include "controllers/simulator/simulator.hpp"

namespace controllers {
namespace {

std::string app_of(const Object& object) { return object::label_of(object, "app"); }

bool is_there(const Apply& apply) { return !apply.uid.empty(); }

const Object* now_at(const Context& ctx, const Ref& ref) { return find(ctx.live, ref.api_version.c_str(), ref.kind.c_str(), ref.name); }

Pending waiting(const Context& ctx, const Apply& apply, const std::string& waits_for) {
  const Ref ref = ref_of(apply.object);
  const Object* live = is_there(apply) ? now_at(ctx, ref) : nullptr;
  return {.ref = ref,
          .reason = Reason::SecretIncomplete,
          .change = apply.reason,
          .restarts = live == nullptr || !changes_pods(apply) ? std::string() : restarts_of(*live),
          .waits_for = waits_for,
          .differences = apply.differences,
          .wanted = apply.object};
}

}  // namespace

void hold_for_keys(const Context& ctx, const std::vector<secrets::Missing>& missing, Plan& plan) {
  const std::string& waits_for = missing.front().message;
  std::set<std::string> running;  // app labels of what keeps its pods
  for (const Apply& apply : plan.apply) {
    if (is_there(apply) && secrets::mounts_missing(apply.object, missing)) running.insert(app_of(apply.object));
  }
  std::erase_if(plan.apply, [&](const Apply& apply) {
    const std::string app = app_of(apply.object);
    const bool mounted = object::text_at(apply.object, {"kind"}) == "ConfigMap" && running.contains(app);
    const bool called = app == simulator::kName && !running.empty();
    if (!(is_there(apply) && (mounted || called)) && !secrets::mounts_missing(apply.object, missing)) return false;
    plan.hold(waiting(ctx, apply, waits_for));
    return true;
  });
}

void keep_what_is_called(const Context& ctx, Plan& plan) {
  const Pending* held = nullptr;
  for (const Pending& pending : plan.pending) {
    const bool calls =
        (pending.ref.kind == "Deployment" || pending.ref.kind == "CronJob") && pending.ref.name != ctx.name(simulator::kName);
    if (calls && now_at(ctx, pending.ref) != nullptr) held = held == nullptr ? &pending : held;
  }
  if (held == nullptr) return;
  const Pending caller = *held;      // the list grows below
  std::erase_if(plan.remove, [&](const Remove& gone) {
    const Object* live = now_at(ctx, gone.ref);
    if (live == nullptr || app_of(*live) != simulator::kName) return false;
    plan.hold({.ref = gone.ref,
               .reason = caller.reason,
               .change = "is deleted: " + gone.reason,
               .restarts = {},
               .waits_for = caller.waits_for,
               .needs_approval = caller.needs_approval,
               .removes = true});
    return true;
  });
}

}  // namespace controllers
