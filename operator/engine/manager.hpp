// The operator as a whole: watches fill the cache, changes fill the queue, and the reconciler brings every platform to where reconcile()
// wants it, as long as this process leads. Single-threaded on the loop; no I/O of its own.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "operator/engine/reconciler.hpp"
#include "operator/engine/watches.hpp"
#include "operator/engine/work_queue.hpp"

namespace engine {

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

  /// Starts the watches. Reconciles in a namespace start when every collection there is known and this process leads.
  void start() { watches_.start(options_.namespaces, options_.settings.name_prefixes); }
  /// Without leader election: true at once. The caches are kept warm while false. What is under way stops before its next write.
  void set_leading(bool leading);
  /// No new writes; `stopped` when what is in flight has been answered.
  void stop(std::function<void()> stopped);

  /// Why the operator is not ready to work; empty when it is.
  [[nodiscard]] std::string not_ready() const { return watches_.not_ready(); }
  /// Why this process had better be started anew; empty when all is well.
  [[nodiscard]] std::string not_alive() const { return watches_.not_alive(); }
  /// Brings the gauges that time moves up to this moment.
  void measure();

 private:
  void begin();
  [[nodiscard]] bool begun(const Key& key) const { return begun_.contains("") || begun_.contains(key.name_space); }
  void changed(const kube::Cache::Change& change);
  void run(const Key& key);
  void end(const Key& key, const Verdict& verdict);
  void forget(const Key& key);
  void check_stopped();
  [[nodiscard]] bool may_write() const { return leading_ && !stopping_ && (!options_.lease_holds || options_.lease_holds()); }

  Ports ports_;
  ManagerOptions options_;
  kube::Api api_;
  kube::Cache cache_;
  Watches watches_;
  WorkQueue queue_;
  Expectations expectations_;
  Executor executor_;
  Reconciler reconciler_;
  std::set<std::string> begun_;      // of the namespaces that we were given; "": all there are
  bool leading_ = false;
  bool stopping_ = false;
  std::function<void()> stopped_;
  kube::Lifetime lifetime_;
};

}  // namespace engine
