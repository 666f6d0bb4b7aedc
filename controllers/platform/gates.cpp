#include "controllers/platform/gates.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "common/base/text.hpp"
#include "controllers/component/live.hpp"
#include "controllers/component/objects.hpp"
#include "controllers/database/database.hpp"
#include "controllers/jobs/jobs.hpp"
#include "controllers/object/applied.hpp"
#include "controllers/platform/windows.hpp"
#include "controllers/secrets/sources.hpp"
#include "controllers/simulator/simulator.hpp"
#include "crds/types/given.hpp"
#include "crds/types/status.hpp"

namespace controllers {
namespace {

using object::text_at;

// The clock may be set while we wait for a window: look at it again by then at the latest.
constexpr std::chrono::seconds kLookAtClock{3600};

/// Our workloads by their `app` label.
struct Workload {
  const char* kind;
  const char* app;
  const char* container;                 // that has the image of the release
  int step;                              // of a roll; 0: has an image of its own
  bool database;                         // a restart is felt by those who pay
  std::vector<const char*> spec;         // what its pods are made from; empty: a change restarts no pod
  const char* patch = "";                // the podTemplate that is laid over them
};

/// Within `Workload::spec`, but no wish for a restart, as no patch of another workload is: a volume grows without one, and the schema's Job
/// and the Ingress have no part in any pod of a service.
constexpr std::array kNotOfPods = {"/database/managed/storage", "/database/schema", "/ingress/annotations", "/ingress/className"};

const std::array<Workload, 7>& workloads() {
  static const std::array<Workload, 7> kWorkloads = {{
      {"StatefulSet", "mysql", "mysql", 0, true, {"/secretRef", "/imagePullSecrets", "/database"}, "/database/managed/podTemplate"},
      {"Deployment", "redis", "redis", 0, false, {"/imagePullSecrets", "/redis"}, "/redis/managed/podTemplate"},
      {"Deployment",
       "channel-simulator",
       "channel-simulator",
       1,
       false,
       {"/image", "/version", "/imagePullSecrets", "/secretRef", "/channels"},
       "/channels/simulator/podTemplate"},
      {"Deployment",
       "callback-service",
       "callback-service",
       2,
       false,
       {"/image", "/version", "/imagePullSecrets", "/secretRef", "/channels", "/database", "/redis", "/security", "/ingress",
        "/services/callback"},
       "/services/callback/podTemplate"},
      {"Deployment",
       "reconciliation-service",
       "reconciliation-service",
       3,
       false,
       {"/image", "/version", "/imagePullSecrets", "/secretRef", "/channels", "/database", "/redis", "/security", "/ingress",
        "/services/reconciliation"},
       "/services/reconciliation/podTemplate"},
      {"CronJob", "reconciliation-cronjob", "reconcile", 4, false, {}},
      {"Deployment",
       "payment-service",
       "payment-service",
       4,
       false,
       {"/image", "/version", "/imagePullSecrets", "/secretRef", "/channels", "/database", "/redis", "/security", "/ingress",
        "/services/payment"},
       "/services/payment/podTemplate"},
  }};
  return kWorkloads;
}

const Workload* workload_of(const Object& object) {
  for (const Workload& workload : workloads()) {
    if (text_at(object, {"kind"}) == workload.kind && object::label_of(object, "app") == workload.app) return &workload;
  }
  return nullptr;
}

/// By name, since a copy that somebody made of it has its labels too.
const Object* live_of(const Context& ctx, const Workload& workload) {
  return find(ctx, std::string_view(workload.kind) == "CronJob" ? "batch/v1" : "apps/v1", workload.kind, workload.app);
}

Object::json_pointer template_of(const Object& workload) {
  return Object::json_pointer(text_at(workload, {"kind"}) == "CronJob" ? "/spec/jobTemplate/spec/template" : "/spec/template");
}

/// The image of a release in a workload's pods; CronJobs keep their template deeper down.
std::string image_in(const Object& object, const Workload& workload) {
  const auto path = template_of(object) / "spec" / "containers";
  if (!object.contains(path)) return {};
  for (const Object& container : object.at(path)) {
    if (text_at(container, {"name"}) == workload.container) return text_at(container, {"image"});
  }
  return {};
}

void drop(Object& spec, const Object::json_pointer& path) {
  if (path.empty()) return;  // a workload that no patch is laid over
  const auto parent = path.parent_pointer();
  if (spec.contains(parent) && spec.at(parent).is_object()) spec.at(parent).erase(path.back());
}

/// `of_pods` is `given` without kNotOfPods and without patches.
std::string asked(const Object& given, const Object& of_pods, const Workload& workload) {
  Object parts = Object::object();
  for (const char* path : workload.spec) {
    const Object::json_pointer pointer(path);
    if (of_pods.contains(pointer)) parts[path] = of_pods.at(pointer);
  }
  if (const Object::json_pointer patch(workload.patch); given.contains(patch)) parts[workload.patch] = given.at(patch);
  return short_hash(parts.dump(-1, ' ', false, Object::error_handler_t::replace));
}

/// The steps of a roll that are behind us.
class Roll {
 public:
  Roll(const Context& ctx, const Health& health) : ctx_(ctx), schema_(health.of(kSchemaReady)), services_(health.of(kServicesReady)) {}

  /// What this step waits for, or "".
  [[nodiscard]] std::string waits(int step) const {
    for (const ComponentStatus& schema : schema_) {
      if (!schema.good) return fmt::format("Job {} to bring the schema up to release {}", schema.name, release());
    }
    for (const Workload& workload : workloads()) {
      if (workload.step == 0 || workload.step >= step || std::string_view(workload.kind) != "Deployment") continue;
      if (std::string_view(workload.app) == simulator::kName && !ctx_.platform.spec.channels.simulator.enabled)
        continue;  // it goes, and last
      const Object* live = live_of(ctx_, workload);
      if (live != nullptr && !is_through(*live, workload)) return fmt::format("{} to run release {} well", workload.app, release());
    }
    return {};
  }

 private:
  [[nodiscard]] std::string release() const {
    const std::string tag = tag_of(ctx_.images.runtime);
    return tag.empty() ? ctx_.images.runtime : tag;
  }
  [[nodiscard]] bool is_through(const Object& live, const Workload& workload) const {
    if (image_in(live, workload) != ctx_.images.runtime) return false;
    if (object::number_at(live, {"spec", "replicas"}, 1) == 0) return true;  // switched off by its user
    return std::any_of(services_.begin(), services_.end(),
                       [&](const ComponentStatus& service) { return service.name == object::name_of(live) && service.good; });
  }

  const Context& ctx_;
  std::vector<ComponentStatus> schema_;
  std::vector<ComponentStatus> services_;
};

void keep(Object& map, const std::string& key, const std::string& live) {
  if (live.empty()) {
    map.erase(key);
  } else {
    map[key] = live;
  }
}

/// Everything about the pods stays as it is; the rest of the object is as wanted. False when nobody knows any more what of the pods is
/// ours, as after a reset of metadata.managedFields: then the whole object has to wait.
bool keep_pods(Object& wanted, const Object& live) {
  const auto path = template_of(wanted);
  const Object ours = object::applied(live, kManagedBy);
  if (!ours.contains(path)) return false;
  wanted[path] = ours.at(path);
  keep(wanted["metadata"]["labels"], std::string(kVersionLabel), object::label_of(live, kVersionLabel));
  keep(wanted["metadata"]["annotations"], kAsked, text_at(live, {"metadata", "annotations", kAsked}));
  return true;
}

/// Whether the spec was edited so that these pods are made from something else.
bool asks(const Object& wanted, const Object& live) {
  const std::string before = text_at(live, {"metadata", "annotations", kAsked});
  return !before.empty() && before != text_at(wanted, {"metadata", "annotations", kAsked});
}

/// One change of pods that may have to wait.
struct Candidate {
  std::size_t at;  // in changes.apply
  const Workload* workload;
  const Object* live;  // null: it is made, on data that there is
  std::string waits_for;  // empty: for permission
  std::string data_at_risk = {};
};

/// Of a database that is given another image than it has.
std::string risk_of(const Context& ctx, const Object& platform, const Workload& workload, const Apply& apply, const Object* live) {
  const std::string wanted = image_in(apply.object, workload);
  if (!workload.database || (live != nullptr && image_in(*live, workload) == wanted)) return {};
  const Object* claim = find(ctx, "v1", "PersistentVolumeClaim", database::kClaim);
  if (claim == nullptr) return {};
  const std::string ran = database::ran_with(*claim);
  return database::risk_to_data(ran.empty() ? proven_image(platform, ctx.name(workload.app)) : ran, wanted);
}

std::vector<Candidate> candidates(const Context& ctx, const Object& platform, const Roll& roll, const std::vector<Apply>& applies) {
  std::vector<Candidate> found;
  for (std::size_t at = 0; at < applies.size(); ++at) {
    const Apply& apply = applies[at];
    const Workload* workload = workload_of(apply.object);
    if (workload == nullptr) continue;
    const Object* live =
        find(ctx.live, apply.object["apiVersion"].get_ref<const std::string&>().c_str(), workload->kind, object::name_of(apply.object));
    if (std::string risk = risk_of(ctx, platform, *workload, apply, live); !risk.empty()) {
      found.push_back({at, workload, live, {}, std::move(risk)});
      continue;
    }
    if (live == nullptr || apply.uid.empty() || !changes_pods(apply)) continue;
    const std::string runs = image_in(*live, *workload);
    if (workload->step > 0 && !runs.empty() && runs != ctx.images.runtime) {
      if (std::string waits = roll.waits(workload->step); !waits.empty()) {
        found.push_back({at, workload, live, std::move(waits)});
        continue;
      }
    }
    if (secrets::moves_password(*live, apply.object)) continue;  // the database will know only the new one
    const bool was_asked = asks(apply.object, *live);
    const bool felt = workload->database
                          ? object::number_at(*live, {"status", "readyReplicas"}) > 0  // a database that is down anyway may restart
                          : !workload->spec.empty() && !ctx.platform.spec.maintenance_windows.empty();
    if (!was_asked && felt) found.push_back({at, workload, live, {}});
  }
  return found;
}

std::string hash_of(const Object& object) { return short_hash(object.dump(-1, ' ', false, Object::error_handler_t::replace)); }

/// What the pods of a workload are now. Of the database its generation, so that an approval is used once; every step of an autoscaler
/// moves that of a service, whose pods are told by what they are made from.
std::string pods_now(const Candidate& candidate) {
  if (candidate.live == nullptr) return {};
  const Object* now = candidate.workload->database ? object::dig(*candidate.live, {"metadata", "generation"}) : nullptr;
  if (now != nullptr) return now->dump();
  const auto path = template_of(*candidate.live);
  return candidate.live->contains(path) ? hash_of(candidate.live->at(path)) : std::string();
}

/// The Job that has set the passwords, by which an approval of others is used once.
std::string uid_of_schema(const Context& ctx) {
  const Object* job = jobs::live_schema_job(ctx);
  return job == nullptr ? std::string() : object::uid_of(*job);
}

/// Of exactly these changes to exactly these pods, and of exactly these passwords.
std::string hash_of(const Context& ctx, const std::vector<Candidate>& found, const std::vector<Apply>& applies,
                    const std::optional<secrets::Rotation>& rotation) {
  std::string text;
  if (rotation) text = fmt::format("{} {} {}\n", rotation->secret, rotation->digest, uid_of_schema(ctx));
  for (const Candidate& candidate : found) {
    if (!candidate.waits_for.empty()) continue;
    const Apply& apply = applies[candidate.at];
    text += fmt::format("{} {} {}\n", apply.uid, pods_now(candidate), hash_of(apply.object));
  }
  return text.empty() ? text : short_hash(text);
}

/// Passwords in the user's Secret that the database does not have: what there is to know of whether they may go ahead.
class Rotating {
 public:
  Rotating(const Context& ctx, const secrets::Decision& decision, const std::vector<Candidate>& found, const std::vector<Apply>& applies)
      : ctx_(ctx),
        rotation_(*decision.rotation),
        missing_(decision.missing),
        found_(found),
        applies_(applies) {
    const std::string root = secrets::mysql_keys().front();
    of_root_ = std::find(rotation_.keys.begin(), rotation_.keys.end(), root) != rotation_.keys.end();
  }

  [[nodiscard]] std::optional<Ahead> ahead(Permission permission) const {
    using secrets::NewPasswords;
    const bool starts = starts_pods();
    if (!starts && permission < (of_root_ ? Permission::Approval : Permission::Window)) return std::nullopt;
    if (!rotation_.gains || rollout_waits_for().empty()) return Ahead{NewPasswords::Take, permission};
    return rotation_.changes ? std::optional(Ahead{NewPasswords::TakeChanged, permission}) : std::nullopt;
  }

  [[nodiscard]] Pending told() const {
    std::string keys;
    for (const std::string& key : rotation_.keys) keys += (keys.empty() ? "" : ", ") + key;
    std::string change = fmt::format(
        "Secret {} has another value of {} than the database; approved, the schema Job runs anew and sets what the Secret has. Until then "
        "services that run keep the connections and the password that they have, and a pod that starts waits, a run of the reconciliation "
        "too",
        rotation_.secret, keys);
    if (of_root_) {
      change += fmt::format(
          "; the root password is not set by the Job, which needs it: set that of root@'%' in the database first, or put {} "
          "back as it was",
          secrets::mysql_keys().front());
    }
    const std::string first = rotation_.gains ? rollout_waits_for() : std::string();
    return {ref_of(jobs::schema_job(ctx_)),
            Reason::PasswordRotation,
            std::move(change),
            rotation_.gains ? "the services, one pod after another" : "none",
            first.empty() ? first : fmt::format("{}, and then for ", first),
            true,
            {}};
  }

  /// A window may open at night, when nobody is there to tell the database.
  [[nodiscard]] bool needs_somebody() const { return of_root_; }

 private:
  /// A pod that starts has the user's passwords as they are in the Secret now; to start it and not to tell the database would be to break
  /// it.
  [[nodiscard]] bool starts_pods() const {
    for (std::size_t at = 0; at < applies_.size(); ++at) {
      const Apply& apply = applies_[at];
      const Workload* workload = workload_of(apply.object);
      if (workload == nullptr || workload->database || apply.uid.empty() || !changes_pods(apply)) continue;
      const bool held = secrets::mounts_missing(apply.object, missing_) ||
                        std::any_of(found_.begin(), found_.end(), [at](const Candidate& one) { return one.at == at; });
      const Object* live = live_of(ctx_, *workload);
      if (!held && live != nullptr && asks(apply.object, *live) && secrets::mounts_password_of(apply.object, rotation_)) return true;
    }
    return false;
  }

  /// The database would refuse the generated password to every workload that is held back.
  [[nodiscard]] std::string rollout_waits_for() const {
    if (!missing_.empty()) return fmt::format("key {} of the Secret", missing_.front().key);
    const auto step = std::find_if(found_.begin(), found_.end(), [](const Candidate& one) { return !one.waits_for.empty(); });
    return step == found_.end() ? std::string() : step->waits_for;
  }

  const Context& ctx_;
  const secrets::Rotation& rotation_;
  const std::vector<secrets::Missing>& missing_;
  const std::vector<Candidate>& found_;
  const std::vector<Apply>& applies_;
  bool of_root_ = false;
};

/// How it is let go ahead. `approved`: what the annotation holds; of one that is of no use the user should hear.
void ask(const Context& ctx, const std::string& approved, bool in_a_window, Pending& pending, Plan& plan) {
  constexpr std::size_t kShown = 40;
  const Windows& windows = ctx.platform.spec.maintenance_windows;
  std::string& text = pending.waits_for;
  if (in_a_window) {
    if (const auto opens = next_opening(windows, ctx.now)) {
      text += fmt::format("a maintenance window (the next opens {}), or ", base::to_rfc3339(*opens));
      plan.look_again(std::min(std::chrono::ceil<std::chrono::seconds>(*opens - ctx.now), kLookAtClock));
    }
  }
  text += fmt::format("approval: kubectl annotate -n {} paymentplatform {} {}={} --overwrite", ctx.platform.name_space, ctx.platform.name,
                      kApprove, plan.hash);
  if (!approved.empty() && approved != plan.hash) {
    text += fmt::format(" (the annotation is \"{}\" now, which is of nothing that waits)", base::clip(approved, kShown, "..."));
  }
}

/// What is no number was not written by any operator that we know of.
bool is_known(const std::string& layout) {
  int number = 0;
  const auto [end, error] = std::from_chars(layout.data(), layout.data() + layout.size(), number);
  return error == std::errc{} && end == layout.data() + layout.size() && number >= 1 && number <= kLayoutNow;
}

}  // namespace

void mark(const Object& platform, Objects& wanted) {
  Object spec = platform.value("spec", Object::object());
  const Object given = crds::given(spec);
  for (const char* path : kNotOfPods) drop(spec, Object::json_pointer(path));
  for (const Workload& workload : workloads()) drop(spec, Object::json_pointer(workload.patch));
  const Object of_pods = crds::given(spec);
  for (Object& object : wanted) {
    if (text_at(object, {"kind"}) != "Secret") object["metadata"]["annotations"][kLayout] = std::to_string(kLayoutNow);  // is never changed
    const Workload* workload = workload_of(object);
    if (workload != nullptr && !workload->spec.empty()) object["metadata"]["annotations"][kAsked] = asked(given, of_pods, *workload);
  }
}

bool changes_pods(const Apply& apply) {
  return std::any_of(apply.differences.begin(), apply.differences.end(), [](const object::Difference& difference) {
    return difference.path.rfind("spec.template.", 0) == 0 || difference.path.rfind("spec.jobTemplate.spec.template.", 0) == 0;
  });
}

std::string restarts_of(const Object& live) {
  const Workload* workload = workload_of(live);
  if (workload == nullptr) return {};
  if (workload->database) return fmt::format("Pod {}-0; payments are answered 503 until the database is back", object::name_of(live));
  if (std::string_view(workload->kind) == "CronJob") return "none; runs that start later have it";
  const auto pods = object::number_at(live, {"spec", "replicas"}, 1);
  if (text_at(live, {"spec", "strategy", "type"}) == "Recreate") {
    return fmt::format("{} pod of {}, which is away until the new one is ready", pods, object::name_of(live));
  }
  return pods == 1 ? fmt::format("1 pod of {}", object::name_of(live))
                   : fmt::format("{} pods of {}, one after another", pods, object::name_of(live));
}

std::optional<Refusal> refuse_newer(const Snapshot& live) {
  for (const auto& [ref, object] : live.children) {
    const std::string layout = text_at(object, {"metadata", "annotations", kLayout});
    if (layout.empty() || is_known(layout)) continue;
    return Refusal{Reason::NewerOperator,
                   fmt::format("{} {} was written by a newer payment-operator (layout {}, this one knows {}); nothing is changed until the "
                               "operator is upgraded again",
                               ref.kind, ref.name, base::clip(layout, 20, "..."), kLayoutNow)};
  }
  return std::nullopt;
}

std::optional<Ahead> hold_back(const Context& ctx, const Object& platform, const Health& health, const secrets::Decision& decision,
                               Permission permission, Changes& changes, Plan& plan) {
  const std::vector<Candidate> found = candidates(ctx, platform, Roll(ctx, health), changes.apply);
  if (found.empty() && !decision.rotation) return std::nullopt;
  const Windows& windows = ctx.platform.spec.maintenance_windows;
  plan.hash = hash_of(ctx, found, changes.apply, decision.rotation);
  const std::string approved = text_at(platform, {"metadata", "annotations", kApprove});
  if (is_open(windows, ctx.now)) permission = std::max(permission, Permission::Window);
  if (!plan.hash.empty() && approved == plan.hash) permission = Permission::Approval;
  if (decision.rotation) {
    const Rotating rotating(ctx, decision, found, changes.apply);
    if (const auto ahead = rotating.ahead(permission)) return ahead;
    plan.hold(rotating.told());
    ask(ctx, approved, !rotating.needs_somebody(), plan.pending.back(), plan);
  }
  std::vector<std::string> held;  // app labels of what keeps its pods
  for (const Candidate& candidate : found) {
    const bool at_risk = !candidate.data_at_risk.empty();
    if (candidate.waits_for.empty() && permission >= (at_risk ? Permission::Approval : Permission::Window)) continue;
    Apply& apply = changes.apply[candidate.at];
    Pending pending{.ref = ref_of(apply.object),
                    .reason = at_risk                       ? Reason::DataAtRisk
                              : candidate.waits_for.empty() ? Reason::Restart
                                                            : Reason::Release,
                    .change = apply.reason,
                    .restarts = candidate.live == nullptr ? std::string() : restarts_of(*candidate.live),
                    .waits_for = candidate.waits_for,
                    .needs_approval = candidate.waits_for.empty(),
                    .differences = apply.differences,
                    .data_at_risk = candidate.data_at_risk};
    if (pending.needs_approval) ask(ctx, approved, !at_risk, pending, plan);
    plan.hold(std::move(pending));
    held.emplace_back(candidate.workload->app);
    const bool kept = candidate.live != nullptr && keep_pods(apply.object, *candidate.live);
    const auto rest = kept ? update(apply.object, *candidate.live) : std::nullopt;
    apply = rest ? *rest : Apply{};
  }

  // The configuration that pods mount waits with them.
  const auto waits = [&held](const Apply& apply) {
    const bool mounted = text_at(apply.object, {"kind"}) == "ConfigMap" && !apply.uid.empty();
    return apply.object.is_null() || (mounted && std::find(held.begin(), held.end(), object::label_of(apply.object, "app")) != held.end());
  };
  std::erase_if(changes.apply, waits);
  return std::nullopt;
}

}  // namespace controllers
