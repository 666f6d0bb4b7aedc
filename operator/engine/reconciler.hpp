// One reconcile of one platform, from the first look to the last answer:
//
//   Snapshot from the cache -> controllers::reconcile() -> reads by name, and again -> once: is the wish still this one?
//     -> what is fought over is held back -> Executor -> what to remember, what next
//
// Several run side by side, never two of one platform; the work queue sees to that.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "controllers/platform/plan.hpp"
#include "operator/engine/executor.hpp"
#include "operator/engine/expectations.hpp"
#include "operator/engine/fights.hpp"
#include "operator/engine/instruments.hpp"
#include "operator/engine/views.hpp"

namespace engine {

// A reconcile asks for what it must read by name, is given it, and may then ask for more: a Secret, then what that refers to.
inline constexpr int kReadRoundsMax = 4;
// Plans in a row that all wrote something without the platform coming to rest: from there on each waits longer.
inline constexpr int kRestlessMax = 20;
// An install of 170 objects takes half a second; a minute means that the API server is in trouble, and that looking again is better than
// finishing a plan of a minute ago. What was sent by then is still answered, and that takes no longer than a request may.
inline constexpr std::chrono::seconds kReconcileDeadline{60};

using Reconcile = std::function<controllers::Plan(const controllers::Object& platform, const controllers::Snapshot& live,
                                                  const controllers::Settings& settings, base::TimePoint now)>;

/// The other platforms of its namespace.
[[nodiscard]] std::vector<controllers::Neighbour> neighbours(const kube::Cache& cache, const kube::PlatformKey& key);

/// How a reconcile ended, and when the platform is looked at again.
struct Verdict {
  Instruments::Result result = Instruments::Result::Success;
  bool settled = false;                                          // nothing was left to do
  std::optional<std::chrono::milliseconds> again{};              // look again after this
  std::optional<std::chrono::milliseconds> retry{};              // it failed: after the growing delay of the queue, not before this
};

class Reconciler {
 public:
  struct Parts {
    kube::Loop& loop;
    base::Rng& rng;
    kube::Cache& cache;
    Expectations& expectations;
    Executor& executor;
    Instruments& instruments;
    std::function<bool()> may_write;
  };
  Reconciler(Parts parts, controllers::Settings settings, Reconcile reconcile);

  /// `done` runs on the loop, once, possibly within this call. A platform that was at rest, and of which nothing was touched since, is not
  /// looked at before its time.
  void run(const Key& key, std::function<void(Verdict)> done);
  /// From now on this process leads. Whoever led before may have seen a newer wish than our watches have told us of yet.
  void lead() { ++term_; }
  /// The platform is gone: nothing about it is kept.
  void forget(const Key& key) {
    memories_.erase(key);
    views_.forget(key);
  }
  /// Something of it is different from what the last run saw.
  void touched(const Key& key) {
    if (const auto memory = memories_.find(key); memory != memories_.end()) memory->second.touched = true;
  }

 private:
  /// What is remembered about a platform between two reconciles.
  struct Memory {
    bool touched = true;  // since the last run began
    bool at_rest = false;  // its plan was empty
    std::optional<base::SteadyPoint> due{};  // and would be made again at this time
    int restless = 0;  // plans in a row that wrote
    std::uint64_t sure_in = 0;  // the term in which the API server itself was asked for its wish
    std::int64_t settled_generation = -1;  // for which the last plan was empty
    std::map<controllers::Ref, std::string> refused;  // what the API server said to the last write of it
    Fights fights;
    std::uint64_t wish = 0;  // that `fights` are about
    std::int64_t generation = -1;  // last seen
    std::optional<base::SteadyPoint> wished_at{};  // when that was asked for, until it is Ready with it
  };
  /// One reconcile under way.
  struct Pass {
    Key key;
    std::string uid;  // of the platform, and what its users say: when either is another, this pass is of no use
    std::uint64_t wish = 0;
    std::uint64_t term = 0;  // the plan of a former one is not gone on with
    base::SteadyPoint deadline;
    controllers::Snapshot live;
    Views::Revisions revisions{};  // of its children
    int rounds = 0;  // of reads
    std::vector<Fights::Sent> sent{};
    std::optional<std::chrono::milliseconds> look_again{};
    std::function<void(Verdict)> done;
  };
  using Passing = std::shared_ptr<Pass>;

  void decide(const Passing& pass);
  void read(const Passing& pass, const std::vector<controllers::Ref>& refs);
  void unread(const Passing& pass, const base::Error& error);
  void make_sure(const Passing& pass);
  void name_fighters(const Passing& pass);
  void execute(const Passing& pass, Platform platform, controllers::Plan plan);
  void finish(const Passing& pass, const Outcome& outcome);
  void end(const Passing& pass, const Verdict& verdict);
  [[nodiscard]] Verdict cut_short(const Pass& pass) const;
  [[nodiscard]] Verdict failed(const Pass& pass, const Outcome& outcome);
  void count_drift(const Memory& memory, const Platform& platform, const controllers::Plan& plan) const;
  void measure(Memory& memory, const Platform& platform) const;

  [[nodiscard]] bool superseded(const Pass& pass) const;
  [[nodiscard]] bool late(const Pass& pass) const { return parts_.loop.clock().steady_now() >= pass.deadline; }
  [[nodiscard]] bool goes_on(const Pass& pass) const {
    return parts_.may_write() && pass.term == term_ && !superseded(pass) && !late(pass);
  }

  Parts parts_;
  controllers::Settings settings_;
  Reconcile reconcile_;
  std::map<Key, Memory> memories_;
  std::uint64_t term_ = 0;  // how often this process has begun to lead
  Views views_;
  kube::Lifetime lifetime_;
};

}  // namespace engine
