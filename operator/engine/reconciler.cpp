#include "operator/engine/reconciler.hpp"

#include <algorithm>
#include <exception>
#include <set>
#include <utility>

#include <nlohmann/json.hpp>

#include "common/obs/log.hpp"
#include "operator/engine/work_queue.hpp"

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
      reconcile_(std::move(reconcile)),
      views_(parts_.cache) {}

void Reconciler::run(const Key& key, std::function<void(Verdict)> done) {
  const auto version = parts_.cache.version(id_of(key));
  if (!version || !parts_.may_write()) return done({});
  const auto now = parts_.loop.clock().steady_now();
  Memory& memory = memories_[key];
  if (memory.at_rest && !memory.touched && (!memory.due || now < *memory.due)) {
    const auto left = [&] { return std::chrono::ceil<milliseconds>(*memory.due - now); };
    return done({.settled = true, .again = memory.due ? std::optional(left()) : std::nullopt});
  }
  memory.touched = false;
  memory.at_rest = false;
  auto pass = std::make_shared<Pass>(Pass{.key = key,
                                          .uid = version->uid,
                                          .wish = version->wish,
                                          .term = term_,
                                          .deadline = now + kReconcileDeadline,
                                          .live = {},
                                          .done = std::move(done)});
  Views::View view = views_.take(key);
  pass->live.children = std::move(view.children);
  pass->revisions = std::move(view.revisions);
  if (std::exchange(memory.wish, pass->wish) != pass->wish) memory.fights = {};      // a new wish is not to wait for old quarrels
  pass->live.refused = memory.refused;
  pass->live.fought = memory.fights.fought();
  decide(pass);
}

std::vector<controllers::Neighbour> neighbours(const kube::Cache& cache, const Key& key) {
  std::vector<controllers::Neighbour> found;
  for (const Object& other : cache.platforms_in(key.name_space)) {
    std::string name = text(other["metadata"], "name");
    if (name == key.name) continue;
    found.push_back(
        {std::move(name), other.contains("spec") ? text(other["spec"], "namePrefix") : "", text(other["metadata"], "creationTimestamp")});
  }
  return found;
}

bool Reconciler::superseded(const Pass& pass) const {
  const auto now = parts_.cache.version(id_of(pass.key));
  return !now || now->uid != pass.uid || now->wish != pass.wish;
}

void Reconciler::decide(const Passing& pass) {
  const auto object = parts_.cache.platform(pass->key);
  if (!object || !goes_on(*pass)) return end(pass, cut_short(*pass));
  Memory& memory = memories_[pass->key];
  Platform platform = platform_of(pass->key, *object);
  if (platform.generation < memory.generation) memory.sure_in = 0;  // a list from the past
  measure(memory, platform);
  if (pass->live.children.empty())
    pass->live.neighbours = neighbours(parts_.cache, pass->key);  // as of now: one may have come since we began to read
  Plan plan;
  try {
    plan = reconcile_(*object, pass->live, settings_, parts_.loop.clock().now());
  } catch (const std::exception& thrown) {      // it promises not to; one platform is not to take the others with it
    obs::error("reconcile threw", {{"namespace", pass->key.name_space}, {"platform", pass->key.name}, {"error", thrown.what()}});
    return end(pass, {.result = Result::Error, .retry = milliseconds(0)});
  }
  if (!plan.reads.empty()) return read(pass, plan.reads);
  if (!plan.empty() && memory.sure_in != term_) return make_sure(pass);
  if (memory.fights.observe(plan, parts_.loop.clock().steady_now(), parts_.rng)) return name_fighters(pass);
  execute(pass, std::move(platform), std::move(plan));
}

void Reconciler::read(const Passing& pass, const std::vector<Ref>& refs) {
  const Key& key = pass->key;
  if (pass->rounds++ == kReadRoundsMax) {
    obs::error("reconcile keeps asking", {{"namespace", key.name_space}, {"platform", key.name}, {"object", refs.front().name}});
    return end(pass, {.result = Result::Error, .retry = milliseconds(0)});
  }
  parts_.executor.read(key.name_space, refs, lifetime_.wrap([this, pass](base::Result<Executor::Reads> reads) {
    if (!reads) return unread(pass, reads.error());
    for (auto& [ref, object] : *reads) pass->live.reads.insert_or_assign(ref, std::move(object));
    decide(pass);
  }));
}

void Reconciler::unread(const Passing& pass, const base::Error& error) {
  obs::warn("cannot read", {{"namespace", pass->key.name_space}, {"platform", pass->key.name}, {"error", base::describe(error)}});
  end(pass, {.result = Result::Error, .retry = error.retry_after.value_or(milliseconds(0))});
}

/// Before the first write of a term: a watch that lags shows a wish that whoever led before us may have left behind, and carrying that
/// out would take back what was done since, down to the image of the database. The watch will tell of a newer one; then all begins anew.
void Reconciler::make_sure(const Passing& pass) {
  const Ref platform{std::string(kube::platform_kind().api_version), std::string(kube::platform_kind().kind), pass->key.name};
  const auto got = [this, pass, platform, term = term_](const base::Result<Executor::Reads>& reads) {
    if (!goes_on(*pass)) return end(pass, cut_short(*pass));
    if (!reads && reads.error().code == base::Code::PermissionDenied) {
      // The rights are those of an older release. To write nothing at all would be worse than what this guards against.
      obs::warn("may not get paymentplatforms: whoever takes over may carry out an older wish; upgrade the chart, which has the right",
                {{"namespace", pass->key.name_space}, {"platform", pass->key.name}, {"error", base::describe(reads.error())}});
      memories_[pass->key].sure_in = term;
      return decide(pass);
    }
    if (!reads) return unread(pass, reads.error());
    const std::optional<Object>& object = reads->at(platform);
    if (!object || kube::wish_of(*object) != pass->wish) {
      obs::info("the watch is behind: a newer wish is waited for", {{"namespace", pass->key.name_space}, {"platform", pass->key.name}});
      return end(pass, {.result = Result::Requeue, .retry = milliseconds(0)});
    }
    memories_[pass->key].sure_in = term;
    decide(pass);
  };
  parts_.executor.read(pass->key.name_space, {platform}, lifetime_.wrap(got));
}

/// The status names who changes what back; only the object itself, with all of its managed fields, can tell.
void Reconciler::name_fighters(const Passing& pass) {
  const auto refs = memories_[pass->key].fights.unnamed();
  parts_.executor.read(pass->key.name_space, refs, lifetime_.wrap([this, pass, refs](const base::Result<Executor::Reads>& reads) {
    Fights& fights = memories_[pass->key].fights;
    for (const Ref& ref : refs) fights.name(ref, reads ? reads->at(ref) : std::nullopt);
    pass->live.fought = fights.fought();
    for (const Ref& ref : refs) {
      const auto fight = pass->live.fought.find(ref);
      if (fight == pass->live.fought.end()) continue;  // the platform has gone meanwhile
      obs::warn("changed back each time it is written", {{"namespace", pass->key.name_space},
                                                         {"platform", pass->key.name},
                                                         {"object", ref.kind + " " + ref.name},
                                                         {"field", fight->second.path},
                                                         {"by", fight->second.manager}});
    }
    decide(pass);
  }));
}

void Reconciler::execute(const Passing& pass, Platform platform, Plan plan) {
  const auto now = parts_.loop.clock().steady_now();
  Memory& memory = memories_[pass->key];
  memory.fights.hold_back(plan, now);
  if (plan.requeue_after) pass->look_again = std::max(milliseconds(*plan.requeue_after), kRequeueMin);
  if (const auto due = memory.fights.next()) {
    const auto wait = std::max(std::chrono::ceil<milliseconds>(*due - now), milliseconds(0));
    pass->look_again = std::min(pass->look_again.value_or(wait), wait);
  }
  if (plan.empty()) {
    memory.restless = 0;
    memory.settled_generation = platform.generation;
    memory.at_rest = true;
    memory.due = pass->look_again ? std::optional(now + *pass->look_again) : std::nullopt;
    return end(pass, {.settled = true, .again = pass->look_again});
  }
  count_drift(memory, platform, plan);
  pass->sent = Fights::sent_by(plan);
  parts_.executor.execute(
      std::move(platform), std::move(plan), [this, pass] { return goes_on(*pass); },
      lifetime_.wrap([this, pass](const Outcome& outcome) { finish(pass, outcome); }));
}

void Reconciler::count_drift(const Memory& memory, const Platform& platform, const Plan& plan) const {
  if (memory.settled_generation != platform.generation) return;
  parts_.instruments.drift_corrected.Increment(static_cast<double>(plan.apply.size()));
}

/// Ready or not, and how long it took: from a change that was seen to happen, or from the creation of a platform that never changed.
void Reconciler::measure(Memory& memory, const Platform& platform) const {
  parts_.instruments.set_platform(platform);
  const auto now = parts_.loop.clock().steady_now();
  const bool first_look = memory.generation < 0;
  if (std::exchange(memory.generation, platform.generation) != platform.generation) {
    memory.wished_at.reset();
    if (!first_look) {
      memory.wished_at = now;
    } else if (platform.generation == 1 && platform.created) {
      memory.wished_at = now - std::max(parts_.loop.clock().now() - *platform.created, std::chrono::microseconds(0));
    }
    if (first_look && platform.ready) memory.wished_at.reset();
  }
  if (memory.wished_at && platform.ready && platform.observed_generation == platform.generation) {
    parts_.instruments.time_to_ready.Observe(std::chrono::duration<double>(now - *std::exchange(memory.wished_at, std::nullopt)).count());
  }
}

void Reconciler::finish(const Passing& pass, const Outcome& outcome) {
  const Key& key = pass->key;
  if (!parts_.cache.version(id_of(key))) return end(pass, {});
  Memory& memory = memories_[key];
  std::set<Ref> written;
  for (const auto& [id, uid, version] : outcome.written) {
    parts_.expectations.written(key, {id, uid, version});
    written.insert(ref_of(id));
    memory.refused.erase(ref_of(id));
  }
  for (const Fights::Sent& sent : pass->sent) {
    if (written.contains(sent.ref)) memory.fights.written(sent, parts_.loop.clock().steady_now());
  }
  for (const kube::Written& removed : outcome.removed) {
    parts_.expectations.removed(key, removed.id, removed.uid);
    memory.fights.removed(ref_of(removed.id));
  }
  if (!outcome.failures.empty()) return end(pass, failed(*pass, outcome));
  if (outcome.cut_short) return end(pass, cut_short(*pass));
  if (outcome.wrote() && ++memory.restless > kRestlessMax) {
    obs::warn("platform does not come to rest", {{"namespace", key.name_space}, {"platform", key.name}, {"plans", memory.restless}});
    return end(pass, {.result = Result::Requeue, .again = pass->look_again, .retry = milliseconds(0)});
  }
  // Look once more when the cache has seen what was written; the last of it may have arrived already.
  const milliseconds seen = std::max(parts_.expectations.wait(key), kBurst);
  end(pass, {.again = std::min(seen, pass->look_again.value_or(seen))});
}

void Reconciler::end(const Passing& pass, const Verdict& verdict) {
  views_.keep(pass->key, {std::move(pass->live.children), std::move(pass->revisions)});
  pass->done(verdict);
}

Verdict Reconciler::cut_short(const Pass& pass) const {
  if (!parts_.may_write()) return {};  // whoever leads next begins anew
  const Key& key = pass.key;
  if (superseded(pass)) {
    obs::info("plan dropped for a newer wish", {{"namespace", key.name_space}, {"platform", key.name}});
    return {.result = Result::Requeue, .again = milliseconds(0)};
  }
  if (!late(pass)) return {.result = Result::Requeue, .again = milliseconds(0)};  // the lease was lost for a moment
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
