// A cluster in memory, for tests: it takes plans, fills in what API servers fill in, and plays the controllers behind workloads.
#pragma once

#include <set>
#include <string>

#include "controllers/component/live.hpp"
#include "controllers/component/objects.hpp"
#include "controllers/platform/plan.hpp"

namespace controllers::test {

inline const base::TimePoint kStart = *base::parse_rfc3339("2026-03-01T08:00:00Z");

Settings settings();

class FakeCluster {
 public:
  Object platform;
  Snapshot snapshot;                 // children, and what reads have answered in this reconcile
  std::map<Ref, Object> strangers;   // objects without our labels, seen by reads only
  base::TimePoint now = kStart;
  Settings options = settings();
  std::size_t writes = 0;
  std::size_t reads = 0;
  std::set<std::string> reasons;     // that were ever told of it; each has to stand where the page of reasons has it

  explicit FakeCluster(Object spec = Object::object());

  void edit_spec(const Object& patch);

  void user_secret(const std::string& name, const std::vector<std::string>& keys, const std::string& value = "eA==");

  /// One reconcile as the engine runs it: reads are answered until a plan asks for none.
  Plan decide();

  /// Executes a plan; `stop_after` writes the operator dies.
  void execute(const Plan& plan, std::size_t stop_after = SIZE_MAX);

  /// Reconciles and plays the cluster until nothing more happens.
  void settle(int rounds_max = 20);

  /// What the cluster's controllers do with our workloads. True when something changed.
  bool play();

  void break_workload(const std::string& name) { broken_.insert(name); }
  void mend_workload(const std::string& name) { broken_.erase(name); }
  /// The roll of a Deployment that is under way does not get on.
  void hold_roll(const std::string& name) { stuck_.insert(name); }
  void let_roll(const std::string& name) { stuck_.erase(name); }
  /// One pod of a Deployment is evicted, and the one that follows it finds no node.
  void evict(const std::string& name) { evicted_.insert(name); }
  void uncordon(const std::string& name) { evicted_.erase(name); }

  Object& child(const char* api, const char* kind, const std::string& name) { return snapshot.children.at({api, kind, name}); }
  [[nodiscard]] bool has(const char* kind, const std::string& name) const;
  [[nodiscard]] Object condition(const std::string& type) const;

  void add_pod(const std::string& name, const std::string& app, Object status, Object labels = Object::object());

 private:
  void generate(const Generate& g);

  void apply(const Apply& a);

  void remove(const Ref& ref, const std::string& uid);

  void hear(const std::string& reason, const std::string& place);

  std::set<std::string> broken_;
  std::set<std::string> stuck_;
  std::set<std::string> evicted_;
  int uids_ = 0;
};

/// The quickstart: simulator, WeChat Pay, no authentication.
Object quickstart_spec();

/// A platform that is Ready and at rest.
FakeCluster settled(Object spec = quickstart_spec());

/// Children without what only their history says.
std::map<Ref, Object> essence(const FakeCluster& cluster);

}  // namespace controllers::test
