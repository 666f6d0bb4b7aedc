#include "controllers/platform/pause.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "controllers/component/live.hpp"
#include "controllers/platform/gates.hpp"

namespace controllers {
namespace {

Pending of(const Context& ctx, const Ref& ref, std::string change) {
  return {.ref = ref,
          .reason = Reason::Paused,
          .change = std::move(change),
          .restarts = {},
          .waits_for = end_of_pause(ctx.platform.name_space, ctx.platform.name)};
}

Pending of(const Context& ctx, const Apply& apply) {
  const Ref ref = ref_of(apply.object);
  Pending pending = of(ctx, ref, apply.reason);
  const Object* live = find(ctx.live, ref.api_version.c_str(), ref.kind.c_str(), ref.name);
  if (live != nullptr && changes_pods(apply)) pending.restarts = restarts_of(*live);
  pending.differences = apply.differences;
  pending.wanted = apply.object;
  return pending;
}

}  // namespace

std::string end_of_pause(const std::string& name_space, const std::string& platform) {
  return fmt::format("the platform is paused: kubectl payment resume {} -n {}", platform, name_space);
}

Plan only_told(const Context& ctx, Plan plan) {
  Plan told;
  told.pending = std::move(plan.pending);
  told.hash = std::move(plan.hash);
  told.requeue_after = plan.requeue_after;
  for (const Generate& one : plan.generate) told.hold(of(ctx, ref_of(one.object), "create"));
  for (const Replace& one : plan.replace) told.hold(of(ctx, one.ref, "is made anew: " + one.reason));
  for (const Apply& one : plan.apply) told.hold(of(ctx, one));
  for (const Apply& one : plan.scale) {
    const Ref ref = ref_of(one.object);
    const auto held = std::find_if(told.pending.begin(), told.pending.end(), [&ref](const Pending& pending) { return pending.ref == ref; });
    if (held == told.pending.end()) {
      told.hold(of(ctx, one));
    } else if (!one.uid.empty()) {  // of one that is made, the replicas are no change
      held->change += "; " + one.reason;
    }
  }
  for (const Remove& one : plan.remove) {
    Pending gone = of(ctx, one.ref, "is deleted: " + one.reason);
    gone.removes = true;
    told.hold(std::move(gone));
  }
  return told;
}

}  // namespace controllers
