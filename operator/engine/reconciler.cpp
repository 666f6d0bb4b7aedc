#include "operator/engine/reconciler.hpp"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "common/obs/log.hpp"

namespace engine {
namespace {

using controllers::Object;
using controllers::Plan;
using controllers::Ref;
using std::chrono::milliseconds;
using Result = Instruments::Result;

constexpr milliseconds kRequeueMin{1'000};      // of a plan that asks to be looked at again

std::string text(const Object& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string{};
}

Platform identity(const Key& key, const Object& object) {
  const Object& metadata = object["metadata"];
  Platform platform{key, text(metadata, "uid"), text(metadata, "resourceVersion"), {}};
  if (const auto finalizers = metadata.find("finalizers"); finalizers != metadata.end() && finalizers->is_array()) {
    for (const Object& finalizer : *finalizers) {
      if (finalizer.is_string()) platform.finalizers.push_back(finalizer.get<std::string>());
    }
  }
  return platform;
}

std::int64_t generation(const Object& object) {
  const auto it = object["metadata"].find("generation");
  return it != object["metadata"].end() && it->is_number_integer() ? it->get<std::int64_t>() : 0;
}

bool is_ready(const Object& object) {
  const auto status = object.find("status");
  if (status == object.end() || !status->is_object()) return false;
  const auto conditions = status->find("conditions");
  if (conditions == status->end() || !conditions->is_array()) return false;
  return std::any_of(conditions->begin(), conditions->end(), [](const Object& condition) {
    return condition.is_object() && text(condition, "type") == "Ready" && text(condition, "status") == "True";
  });
}

/// The API server understood and will say the same again until something changes: the status must tell.
bool refused(base::Code code) {
  return code == base::Code::InvalidArgument || code == base::Code::PermissionDenied || code == base::Code::NotFound ||
         code == base::Code::Internal;
}

kube::ObjectId id_of(const Key& key) { return {key.name_space, &kube::platform_kind(), key.name}; }

}  // namespace

Reconciler::Reconciler(Parts parts, controllers::Settings settings, Reconcile reconcile)
    : parts_(std::move(parts)),
      settings_(std::move(settings)),
      reconcile_(std::move(reconcile)) {}

void Reconciler::run(const Key& key, std::function<void(Verdict)> done) {
  const auto version = parts_.cache.version(id_of(key));
  if (!version || !parts_.may_write()) return done({});
  auto pass = std::make_shared<Pass>(Pass{.key = key,
                                          .uid = version->uid,
                                          .wish = version->wish,
                                          .deadline = parts_.loop.clock().steady_now() + kReconcileDeadline,
                                          .live = {},
                                          .done = std::move(done)});
  for (Object& child : parts_.cache.children(key)) {
    Ref ref{text(child, "apiVersion"), text(child, "kind"), text(child["metadata"], "name")};
    pass->live.children.emplace(std::move(ref), std::move(child));
  }
  pass->live.refused = memories_[key].refused;
  decide(pass);
}

bool Reconciler::superseded(const Pass& pass) const {
  const auto now = parts_.cache.version(id_of(pass.key));
  return !now || now->uid != pass.uid || now->wish != pass.wish;
}

void Reconciler::decide(const Passing& pass) {
  const auto platform = parts_.cache.platform(pass->key);
  if (!platform || !goes_on(*pass)) return pass->done(cut_short(*pass));
  parts_.instruments.set_ready(pass->key, is_ready(*platform));
  Plan plan = reconcile_(*platform, pass->live, settings_, parts_.loop.clock().now());
  if (!plan.reads.empty()) return read(pass, plan.reads);
  execute(pass, *platform, std::move(plan));
}

void Reconciler::read(const Passing& pass, const std::vector<Ref>& refs) {
  const Key& key = pass->key;
  if (pass->rounds++ == kReadRoundsMax) {
    obs::error("reconcile keeps asking", {{"namespace", key.name_space}, {"platform", key.name}, {"object", refs.front().name}});
    return pass->done({.result = Result::Error, .retry = milliseconds(0)});
  }
  parts_.executor.read(key.name_space, refs, lifetime_.wrap([this, pass](base::Result<Executor::Reads> reads) {
    if (!reads) {
      obs::warn("cannot read",
                {{"namespace", pass->key.name_space}, {"platform", pass->key.name}, {"error", base::describe(reads.error())}});
      return pass->done({.result = Result::Error, .retry = reads.error().retry_after.value_or(milliseconds(0))});
    }
    for (auto& [ref, object] : *reads) pass->live.reads.insert_or_assign(ref, std::move(object));
    decide(pass);
  }));
}

void Reconciler::execute(const Passing& pass, const Object& platform, Plan plan) {
  if (plan.requeue_after) pass->look_again = std::max(milliseconds(*plan.requeue_after), kRequeueMin);
  if (plan.empty()) {
    Memory& memory = memories_[pass->key];
    memory.restless = 0;
    memory.settled_generation = generation(platform);
    return pass->done({.settled = true, .again = pass->look_again});
  }
  count_drift(*pass, platform, plan);
  parts_.executor.execute(
      identity(pass->key, platform), std::move(plan), [this, pass] { return goes_on(*pass); },
      lifetime_.wrap([this, pass](const Outcome& outcome) { finish(pass, outcome); }));
}

void Reconciler::count_drift(const Pass& pass, const Object& platform, const Plan& plan) {
  const std::size_t objects = plan.apply.size();
  if (objects == 0 || memories_[pass.key].settled_generation != generation(platform)) return;
  parts_.instruments.drift_corrected.Increment(static_cast<double>(objects));
}

void Reconciler::finish(const Passing& pass, const Outcome& outcome) {
  const Key& key = pass->key;
  if (!parts_.cache.version(id_of(key))) return pass->done({});
  Memory& memory = memories_[key];
  for (const auto& [id, uid, version] : outcome.written) {
    parts_.expectations.written(key, {id, uid, version});
    memory.refused.erase({std::string(id.kind->api_version), std::string(id.kind->kind), id.name});
  }
  for (const kube::Written& removed : outcome.removed) parts_.expectations.removed(key, removed.id, removed.uid);
  if (!outcome.failures.empty()) return pass->done(failed(*pass, outcome));
  if (outcome.cut_short) return pass->done(cut_short(*pass));
  if (outcome.wrote() && ++memory.restless > kRestlessMax) {
    obs::warn("platform does not come to rest", {{"namespace", key.name_space}, {"platform", key.name}, {"plans", memory.restless}});
    return pass->done({.result = Result::Requeue, .again = pass->look_again, .retry = milliseconds(0)});
  }
  // Look once more when the cache has seen what was written; the last of it may have arrived already.
  const milliseconds seen = std::max(parts_.expectations.wait(key), kBurst);
  pass->done({.again = std::min(seen, pass->look_again.value_or(seen))});
}

Verdict Reconciler::cut_short(const Pass& pass) const {
  if (!parts_.may_write()) return {};      // whoever leads next begins anew
  const Key& key = pass.key;
  if (superseded(pass)) {
    obs::info("plan dropped for a newer wish", {{"namespace", key.name_space}, {"platform", key.name}});
    return {.result = Result::Requeue, .again = milliseconds(0)};
  }
  obs::warn("reconcile took too long; the rest of its writes are dropped, and the platform is looked at again",
            {{"namespace", key.name_space}, {"platform", key.name}, {"seconds", kReconcileDeadline.count()}});
  parts_.instruments.timeouts.Increment();
  return {.result = Result::Error, .retry = milliseconds(0)};
}

Verdict Reconciler::failed(const Pass& pass, const Outcome& outcome) {
  const Key& key = pass.key;
  milliseconds at_least{0};
  bool lost_race_only = true;
  for (const Failure& failure : outcome.failures) {
    const base::Code code = failure.error.code;
    const bool race = code == base::Code::Aborted || code == base::Code::AlreadyExists;
    lost_race_only = lost_race_only && race;
    at_least = std::max(at_least, failure.error.retry_after.value_or(milliseconds(0)));
    obs::log().log(race ? obs::Level::Info : obs::Level::Warn, "write failed",
                   {{"namespace", key.name_space},
                    {"platform", key.name},
                    {"object", failure.ref.kind + " " + failure.ref.name},
                    {"error", base::describe(failure.error)}});
    if (refused(code)) memories_[key].refused[failure.ref] = failure.error.message;
  }
  // A lost race is settled by looking again, once the cache has caught up with whoever won it.
  return {.result = lost_race_only ? Result::Requeue : Result::Error, .again = pass.look_again, .retry = at_least};
}

}  // namespace engine
