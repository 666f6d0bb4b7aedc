#include "controllers/platform/status.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "common/base/text.hpp"
#include "controllers/component/live.hpp"
#include "controllers/component/objects.hpp"
#include "controllers/object/diff.hpp"
#include "controllers/services/services.hpp"
#include "crds/types/status.hpp"

namespace controllers {
namespace {

using object::number_at;
using object::text_at;

constexpr std::size_t kNoteBytesMax = 1000;   // of an event; the API takes 1024

struct Draft {
  std::string type;
  std::string status;      // True | False | Unknown
  Reason reason;
  std::string message;
};

/// The conditions of a list-map or its components, in an order of their own: servers may answer in another.
std::map<std::string, Object> by_key(const Object& list, const char* key) {
  std::map<std::string, Object> items;
  for (const Object& item : list) items.emplace(text_at(item, {key}), item);
  return items;
}

bool same_status(const Object& left, const Object& right) {
  for (const char* key : {"observedGeneration", "services", "version", "endpoints", "pendingChanges"}) {
    const auto value = [&](const Object& from) { return from.is_object() && from.contains(key) ? from[key] : Object(); };
    if (value(left) != value(right)) return false;
  }
  return by_key(object::list_at(left, {"conditions"}), "type") == by_key(object::list_at(right, {"conditions"}), "type") &&
         by_key(object::list_at(left, {"components"}), "name") == by_key(object::list_at(right, {"components"}), "name");
}

/// A condition is true when all that counts for it is well.
Draft of_parts(const std::string& condition, const std::vector<ComponentStatus>& parts) {
  for (const ComponentStatus& part : parts) {
    if (!part.good) return {condition, "False", part.reason, part.message};
  }
  if (parts.size() == 1) return {condition, "True", parts.front().reason, parts.front().message};
  return {condition, "True", parts.front().reason, fmt::format("all {} parts have the pods they need", parts.size())};
}

std::string join(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : "; ") + part;
  return text;
}

std::vector<Draft> parts_of(const Summary& summary) {
  std::vector<Draft> drafts;
  if (!summary.health) return drafts;
  for (const Health::Part& part : summary.health->parts) {
    const auto told = [&part](const Draft& draft) { return draft.type == part.condition; };
    if (std::none_of(drafts.begin(), drafts.end(), told)) drafts.push_back(of_parts(part.condition, summary.health->of(part.condition)));
  }
  return drafts;
}

/// The first refusal of something that we still want to write; when we no longer do, its cause is gone.
std::optional<Refusal> refused(const Snapshot& live, const Plan& plan) {
  for (const auto& [ref, answer] : live.refused) {
    const auto about = [&wanted = ref](const Apply& apply) { return ref_of(apply.object) == wanted; };
    if ((plan.finalizers && ref.kind == crds::kKind) || std::any_of(plan.apply.begin(), plan.apply.end(), about) ||
        std::any_of(plan.scale.begin(), plan.scale.end(), about) ||
        std::any_of(plan.generate.begin(), plan.generate.end(),
                    [&wanted = ref](const Generate& g) { return ref_of(g.object) == wanted; })) {
      return Refusal{Reason::ObjectRefused,
                     fmt::format("the API server refused {} {}: {}; put right what it names", ref.kind, ref.name, answer)};
    }
  }
  return std::nullopt;
}

/// A change that the spec asks for and that is held back for the sake of the data.
std::optional<Refusal> data_at_risk(const Plan& plan) {
  for (const Pending& pending : plan.pending) {
    if (pending.data_at_risk.empty()) continue;
    return Refusal{Reason::DataAtRisk, fmt::format("{} {} waits: {}; put the spec back, or give the {}", pending.ref.kind, pending.ref.name,
                                                   pending.data_at_risk, pending.waits_for)};
  }
  return std::nullopt;
}

/// What the next step of a roll waits for, or "".
std::string next_step(const Plan& plan) {
  for (const Pending& pending : plan.pending) {
    if (!pending.needs_approval) return pending.waits_for;
  }
  return {};
}

Draft ready(const Summary& summary, const std::vector<Draft>& parts, const Snapshot& live, const Plan& plan, bool was_ready) {
  if (summary.refusal) return {"Ready", "False", summary.refusal->reason, summary.refusal->message};
  if (const auto refusal = refused(live, plan)) return {"Ready", "False", refusal->reason, refusal->message};
  if (const auto risk = data_at_risk(plan)) {
    const bool well = std::all_of(parts.begin(), parts.end(), [](const Draft& part) { return part.status == "True"; });
    return {"Ready", well ? "Unknown" : "False", risk->reason, risk->message};
  }
  for (const Draft& part : parts) {
    if (part.status != "True") return {"Ready", "False", part.reason, part.message};
  }
  const std::string step = next_step(plan);
  if (summary.paused && !was_ready && (summary.pending || !step.empty())) {
    return {"Ready", "Unknown", Reason::Paused, "the platform is as it was before the pause; the spec as it is now is not carried out"};
  }
  if (!summary.paused && !step.empty()) {
    return {"Ready", "False", Reason::Progressing, fmt::format("the new release rolls; the next step waits for {}", step)};
  }
  // Putting right what somebody edited is no reason to take Ready back; claiming it for a spec that is not carried out yet would be a lie.
  if (summary.pending && !was_ready && !summary.paused) {
    return {"Ready", "False", Reason::Progressing, "objects are being changed to match the spec"};
  }
  std::string message = "the platform takes payments";
  if (!summary.warnings.empty()) message += "; warning: " + join(summary.warnings);
  return {"Ready", "True", Reason::PlatformReady, message};
}

/// The first object that somebody keeps changing back.
std::optional<Refusal> fought(const Snapshot& live) {
  if (live.fought.empty()) return std::nullopt;
  const auto& [ref, fight] = *live.fought.begin();
  const std::string what =
      fight.path.empty() ? fmt::format("{} {} is deleted each time the operator makes it", ref.kind, ref.name)
                         : fmt::format("{} of {} {} is changed back each time the operator writes it", fight.path, ref.kind, ref.name);
  const std::string by =
      fight.manager.empty() ? "somebody whom its managed fields do not name, as admission webhooks" : '"' + fight.manager + '"';
  return Refusal{
      Reason::LoopDetected,
      fmt::format("{}, by {}; it is now written at growing distances. Stop the other writer, or ask for its value in the spec", what, by)};
}

Draft reconciling(const Summary& summary, const Snapshot& live, const Draft& ready, const Plan& plan) {
  if (summary.paused) {
    const std::size_t waiting = plan.pending.size();
    const std::string what =
        waiting == 0 ? "" : fmt::format("; {} change{}: see status.pendingChanges", waiting, waiting == 1 ? " waits" : "s wait");
    return {"Reconciling", "False", Reason::Paused,
            "nothing is changed until spec.paused and annotation paymentplatform.io/paused are gone" + what};
  }
  if (summary.refusal) return {"Reconciling", "False", summary.refusal->reason, "waits until the cause is put right; see Stalled"};
  if (const auto refusal = refused(live, plan))
    return {"Reconciling", "False", refusal->reason, "it is tried again until the cause is put right; see Stalled"};
  if (const auto risk = data_at_risk(plan)) return {"Reconciling", "False", risk->reason, "waits for an approval; see Stalled"};
  if (const auto fight = fought(live))
    return {"Reconciling", "False", fight->reason, "all but what is fought over is as the spec says; see Stalled"};
  if (summary.pending || ready.status != "True")
    return {"Reconciling", "True", Reason::Progressing, ready.status == "True" ? "objects are being put right" : ready.message};
  const std::size_t waiting = plan.pending.size();
  if (waiting == 0) {
    std::string fields;
    for (const std::string& field : summary.without_effect) fields += (fields.empty() ? ", apart from " : ", ") + field;
    return {"Reconciling", "False", Reason::Settled, "everything is as the spec says" + fields};
  }
  return {"Reconciling", "False", Reason::Settled,
          fmt::format("{} change{} for permission: see status.pendingChanges", waiting, waiting == 1 ? " waits" : "s wait")};
}

Draft stalled(const Summary& summary, const Snapshot& live, const Plan& plan) {
  if (summary.refusal) return {"Stalled", "True", summary.refusal->reason, summary.refusal->message};
  if (const auto refusal = refused(live, plan)) return {"Stalled", "True", refusal->reason, refusal->message};
  if (const auto risk = data_at_risk(plan)) return {"Stalled", "True", risk->reason, risk->message};
  if (const auto fight = fought(live)) return {"Stalled", "True", fight->reason, fight->message};
  return {"Stalled", "False", Reason::NotStalled, "the operator needs nothing from you"};
}

Object condition(const Draft& draft, std::int64_t generation, const Object& live_status, base::TimePoint now) {
  std::string since = base::to_rfc3339(now);
  for (const Object& old : object::list_at(live_status, {"conditions"})) {
    if (text_at(old, {"type"}) == draft.type && text_at(old, {"status"}) == draft.status && !text_at(old, {"lastTransitionTime"}).empty()) {
      since = text_at(old, {"lastTransitionTime"});
    }
  }
  return {{"type", draft.type},
          {"status", draft.status},
          {"reason", name_of(draft.reason)},
          {"message", base::clip(draft.message, crds::kMessageMax, "...")},
          {"lastTransitionTime", since},
          {"observedGeneration", generation}};
}

Object component(const ComponentStatus& part, const Object& platform) {
  Object object = {{"name", part.name}, {"kind", part.kind}, {"ready", part.ready}, {"desired", part.desired}};
  const std::string image = part.image.empty() ? proven_image(platform, part.name) : part.image;
  if (!image.empty()) object["image"] = image;
  if (!part.good) object["message"] = base::clip(part.message, crds::kMessageMax, "...");
  return object;
}

/// The release that runs: the one before for as long as a service has not been seen to run the wanted image well; empty before the first.
std::string running_version(const std::vector<ComponentStatus>& services, const Object& platform, const std::string& wanted) {
  bool runs = false;
  for (const ComponentStatus& service : services) {
    const std::string image = service.image.empty() ? proven_image(platform, service.name) : service.image;
    if (!image.empty() && image != wanted) return tag_of(image);
    runs = runs || !image.empty();
  }
  return runs ? tag_of(wanted) : std::string();
}

Object pending_change(const Pending& pending) {
  const auto clip = [](const std::string& text) { return base::clip(text, crds::kMessageMax, "..."); };
  const std::string risk = pending.data_at_risk.empty() ? "" : "; data at risk: " + pending.data_at_risk;
  return {{"component", pending.ref.kind + " " + pending.ref.name},
          {"reason", name_of(pending.reason)},
          {"change", clip(pending.change + risk)},
          {"restarts", clip(pending.restarts)},
          {"waitsFor", clip(pending.waits_for)}};
}

void tell(const Object& live_status, const Draft& ready, const Draft& stalled, Plan& plan) {
  const auto old = by_key(object::list_at(live_status, {"conditions"}), "type");
  const auto was = [&old](const char* type, const char* key) { return old.contains(type) ? text_at(old.at(type), {key}) : std::string(); };
  const auto warn = [&plan](const Draft& of) {
    plan.events.push_back({true, name_of(of.reason), base::clip(of.message, kNoteBytesMax, "...")});
  };
  if (ready.status == "True" && was("Ready", "status") != "True") plan.events.push_back({false, name_of(ready.reason), ready.message});
  if (ready.status != "True" && was("Ready", "reason") != name_of(ready.reason) && !is_progress(ready.reason)) warn(ready);
  // A refusal is Ready's news; what stalls while payments are taken is not.
  if (stalled.status == "True" && stalled.reason != ready.reason && was("Stalled", "reason") != name_of(stalled.reason)) warn(stalled);
}

/// Whoever reads that a release does not come up wants to know first whether payments are taken meanwhile.
void tell_what_goes_on(const Object& platform, const crds::Platform& decoded, Health& health) {
  const auto answers = [](const ComponentStatus& part) { return part.ready > 0; };
  const std::vector<ComponentStatus> services = health.of(kServicesReady);
  if (!health.of(kDatabaseReady).front().good || !std::all_of(services.begin(), services.end(), answers)) return;
  const std::string release = tag_of(proven_image(platform, decoded.child_name(services::kRoles.front().name)));
  for (auto& [condition, part] : health.parts) {
    if (part.good || is_progress(part.reason) || (condition != kSchemaReady && condition != kServicesReady)) continue;
    part.message += "; payments go on" + (release.empty() ? "" : ", with release " + release);
  }
}

/// A schema Job that failed is made anew until it succeeds. What is known stays the failure while the next attempt is on its way; otherwise
/// every attempt would be a transition there and back, with an event each.
void keep_schema_failure(const Object& platform, std::int64_t generation, Health& health) {
  const Object* old = object::condition_of(platform, kSchemaReady);
  if (old == nullptr || text_at(*old, {"reason"}) != name_of(Reason::SchemaFailed) ||
      number_at(*old, {"observedGeneration"}, -1) != generation)
    return;
  for (auto& [condition, schema] : health.parts) {
    if (condition != kSchemaReady || (schema.reason != Reason::SchemaCreating && schema.reason != Reason::SchemaMigrating)) continue;
    schema.reason = Reason::SchemaFailed;
    schema.message = text_at(*old, {"message"});
  }
}

}  // namespace

bool Health::good() const {
  return std::all_of(parts.begin(), parts.end(), [](const Part& part) { return part.status.good; });
}

std::vector<ComponentStatus> Health::of(const std::string& condition) const {
  std::vector<ComponentStatus> found;
  for (const Part& part : parts) {
    if (part.condition == condition) found.push_back(part.status);
  }
  return found;
}

std::string proven_image(const Object& platform, const std::string& component) {
  // What somebody else wrote into the status is not evidence, and must not choose the image of a database.
  const std::string item = "k:" + Object({{"name", component}}).dump();
  if (!object::owns(platform, kStatusManagedBy, {"f:status", "f:components", item, "f:image"})) return {};
  for (const Object& one : object::list_at(platform, {"status", "components"})) {
    if (text_at(one, {"name"}) == component) return text_at(one, {"image"});
  }
  return {};
}

bool is_ready_for(const Object& platform, std::int64_t generation) {
  return number_at(platform, {"status", "observedGeneration"}, -1) == generation && object::condition_is_true(platform, "Ready");
}

bool is_pending(const Object& platform, Reason reason) {
  const auto& waiting = object::list_at(platform, {"status", "pendingChanges"});
  return std::any_of(waiting.begin(), waiting.end(), [&](const Object& one) { return text_at(one, {"reason"}) == name_of(reason); });
}

void report(const Object& platform, const crds::Platform& decoded, const Snapshot& live, Summary summary, base::TimePoint now, Plan& plan) {
  if (summary.health) {
    tell_what_goes_on(platform, decoded, *summary.health);
    keep_schema_failure(platform, decoded.generation, *summary.health);  // its message as it was, with what goes on
  }
  const Object live_status = platform.is_object() ? platform.value("status", Object::object()) : Object::object();
  const std::vector<Draft> parts = parts_of(summary);
  const Draft whole = ready(summary, parts, live, plan, is_ready_for(platform, decoded.generation));

  Object status = {{"observedGeneration", decoded.generation}, {"conditions", Object::array()}, {"components", Object::array()}};
  const Draft standstill = stalled(summary, live, plan);
  for (const Draft& draft : {whole, reconciling(summary, live, whole, plan), standstill}) {
    status["conditions"].push_back(condition(draft, decoded.generation, live_status, now));
  }
  for (const Draft& draft : parts) status["conditions"].push_back(condition(draft, decoded.generation, live_status, now));

  if (summary.health) {
    for (const Health::Part& part : summary.health->parts) status["components"].push_back(component(part.status, platform));
    const std::vector<ComponentStatus> services = summary.health->of(kServicesReady);
    const auto good = std::count_if(services.begin(), services.end(), [](const ComponentStatus& service) { return service.good; });
    status["services"] = fmt::format("{}/{}", good, services.size());
    status["version"] = running_version(services, platform, summary.runtime_image);
    status["endpoints"] = {{"payment", summary.payment_endpoint}, {"callback", summary.callback_endpoint}};
    const std::size_t shown = std::min(plan.pending.size(), crds::kPendingChangesMax);
    for (std::size_t i = 0; i < shown; ++i) status["pendingChanges"].push_back(pending_change(plan.pending[i]));
  } else {
    // The spec cannot be read: what was last known of the parts still stands, under the generation that it was said of.
    for (const Object& old : object::list_at(live_status, {"conditions"})) {
      const std::string type = text_at(old, {"type"});
      if (type != "Ready" && type != "Reconciling" && type != "Stalled") status["conditions"].push_back(old);
    }
    for (const char* key : {"components", "services", "version", "endpoints", "pendingChanges"}) {
      if (live_status.is_object() && live_status.contains(key)) status[key] = live_status[key];
    }
  }
  if (!same_status(status, live_status)) {
    plan.status = std::move(status);
    tell(live_status, whole, standstill, plan);
  }
}

}  // namespace controllers
