// Which platform is reconciled next. A key is queued once however often it is added, never runs twice at once,
// and one that is added while it runs runs again afterwards. Several keys run side by side; lanes.hpp says in which order they start.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>

#include "common/base/rng.hpp"
#include "operator/engine/instruments.hpp"
#include "operator/engine/lanes.hpp"
#include "operator/kube/backoff.hpp"
#include "operator/kube/loop.hpp"

namespace engine {

// Side by side; each plan has up to 8 requests in flight, and an API server with the default limits takes 200 writes.
inline constexpr std::size_t kKeysInFlightMax = 8;
// Of those, platforms that were there before us. A look keeps the loop for milliseconds, and what a user asks for meanwhile takes several
// turns of it, each behind everything that is under way.
inline constexpr std::size_t kStartUpsInFlightMax = 2;
// Events of children come in bursts (a rollout touches a dozen objects): one look at the end of a burst is enough.
inline constexpr std::chrono::milliseconds kBurst{25};
inline constexpr kube::Backoff::Limits kKeyBackoff{std::chrono::milliseconds(100), std::chrono::seconds(30), std::chrono::minutes(10)};

class WorkQueue {
 public:
  /// `run` starts the work; whoever does it calls done(key) when it has ended, on the loop.
  WorkQueue(kube::Loop& loop, base::Rng& rng, Instruments& instruments, std::function<void(const Key&)> run);

  void add(const Key& key, Urgency urgency) { add_after(key, {}, urgency); }
  /// Of two delays the earlier counts, of two reasons the more urgent.
  void add_after(const Key& key, std::chrono::milliseconds delay, Urgency urgency = Urgency::Again);
  /// A new wish of the user: overtakes every delay, that of a failure too.
  void add_now(const Key& key);
  /// After a failure: exponential, with jitter, not before `at_least`. Until then add() does not start the key either:
  /// what failed would otherwise be repeated with every event that it causes. A wish that came during the run does not wait.
  std::chrono::milliseconds retry(const Key& key, std::chrono::milliseconds at_least = {});
  /// After a success: the next failure waits little again.
  void settled(const Key& key);
  void done(const Key& key);
  /// done(), and again after `delay`, as urgent as this run was.
  void postpone(const Key& key, std::chrono::milliseconds delay);
  /// What it was postponed for has come: a wish starts now, everything else at the end of the burst.
  void resume(const Key& key);
  /// The platform is gone: nothing about it is kept. A running key ends as usual.
  void forget(const Key& key);
  /// Nothing starts any more.
  void stop();

  [[nodiscard]] bool running(const Key& key) const { return active_.contains(key); }
  [[nodiscard]] std::size_t running() const { return active_.size(); }
  /// Brings the gauges of what is under way up to this moment.
  void measure();

 private:
  struct Delayed {
    base::SteadyPoint due;
    Urgency urgency;
    kube::Timer timer;
  };
  struct Run {
    Urgency urgency;
    base::SteadyPoint started;
  };

  /// The least urgent that may start now; nothing while all places are taken.
  [[nodiscard]] std::optional<Urgency> least() const;
  void push(const Key& key, Urgency urgency);
  void pump();

  kube::Loop& loop_;
  base::Rng& rng_;
  Instruments& instruments_;
  std::function<void(const Key&)> run_;
  Lanes ready_;
  std::map<Key, Run> active_;
  std::map<Key, Urgency> again_;             // added while active
  std::map<Key, Delayed> delayed_;
  std::map<Key, kube::Backoff> backoffs_;
  std::map<Key, base::SteadyPoint> held_;    // after a failure, until then
  bool stopped_ = false;
  bool pumping_ = false;      // a turn of the loop is booked
  kube::Lifetime lifetime_;
};

}  // namespace engine
