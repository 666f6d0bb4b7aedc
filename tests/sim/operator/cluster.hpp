// What lives behind the API server: the controllers, the scheduler and the kubelets, as far as an operator can tell. Each looks at an
// object some time after it changed, and acts on what is there then.
//
// Simpler than the real ones where nobody can see it: a Deployment has its pods without ReplicaSets between them; there is one node.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/sim/operator/faults.hpp"
#include "tests/sim/operator/server.hpp"

namespace sim {

inline constexpr const char* kControllerManager = "kube-controller-manager";

/// What a database wrote on a volume.
struct Disk {
  std::string root_password;      // "": still empty
  bool migrated = false;
};

class Cluster {
 public:
  Cluster(Schedule& schedule, Server& server, FaultPlan& faults);

  std::set<std::string> bad_images;                          // of these nothing can be pulled
  std::set<std::string> storage_classes = {"standard", "fast-ssd"};
  std::map<std::string, std::int64_t> load;                  // pods that an autoscaler finds right, by Deployment
  int schema_failures = 0;                                   // the next so many migrations fail
  std::map<std::string, Disk> disks;                         // by the claim's uid

  // For the controllers, each in a file of its own.
  [[nodiscard]] Server& server() { return server_; }
  [[nodiscard]] const Schedule& schedule() const { return schedule_; }
  /// Has a controller look at it, once, in a while.
  [[nodiscard]] FaultPlan& faults() const { return faults_; }
  void soon(const Place& place) { look_in(place, faults_.controller_lag()); }
  /// The earlier of two looks counts: each looks at everything.
  void look_in(const Place& place, microseconds delay);
  /// Pods that a workload controls, also those that are ending.
  [[nodiscard]] std::vector<Stored> pods_of(const Object& owner) const;
  /// All that are not ready look again: something that they may wait for has changed.
  void wake_pods(const std::string& name_space);
  Answer create_pod(const Object& owner, const std::string& name, const Object& pod_template, const Object& labels);
  void set_status(const Place& place, const Object& status);
  /// As the machine's clock would stamp it.
  [[nodiscard]] std::string now_text() const { return base::to_rfc3339(schedule_.wall()); }

 private:
  void changed(const Change& change);
  void look(const Place& place);

  Schedule& schedule_;
  Server& server_;
  FaultPlan& faults_;
  struct Booked {
    base::SteadyPoint due;
    Schedule::Id id = 0;
  };
  std::map<Place, Booked> booked_;
};

[[nodiscard]] bool is_ready_pod(const Object& pod);
[[nodiscard]] Object owner_reference(const Object& owner);

// One look at one object.
void look_at_deployment(Cluster& cluster, const Place& place, const Object& deployment);
void look_at_stateful_set(Cluster& cluster, const Place& place, const Object& set);
void look_at_job(Cluster& cluster, const Place& place, const Object& job);
void look_at_cron_job(Cluster& cluster, const Place& place, const Object& cron_job);
void look_at_autoscaler(Cluster& cluster, const Place& place, const Object& autoscaler);
void look_at_claim(Cluster& cluster, const Place& place, const Object& claim);
void look_at_pod(Cluster& cluster, const Place& place, const Object& pod);
/// Garbage collection, of an object whose owner may be gone.
void look_for_owner(Cluster& cluster, const Place& place, const Object& object);

}  // namespace sim
