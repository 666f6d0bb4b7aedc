// Leads while it holds a Lease: the shell around the state machine of kube/lease.hpp. Several replicas keep their caches warm;
// the one that holds the lease writes.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "common/obs/metrics.hpp"
#include "operator/kube/lease.hpp"
#include "operator/kube/loop.hpp"
#include "operator/kube/transport.hpp"

namespace engine {

struct LeaderOptions {
  std::string name_space;              // where the Lease lies
  std::string name;
  std::string identity;                // of this process and no other
  kube::LeaseTimes times;
};

class Leader {
 public:
  /// `transport` must not hold requests back: a renewal that waits in a queue is a lost lease. `changed` hears of every gain and loss.
  Leader(kube::Loop& loop, kube::Transport& transport, base::Rng& rng, LeaderOptions options, obs::Metrics& metrics,
         std::function<void(bool leads)> changed);

  void start() { feed(kube::lease_input::Wake{}); }
  /// Gives the lease back, when it is ours; `done` when that has been answered. Nothing may be written from here on.
  void leave(std::function<void()> done);

  /// How long a write that is started now may take; zero: none may be started. By the clock, not by what this process remembers: one that
  /// was stopped for a while and goes on has lost its lease before it knows.
  [[nodiscard]] std::chrono::milliseconds write_time() const;

 private:
  void feed(const kube::LeaseInput& input);
  void act(const kube::lease_action::Read&);
  void act(const kube::lease_action::Write& action);
  void act(const kube::lease_action::WakeAfter& action);
  void act(const kube::lease_action::Lead&);
  void act(const kube::lease_action::Follow&);
  void act(const kube::lease_action::Left&);

  void send(kube::Request request, bool writes);
  void answered(bool wrote, const base::Result<kube::Response>& result);
  void trouble(const base::Error& error);
  void seen(const kube::LeaseRecord& record);

  kube::Loop& loop_;
  kube::Transport& transport_;
  base::Rng& rng_;
  LeaderOptions options_;
  prometheus::Gauge& leads_;
  std::function<void(bool)> changed_;
  kube::Lease lease_;
  base::TimePoint asked_wall_{};  // the moments of Lease::asked_at and renewed_at by the wall clock
  base::TimePoint renewed_wall_{};
  std::string holder_;  // as last logged
  bool troubled_ = false;
  kube::Timer timer_;
  std::function<void()> left_;
  kube::Lifetime lifetime_;
};

}  // namespace engine
