#include "operator/engine/manager.hpp"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "common/obs/log.hpp"

namespace engine {
namespace {

using controllers::Object;
using controllers::Plan;
using controllers::Ref;
using controllers::Snapshot;
using std::chrono::milliseconds;

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

}  // namespace

Manager::Manager(Ports ports, ManagerOptions options, Reconcile reconcile)
    : ports_(ports),
      options_(std::move(options)),
      reconcile_(std::move(reconcile)),
      api_(ports.transport),
      cache_([this](const kube::Cache::Change& change) { changed(change); },
             [this] { ports_.loop.post(lifetime_.wrap([this] { begin(); })); }),
      queue_(ports.loop, ports.rng, ports.instruments, [this](const Key& key) { run(key); }),
      expectations_(ports.loop, cache_),
      executor_(ports.loop, api_, ports.rng, ports.keys, [this] { return may_write(); }, options_.instance) {}

void Manager::start() {
  std::vector<std::string> namespaces = options_.namespaces;
  if (namespaces.empty()) namespaces.emplace_back();
  for (const std::string& name_space : namespaces) {
    watch(kube::platform_kind(), name_space);
    for (const kube::Kind& kind : kube::child_kinds()) watch(kind, name_space);
  }
  for (const auto& watcher : watchers_) watcher->start();
}

void Manager::watch(const kube::Kind& kind, const std::string& name_space) {
  const kube::WatchTarget target{&kind, name_space};
  kube::WatchSink& sink = cache_.source(target, [this, target](const base::Error& error) { trouble(target, error); });
  watchers_.push_back(std::make_unique<kube::Watcher>(target, ports_.loop, ports_.transport, ports_.rng, sink));
}

void Manager::trouble(const kube::WatchTarget& target, const base::Error& error) {
  const std::string collection = std::string(target.kind->plural) + (target.name_space.empty() ? "" : " in " + target.name_space);
  // A stream that expires or breaks is everyday; a list that fails keeps us from working.
  const bool known = cache_.synced();
  const bool platforms_unknown = !known && error.code == base::Code::NotFound && target.kind == &kube::platform_kind();
  const std::string hint = platforms_unknown ? "; install crds/paymentplatforms.yaml" : "";
  obs::log().log(known ? obs::Level::Info : obs::Level::Warn, "watch interrupted",
                 {{"collection", collection}, {"error", base::describe(error) + hint}});
  troubles_[collection] = base::describe(error) + hint;
}

std::string Manager::not_ready() const {
  if (cache_.synced()) return {};
  std::string why = "waiting for the first list of every collection";
  for (const auto& [collection, problem] : troubles_) why += "; " + collection + ": " + problem;
  return why;
}

void Manager::set_leading(bool leading) {
  if (leading == leading_) return;
  leading_ = leading;
  obs::info(leading ? "leading" : "not leading");
  begun_ = false;
  if (leading) begin();
}

/// The first look at every platform, once all is known.
void Manager::begin() {
  if (begun_ || !leading_ || stopping_ || !cache_.synced()) return;
  begun_ = true;
  const auto platforms = cache_.platforms();
  obs::info("caches are warm", {{"platforms", platforms.size()}, {"objects", cache_.objects()}});
  for (const Key& key : platforms) queue_.add(key);
}

void Manager::changed(const kube::Cache::Change& change) {
  const Key& key = change.platform;
  ports_.instruments.set_cache(cache_.objects(), cache_.bytes());
  if (!begun_) return;
  if (change.kind == &kube::platform_kind()) {
    const auto platform = cache_.version({key.name_space, change.kind, key.name});
    if (!platform) return forget(key);
    std::int64_t& seen = memories_[key].seen_generation;
    const bool new_wish = std::exchange(seen, platform->generation) != platform->generation;
    if (leading_ && new_wish) return queue_.add_now(key);
  }
  if (!leading_) return;
  const bool waited = expectations_.pending(key);
  if (expectations_.wait(key) > milliseconds(0)) return;   // for the rest of our own writes, or for the end of patience
  if (change.different || waited) queue_.add_after(key, kBurst);
}

void Manager::run(const Key& key) {
  started_[key] = ports_.loop.clock().steady_now();
  if (const milliseconds wait = expectations_.wait(key); wait > milliseconds(0)) {
    started_.erase(key);
    queue_.done(key);
    queue_.add_after(key, wait);
    return;
  }
  const auto platform = cache_.platform(key);
  if (!platform || !may_write()) return end(key, Instruments::Result::Success);
  ports_.instruments.set_ready(key, is_ready(*platform));
  auto live = std::make_shared<Snapshot>();
  for (Object& child : cache_.children(key)) {
    Ref ref{text(child, "apiVersion"), text(child, "kind"), text(child["metadata"], "name")};
    live->children.emplace(std::move(ref), std::move(child));
  }
  live->refused = memories_[key].refused;
  decide(key, live, 0);
}

void Manager::decide(const Key& key, const std::shared_ptr<Snapshot>& live, int round) {
  const auto platform = cache_.platform(key);
  if (!platform || !may_write()) return end(key, Instruments::Result::Success);
  Plan plan = reconcile_(*platform, *live, options_.settings, ports_.loop.clock().now());
  if (plan.reads.empty()) return execute(key, *platform, std::move(plan));
  if (round == kReadRoundsMax) {
    obs::error("reconcile keeps asking", {{"namespace", key.name_space}, {"platform", key.name}, {"object", plan.reads.front().name}});
    queue_.retry(key);
    return end(key, Instruments::Result::Error);
  }
  executor_.read(key.name_space, plan.reads, lifetime_.wrap([this, key, live, round](base::Result<Executor::Reads> reads) {
    if (!reads) {
      obs::warn("cannot read", {{"namespace", key.name_space}, {"platform", key.name}, {"error", base::describe(reads.error())}});
      queue_.retry(key, reads.error().retry_after.value_or(milliseconds(0)));
      return end(key, Instruments::Result::Error);
    }
    for (auto& [ref, object] : *reads) live->reads.insert_or_assign(ref, std::move(object));
    decide(key, live, round + 1);
  }));
}

void Manager::execute(const Key& key, const Object& object, Plan plan) {
  Memory& memory = memories_[key];
  if (plan.requeue_after) queue_.add_after(key, std::max(milliseconds(*plan.requeue_after), milliseconds(1'000)));
  if (plan.empty()) {
    memory.restless = 0;
    memory.settled_generation = generation(object);
    queue_.settled(key);
    return end(key, Instruments::Result::Success);
  }
  count_drift(key, object, plan);
  executor_.execute(identity(key, object), std::move(plan), lifetime_.wrap([this, key](const Outcome& outcome) { finish(key, outcome); }));
}

void Manager::count_drift(const Key& key, const Object& platform, const Plan& plan) {
  const std::size_t objects = plan.apply.size();
  if (objects == 0 || memories_[key].settled_generation != generation(platform)) return;
  ports_.instruments.drift_corrected.Increment(static_cast<double>(objects));
}

void Manager::finish(const Key& key, const Outcome& outcome) {
  if (!cache_.platform(key)) {
    forget(key);
    return end(key, Instruments::Result::Success);
  }
  Memory& memory = memories_[key];
  for (const auto& [id, uid, version] : outcome.written) {
    expectations_.written(key, {id, uid, version});
    memory.refused.erase({std::string(id.kind->api_version), std::string(id.kind->kind), id.name});
  }
  for (const kube::Written& removed : outcome.removed) expectations_.removed(key, removed.id, removed.uid);
  if (!outcome.failures.empty()) return failed(key, outcome);
  if (outcome.wrote() && ++memory.restless > kRestlessMax) {
    const milliseconds delay = queue_.retry(key);
    obs::warn("platform does not come to rest",
              {{"namespace", key.name_space}, {"platform", key.name}, {"plans", memory.restless}, {"next_ms", delay.count()}});
    return end(key, Instruments::Result::Requeue);
  }
  // Look once more when the cache has seen what was written; the last of it may have arrived already.
  queue_.add_after(key, std::max(expectations_.wait(key), kBurst));
  end(key, Instruments::Result::Success);
}

void Manager::failed(const Key& key, const Outcome& outcome) {
  Memory& memory = memories_[key];
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
    if (refused(code)) memory.refused[failure.ref] = failure.error.message;
  }
  // A lost race is settled by looking again, once the cache has caught up with whoever won it.
  queue_.retry(key, at_least);
  end(key, lost_race_only ? Instruments::Result::Requeue : Instruments::Result::Error);
}

void Manager::end(const Key& key, Instruments::Result result) {
  const auto took = ports_.loop.clock().steady_now() - started_[key];
  started_.erase(key);
  ports_.instruments.reconciled(result, std::chrono::duration<double>(took).count());
  queue_.done(key);
  check_stopped();
}

void Manager::forget(const Key& key) {
  queue_.forget(key);
  expectations_.forget(key);
  memories_.erase(key);
  ports_.instruments.forget(key);
}

void Manager::stop(std::function<void()> stopped) {
  stopping_ = true;
  stopped_ = std::move(stopped);
  queue_.stop();
  check_stopped();
}

void Manager::check_stopped() {
  if (stopping_ && queue_.running() == 0 && stopped_) ports_.loop.post(std::exchange(stopped_, nullptr));
}

}  // namespace engine
