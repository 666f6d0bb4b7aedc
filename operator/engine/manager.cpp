#include "operator/engine/manager.hpp"

#include <utility>

#include "common/obs/log.hpp"

namespace engine {

using std::chrono::milliseconds;

namespace {

constexpr std::chrono::seconds kLeaseInDoubt{1};     // as long as that is, what waits is looked at so often

}  // namespace

Manager::Manager(Ports ports, ManagerOptions options, Reconcile reconcile)
    : ports_(ports),
      options_(std::move(options)),
      api_(ports.transport),
      cache_([this](const kube::Cache::Change& change) { changed(change); },
             [this] { ports_.loop.post(lifetime_.wrap([this] { begin(); })); }),
      watches_(ports.loop, ports.transport, ports.rng, cache_),
      queue_(ports.loop, ports.rng, ports.instruments, [this](const Key& key) { run(key); }),
      expectations_(ports.loop, cache_),
      executor_(
          ports.loop, api_, ports.rng, ports.keys, [this] { return may_write(); }, options_.instance),
      reconciler_({ports.loop, ports.rng, cache_, expectations_, executor_, ports.instruments, [this] { return may_write(); }},
                  options_.settings, std::move(reconcile)) {}

void Manager::set_leading(bool leading) {
  if (leading == leading_) return;
  leading_ = leading;
  obs::info(leading ? "leading" : "not leading");
  begun_.clear();
  if (!leading) return;
  reconciler_.lead();
  begin();
}

/// The first look at every platform of a namespace, once all there is known: one that cannot be listed does not stop the others.
void Manager::begin() {
  if (!leading_ || stopping_) return;
  const std::vector<std::string> all = {""};
  for (const std::string& name_space : options_.namespaces.empty() ? all : options_.namespaces) {
    if (begun_.contains(name_space) || !cache_.synced(name_space)) continue;
    begun_.insert(name_space);
    std::size_t platforms = 0;
    for (const Key& key : cache_.platforms()) {
      if (!name_space.empty() && key.name_space != name_space) continue;
      queue_.add(key, Urgency::StartUp);
      ++platforms;
    }
    obs::info("caches are warm", {{"namespace", name_space}, {"platforms", platforms}, {"objects", cache_.objects()}});
  }
}

void Manager::changed(const kube::Cache::Change& change) {
  const Key& key = change.platform;
  ports_.instruments.set_cache(cache_.objects(), cache_.bytes());
  if (change.kind == &kube::platform_kind() && !cache_.version({key.name_space, change.kind, key.name})) return forget(key);
  if (change.different) reconciler_.touched(key);
  if (!begun(key)) return;
  if (change.wish) return queue_.add_now(key);
  const bool waited = expectations_.pending(key);
  if (expectations_.wait(key) > milliseconds(0)) return;   // for the rest of our own writes, or for the end of patience
  if (waited) return queue_.resume(key);
  if (change.different) queue_.add_after(key, kBurst, Urgency::Event);
}

void Manager::run(const Key& key) {
  if (const milliseconds wait = expectations_.wait(key); wait > milliseconds(0)) return queue_.postpone(key, wait);
  reconciler_.run(key, [this, key, started = ports_.loop.clock().steady_now()](const Verdict& verdict) {
    const auto took = ports_.loop.clock().steady_now() - started;
    ports_.instruments.reconciled(verdict.result, std::chrono::duration<double>(took).count());
    end(key, verdict);
  });
}

void Manager::end(const Key& key, const Verdict& verdict) {
  if (!cache_.version({key.name_space, &kube::platform_kind(), key.name})) forget(key);
  if (verdict.settled) queue_.settled(key);
  if (verdict.retry) queue_.retry(key, *verdict.retry);
  if (verdict.again) queue_.add_after(key, *verdict.again);
  // A leader whose lease is late, or whose clock was set, renews it and goes on: nobody begins anew then.
  if (leading_ && !may_write() && !verdict.settled) queue_.add_after(key, kLeaseInDoubt);
  queue_.done(key);
  check_stopped();
}

void Manager::forget(const Key& key) {
  queue_.forget(key);
  expectations_.forget(key);
  reconciler_.forget(key);
  ports_.instruments.forget(key);
}

void Manager::measure() {
  queue_.measure();
  ports_.instruments.watch_silence.Set(std::chrono::duration<double>(watches_.silence()).count());
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
