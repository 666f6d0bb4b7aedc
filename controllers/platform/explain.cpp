#include "controllers/platform/explain.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "controllers/component/live.hpp"
#include "controllers/component/objects.hpp"
#include "controllers/component/pod.hpp"
#include "controllers/object/diff.hpp"
#include "controllers/object/lines.hpp"
#include "controllers/platform/forecast.hpp"
#include "controllers/platform/gates.hpp"
#include "controllers/platform/pause.hpp"

namespace controllers {
namespace {

using Verb = ObjectChange::Verb;

constexpr std::string_view kTemplate = "spec.template.";

std::string text_in(const Object* object, const std::string& file) {
  return object == nullptr ? "" : object::text_at(*object, {"data", file});
}

/// A configuration file is compared by its lines; everything else is one value.
void add_fields(const object::Difference& difference, const Object* wanted, const Object* live, std::vector<FieldChange>& out) {
  const std::string file = difference.path.rfind("data.", 0) == 0 ? difference.path.substr(5) : "";
  const std::string before = text_in(live, file);
  const std::string after = text_in(wanted, file);
  if (file.empty() || (after + before).find('\n') == std::string::npos) {
    out.push_back({difference.path, difference.live, difference.wanted});
    return;
  }
  for (object::LineChange& change : object::changed_lines(before, after)) {
    out.push_back({fmt::format("{} line {}", difference.path, change.line), std::move(change.before), std::move(change.after)});
  }
}

bool touches_template(const object::Difference& difference) {
  return difference.path.rfind(kTemplate, 0) == 0 || difference.path == "spec.template";
}

bool ends_with(const std::string& text, std::string_view end) { return std::string_view(text).ends_with(end); }

/// The field that says most about a changed pod template.
std::string why_restart(const std::vector<object::Difference>& differences) {
  const object::Difference* first = nullptr;
  bool configuration = false;
  for (const object::Difference& difference : differences) {
    if (!touches_template(difference)) continue;
    if (ends_with(difference.path, "].image")) return fmt::format("image {} -> {}", difference.live, difference.wanted);
    configuration = configuration || ends_with(difference.path, kConfigHash);
    if (first == nullptr && difference.path.find(".metadata.") == std::string::npos) first = &difference;
  }
  if (configuration) return "its configuration changes";
  return first == nullptr ? "labels of its pods change" : first->path.substr(kTemplate.size()) + " changes";
}

/// `workload` is the live one: its pods are what restarts.
std::optional<Restart> restart(const Ref& ref, const Object& workload, const std::vector<object::Difference>& differences) {
  if (ref.kind != "Deployment" && ref.kind != "StatefulSet") return std::nullopt;
  if (std::none_of(differences.begin(), differences.end(), touches_template)) return std::nullopt;
  const std::int64_t pods = object::number_at(workload, {"spec", "replicas"}, 1);
  if (pods < 1) return std::nullopt;
  return Restart{static_cast<std::size_t>(pods), restarts_of(workload), why_restart(differences)};
}

std::string data_at_risk(const Ref& ref) {
  if (ref.kind == "PersistentVolumeClaim") {
    return fmt::format("all payments on {}: its volume goes with it, unless the volume's reclaim policy is Retain", ref.name);
  }
  if (ref.kind == "Secret") return fmt::format("the generated passwords and keys in {}; data that they open stays closed", ref.name);
  return {};
}

class Report {
 public:
  /// `paused`: what everything waits for, "" when nothing does.
  Report(const Snapshot& live, std::string paused) : live_(live), paused_(std::move(paused)) {}

  void add(const Object& platform, const Plan& plan) {
    if (plan.finalizers) {
      const Object* before = object::dig(platform, {"metadata", "finalizers"});
      add(Verb::Change, ref_of(platform))
          .fields.push_back({"metadata.finalizers", before == nullptr ? "" : before->dump(), Object(*plan.finalizers).dump()});
    }
    for (const Generate& one : plan.generate) add(Verb::Create, ref_of(one.object));
    for (const Replace& one : plan.replace) add(Verb::Replace, one.ref).why = one.reason;
    for (const Apply& one : plan.apply) {
      const Ref ref = ref_of(one.object);
      one.uid.empty() ? (void)add(Verb::Create, ref) : change(ref, one.differences, &one.object);
    }
    for (const Apply& one : plan.scale) scale(one);
    for (const Remove& one : plan.remove) {
      ObjectChange& gone = add(Verb::Delete, one.ref);
      gone.why = one.reason;
      gone.data_at_risk = data_at_risk(one.ref);
    }
  }

  void add(const Pending& pending) {
    const bool there = find(live_, pending.ref.api_version.c_str(), pending.ref.kind.c_str(), pending.ref.name) != nullptr;
    if (pending.removes) {
      add(Verb::Delete, pending.ref).why = pending.change;
    } else if (pending.reason == Reason::PasswordRotation) {
      add(Verb::Replace, pending.ref).why = pending.change;
    } else if (!there) {
      add(Verb::Create, pending.ref);
    } else {
      change(pending.ref, pending.differences, pending.wanted.is_null() ? nullptr : &pending.wanted);
    }
    ObjectChange& held = objects_.back();
    if (held.waits_for.empty()) held.waits_for = pending.waits_for;
    held.needs_approval = pending.needs_approval;
    held.data_at_risk = pending.removes ? data_at_risk(pending.ref) : pending.data_at_risk;
  }

  std::vector<ObjectChange> take() { return std::move(objects_); }

 private:
  ObjectChange& add(Verb verb, Ref ref) {
    return objects_.emplace_back(ObjectChange{.verb = verb, .ref = std::move(ref), .waits_for = paused_});
  }

  void change(const Ref& ref, const std::vector<object::Difference>& differences, const Object* wanted) {
    ObjectChange& change = add(Verb::Change, ref);
    const Object* before = find(live_, ref.api_version.c_str(), ref.kind.c_str(), ref.name);
    for (const object::Difference& difference : differences) add_fields(difference, wanted, before, change.fields);
    change.more_fields = differences.size() >= object::kDifferencesMax;
    if (before != nullptr) change.restarts = restart(ref, *before, differences);
  }

  void scale(const Apply& one) {
    const Ref ref = ref_of(one.object);
    const auto made = std::find_if(objects_.begin(), objects_.end(), [&](const ObjectChange& object) { return object.ref == ref; });
    if (made != objects_.end() && made->verb == Verb::Create) return;      // its replicas are no change
    ObjectChange& change = made == objects_.end() ? add(Verb::Change, ref) : *made;
    const Object* before = find(live_, ref.api_version.c_str(), ref.kind.c_str(), ref.name);
    const std::int64_t replicas = before == nullptr ? 1 : object::number_at(*before, {"spec", "replicas"}, 1);
    change.fields.push_back(
        {"spec.replicas", std::to_string(replicas), std::to_string(object::number_at(one.object, {"spec", "replicas"}))});
  }

  const Snapshot& live_;
  std::string paused_;
  std::vector<ObjectChange> objects_;
};

std::optional<Standstill> stalled(const Object& platform, const std::vector<Plan>& plans) {
  Object after = {{"status", object::dig(platform, {"status"}) == nullptr ? Object::object() : platform["status"]}};
  if (!plans.empty() && plans.front().status) after["status"] = *plans.front().status;
  const Object* condition = object::condition_of(after, "Stalled");
  if (condition == nullptr || object::text_at(*condition, {"status"}) != "True") return std::nullopt;
  return Standstill{object::text_at(*condition, {"reason"}), object::text_at(*condition, {"message"})};
}

Object to_object(const ObjectChange& change) {
  Object out = {
      {"verb", name_of(change.verb)}, {"apiVersion", change.ref.api_version}, {"kind", change.ref.kind}, {"name", change.ref.name}};
  for (const auto& [key, text] : {std::pair{"why", &change.why}, {"dataAtRisk", &change.data_at_risk}, {"waitsFor", &change.waits_for}}) {
    if (!text->empty()) out[key] = *text;
  }
  for (const FieldChange& field : change.fields) {
    out["fields"].push_back({{"path", field.path}, {"old", field.before}, {"new", field.after}});
  }
  if (change.more_fields) out["moreFields"] = true;
  if (change.needs_approval) out["needsApproval"] = true;
  if (change.restarts) {
    out["restarts"] = {{"pods", change.restarts->pods}, {"which", change.restarts->which}, {"why", change.restarts->why}};
  }
  return out;
}

}  // namespace

const char* name_of(Verb verb) {
  switch (verb) {
    case Verb::Create: return "create";
    case Verb::Change: return "change";
    case Verb::Replace: return "replace";
    case Verb::Delete: return "delete";
  }
  return "";
}

std::size_t PlanReport::count(Verb verb) const {
  return static_cast<std::size_t>(
      std::count_if(objects.begin(), objects.end(), [verb](const ObjectChange& change) { return change.verb == verb; }));
}

std::size_t PlanReport::restarted_pods() const {
  std::size_t pods = 0;
  for (const ObjectChange& change : objects) pods += change.restarts ? change.restarts->pods : 0;
  return pods;
}

PlanReport explain(const Object& platform, const Snapshot& live, const std::vector<Plan>& plans) {
  PlanReport report{object::text_at(platform, {"metadata", "namespace"}), object::name_of(platform), {}, {}, stalled(platform, plans)};
  Report objects(live, is_paused(platform) ? end_of_pause(report.name_space, report.name) : "");
  for (const Plan& plan : plans) objects.add(platform, plan);
  if (!plans.empty()) {
    for (const Pending& pending : plans.front().pending) objects.add(pending);
    report.approval = plans.front().hash;
  }
  report.objects = objects.take();
  return report;
}

Object to_object(const PlanReport& report) {
  Object out = {{"platform", {{"namespace", report.name_space}, {"name", report.name}}}, {"objects", Object::array()}};
  for (const Verb verb : {Verb::Create, Verb::Change, Verb::Replace, Verb::Delete}) out["summary"][name_of(verb)] = report.count(verb);
  out["summary"]["restartedPods"] = report.restarted_pods();
  for (const ObjectChange& change : report.objects) out["objects"].push_back(to_object(change));
  if (!report.approval.empty()) out["approval"] = report.approval;
  if (report.stalled) out["stalled"] = {{"reason", report.stalled->reason}, {"message", report.stalled->message}};
  return out;
}

}  // namespace controllers
