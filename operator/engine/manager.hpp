// The operator as a whole: watches fill the cache, changes fill the queue, and every platform is brought by its plan
// to where reconcile() wants it. Single-threaded on the loop; no I/O of its own.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "controllers/platform/plan.hpp"
#include "operator/engine/executor.hpp"
#include "operator/engine/expectations.hpp"
#include "operator/engine/work_queue.hpp"
#include "operator/kube/watcher.hpp"

namespace engine {

// A reconcile asks for what it must read by name, is given it, and may then ask for more: a Secret, then what that refers to.
inline constexpr int kReadRoundsMax = 4;
// Events of children come in bursts (a rollout touches a dozen objects): one look at the end of a burst is enough.
inline constexpr std::chrono::milliseconds kBurst{25};
// Plans in a row that all wrote something without the platform coming to rest: from there on each waits longer.
inline constexpr int kRestlessMax = 20;

using Reconcile = std::function<controllers::Plan(const controllers::Object& platform, const controllers::Snapshot& live,
                                                  const controllers::Settings& settings, base::TimePoint now)>;

struct ManagerOptions {
  std::vector<std::string> namespaces;     // empty: all
  controllers::Settings settings;
  std::string instance;                    // this process, in events
  std::function<bool()> lease_holds = {};  // by the clock, at this moment; without leader election: absent
};

struct Ports {
  kube::Loop& loop;
  kube::Transport& transport;
  base::Rng& rng;
  KeyMaker& keys;
  Instruments& instruments;
};

class Manager {
 public:
  Manager(Ports ports, ManagerOptions options, Reconcile reconcile);

  /// Starts the watches. Reconciles start when every collection is known and this process leads.
  void start();
  /// Without leader election: true at once. The caches are kept warm while false. What is under way stops before its next write.
  void set_leading(bool leading);
  /// No new writes; `stopped` when what is in flight has been answered.
  void stop(std::function<void()> stopped);

  /// Why the operator is not ready to work; empty when it is.
  [[nodiscard]] std::string not_ready() const;

 private:
  /// What is remembered about a platform between two reconciles.
  struct Memory {
    int restless = 0;                        // plans in a row that wrote
    std::int64_t seen_generation = -1;       // of the spec
    std::int64_t settled_generation = -1;    // for which the last plan was empty
    std::map<controllers::Ref, std::string> refused;   // what the API server said to the last write of it
  };

  void watch(const kube::Kind& kind, const std::string& name_space);
  void trouble(const kube::WatchTarget& target, const base::Error& error);
  void changed(const kube::Cache::Change& change);
  void begin();
  void run(const Key& key);
  void decide(const Key& key, const std::shared_ptr<controllers::Snapshot>& live, int round);
  void execute(const Key& key, const controllers::Object& platform, controllers::Plan plan);
  void finish(const Key& key, const Outcome& outcome);
  void failed(const Key& key, const Outcome& outcome);
  void end(const Key& key, Instruments::Result result);
  void count_drift(const Key& key, const controllers::Object& platform, const controllers::Plan& plan);
  void forget(const Key& key);
  void check_stopped();
  [[nodiscard]] bool may_write() const { return leading_ && !stopping_ && (!options_.lease_holds || options_.lease_holds()); }

  Ports ports_;
  ManagerOptions options_;
  Reconcile reconcile_;
  kube::Api api_;
  kube::Cache cache_;
  WorkQueue queue_;
  Expectations expectations_;
  Executor executor_;
  std::vector<std::unique_ptr<kube::Watcher>> watchers_;
  std::map<std::string, std::string> troubles_;     // collection -> what keeps it from being known
  std::map<Key, Memory> memories_;
  std::map<Key, base::SteadyPoint> started_;        // reconciles under way
  bool begun_ = false;
  bool leading_ = false;
  bool stopping_ = false;
  std::function<void()> stopped_;
  kube::Lifetime lifetime_;
};

}  // namespace engine
