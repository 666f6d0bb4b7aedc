#include "controllers/platform/forecast.hpp"

#include <algorithm>
#include <set>

#include "controllers/component/live.hpp"
#include "crds/types/platform.hpp"

namespace controllers {
namespace {

constexpr const char* kUidToCome = "to-come";      // of objects that the forecast has made

void resume(Object& platform) {
  if (!is_paused(platform)) return;
  if (platform.contains("spec") && platform["spec"].is_object()) platform["spec"].erase("paused");
  Object& metadata = platform["metadata"];
  if (metadata.contains("annotations") && metadata["annotations"].is_object()) metadata["annotations"].erase(crds::kPausedAnnotation);
}

/// The snapshot after the API server has taken the write, as far as the next round looks at it: generation counts up and status stays, so
/// that nothing seems to have rolled out that has not.
void put(Snapshot& live, const Object& object) {
  Object& slot = live.children[ref_of(object)];
  if (slot.is_null()) {
    slot = object;
    slot["metadata"]["uid"] = kUidToCome;
    return;
  }
  slot.merge_patch(object);
  slot["metadata"]["generation"] = object::number_at(slot, {"metadata", "generation"}) + 1;
}

void take_away(Snapshot& live, const Ref& ref) {
  const auto gone = live.children.find(ref);
  live.reads[ref] = std::nullopt;
  if (gone == live.children.end()) return;
  const std::string app = object::label_of(gone->second, "app");
  live.children.erase(gone);
  // The pods of a workload go with it.
  const bool runs = ref.kind == "Deployment" || ref.kind == "StatefulSet" || ref.kind == "Job" || ref.kind == "CronJob";
  if (runs)
    std::erase_if(live.children, [&](const auto& one) { return one.first.kind == "Pod" && object::label_of(one.second, "app") == app; });
}

void execute(const Plan& plan, Snapshot& live) {
  for (const Generate& generate : plan.generate) put(live, generate.object);
  for (const Apply& apply : plan.apply) put(live, apply.object);
  for (const Apply& scale : plan.scale) put(live, scale.object);
  for (const Replace& replace : plan.replace) take_away(live, replace.ref);
  for (const Remove& remove : plan.remove) take_away(live, remove.ref);
}

/// Leaves out what an earlier plan has already done: the copy is too coarse to say that nothing is left to do there.
class Once {
 public:
  void keep_new(Plan& plan) {
    drop(plan.generate, [](const Generate& one) { return ref_of(one.object); }, "");
    drop(plan.replace, [](const Replace& one) { return one.ref; }, "");
    drop(plan.remove, [](const Remove& one) { return one.ref; }, "");
    drop(plan.apply, [](const Apply& one) { return ref_of(one.object); }, "");
    drop(plan.scale, [](const Apply& one) { return ref_of(one.object); }, "scale");
  }

 private:
  template <typename List, typename Name>
  void drop(List& list, Name name, const char* manager) {
    std::erase_if(list, [&](const auto& one) { return !done_.insert({name(one), manager}).second; });
  }

  std::set<std::pair<Ref, std::string>> done_;
};

bool writes_objects(const Plan& plan) {
  return !plan.generate.empty() || !plan.apply.empty() || !plan.scale.empty() || !plan.replace.empty() || !plan.remove.empty();
}

}  // namespace

bool is_paused(const Object& platform) {
  crds::Problems told_elsewhere;
  return crds::decode_platform(platform, told_elsewhere).paused;
}

Forecast forecast(Object platform, Snapshot live, const Settings& settings, base::TimePoint now) {
  resume(platform);
  Forecast out;
  Once once;
  for (int round = 0; round < kForecastRoundsMax; ++round) {
    Plan plan = reconcile(platform, live, settings, now);
    if (!plan.reads.empty()) return {std::move(plan.reads), {}};
    once.keep_new(plan);
    if (round > 0 && !writes_objects(plan)) break;
    execute(plan, live);
    out.plans.push_back(std::move(plan));
  }
  return out;
}

}  // namespace controllers
