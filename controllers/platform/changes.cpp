#include "controllers/platform/changes.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "controllers/component/live.hpp"
#include "controllers/component/objects.hpp"
#include "controllers/jobs/jobs.hpp"
#include "controllers/object/diff.hpp"

namespace controllers {
namespace {

std::string describe(const Ref& ref) { return fmt::format("{} {}", ref.kind, ref.name); }

/// What people look for first: an image, then the spec, then the rest.
const object::Difference& most_telling(const std::vector<object::Difference>& differences) {
  const auto find = [&](const auto& tells) { return std::find_if(differences.begin(), differences.end(), tells); };
  auto best = find([](const object::Difference& one) { return one.path.ends_with(".image"); });
  // A hash of ours says that something changes; another field says what.
  const auto is_hash = [](const object::Difference& one) { return one.path.find(".annotations.paymentplatform.io/") != std::string::npos; };
  if (best == differences.end()) best = find([&](const auto& one) { return one.path.starts_with("spec.") && !is_hash(one); });
  return best == differences.end() ? differences.front() : *best;
}

/// "spec.template.spec.containers[name=redis].image a -> b, and 2 more; pods restart"
std::string reason_for(const std::vector<object::Difference>& differences) {
  const object::Difference& first = most_telling(differences);
  std::string text =
      fmt::format("{} {} -> {}", first.path, first.live.empty() ? "(none)" : first.live, first.wanted.empty() ? "(gone)" : first.wanted);
  if (differences.size() > 1) text += fmt::format(", and {} more", differences.size() - 1);
  for (const object::Difference& difference : differences) {
    if (difference.path.rfind("spec.template.", 0) == 0) return text + "; pods restart";
  }
  return text;
}

/// The owner was an earlier platform of the same name: garbage collection is about to delete the object.
bool belongs_to_former_platform(const crds::Platform& platform, const Object& object) {
  for (const Object& owner : object::list_at(object, {"metadata", "ownerReferences"})) {
    if (object::truth_at(owner, {"controller"}) && object::text_at(owner, {"kind"}) == crds::kKind &&
        object::text_at(owner, {"name"}) == platform.name && object::text_at(owner, {"uid"}) != platform.uid) {
      return true;
    }
  }
  return false;
}

void compare(const Context& ctx, const Object& wanted, const Object& live, Changes& out) {
  const Ref ref = ref_of(wanted);
  if (!is_ours(ctx.platform, live)) {
    out.conflicts.push_back(describe(ref));
    return;
  }
  if (object::is_deleting(live) || belongs_to_former_platform(ctx.platform, live)) {
    out.waiting = true;
    return;
  }
  const std::string owner = object::controller_uid(live);
  if (!owner.empty() && owner != ctx.platform.uid) {
    out.conflicts.push_back(describe(ref));
    return;
  }
  if (auto apply = update(wanted, live)) out.apply.push_back(std::move(*apply));
}

}  // namespace

bool is_ours(const crds::Platform& platform, const Object& object) {
  if (!platform.uid.empty() && object::controller_uid(object) == platform.uid) return true;      // even with its labels edited away
  return object::label_of(object, kManagedByLabel) == kManagedBy && object::label_of(object, kInstanceLabel) == platform.name;
}

std::optional<Apply> update(const Object& wanted, const Object& live) {
  std::vector<object::Difference> differences = object::differences(wanted, live);
  for (object::Difference& gone : object::leftovers(wanted, live, kManagedBy)) differences.push_back(std::move(gone));
  if (differences.empty()) return std::nullopt;
  std::string reason = reason_for(differences);
  return Apply{wanted, object::uid_of(live), std::move(reason), std::move(differences)};
}

Changes changes(const Context& ctx, const Objects& wanted) {
  Changes out;
  for (const Object& object : wanted) {
    const Ref ref = ref_of(object);
    if (const auto child = ctx.live.children.find(ref); child != ctx.live.children.end()) {
      compare(ctx, object, child->second, out);
    } else if (const auto read = ctx.live.reads.find(ref); read == ctx.live.reads.end()) {
      out.reads.push_back(ref);
    } else if (read->second) {
      compare(ctx, object, *read->second, out);
    } else {
      out.apply.push_back({object, "", "create"});
    }
  }

  std::set<Ref> names;
  for (const Object& object : wanted) names.insert(ref_of(object));
  for (const auto& [ref, child] : ctx.live.children) {
    if (names.count(ref) > 0 || ref.kind == "Pod" || object::is_deleting(child)) continue;
    if (object::controller_uid(child) != ctx.platform.uid || !may_go(ctx, child, wanted)) continue;
    out.remove.push_back({ref, object::uid_of(child), "the spec no longer asks for it"});
  }
  return out;
}

bool may_go(const Context& ctx, const Object& child, const Objects& wanted) {
  if (object::text_at(child, {"kind"}) != "Job" || jobs::is_finished(child)) return true;
  // A migration is not cut off half-way; its successor waits for the lock, and when that is done this one is of no use.
  for (const Object& object : wanted) {
    if (object::text_at(object, {"kind"}) != "Job") continue;
    const Object* successor = find(ctx.live, "batch/v1", "Job", object::name_of(object));
    if (successor != nullptr && object::condition_is_true(*successor, "Complete")) return true;
  }
  return false;
}

}  // namespace controllers
