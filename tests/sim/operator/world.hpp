// One simulated world: an API server, a cluster behind it, operator processes in front of it, and people.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "operator/engine/key_maker.hpp"
#include "operator/engine/leader.hpp"
#include "operator/engine/manager.hpp"
#include "operator/kube/fenced_transport.hpp"
#include "operator/kube/paced_transport.hpp"
#include "tests/sim/operator/cluster.hpp"
#include "tests/sim/operator/network.hpp"
#include "tests/sim/operator/properties.hpp"

namespace sim {

inline constexpr const char* kNamespace = "pay";
inline constexpr const char* kPlatform = "shop";

/// A bug to be planted, so that the checks can be seen to fail.
struct Planted {
  std::function<void(kube::Request&)> tamper;                                // between the operator and the network
  std::function<engine::Reconcile(engine::Reconcile)> reconcile;             // around the operator's decisions
  bool keeps_leading = false;                                                // once it has led, whatever becomes of its lease
};

/// Keys that take their time, and are always the same.
class SlowKeyMaker final : public engine::KeyMaker {
 public:
  SlowKeyMaker(ProcessLoop& loop, FaultPlan& faults) : loop_(loop), faults_(faults) {}
  void rsa(std::function<void(base::Result<crypto::RsaKeyPair>)> done) override;

 private:
  ProcessLoop& loop_;
  FaultPlan& faults_;
};

/// One process of the operator, from its start to its end, which may come at any moment. Wired as main.cpp does it.
class Process {
 public:
  struct Surroundings {
    Schedule& schedule;
    Network& network;
    FaultPlan& faults;
    Properties& properties;
    const Planted& planted;
    bool election;              // leads by the Lease; otherwise at once and for ever
  };
  Process(const Surroundings& world, int id, std::uint64_t seed);
  [[nodiscard]] ProcessLoop& loop() { return loop_; }

 private:
  [[nodiscard]] milliseconds write_time() const { return leader_ && !keeps_leading_ ? leader_->write_time() : milliseconds::max(); }
  [[nodiscard]] engine::Reconcile watched(const Surroundings& world) const;

  bool keeps_leading_;
  ProcessLoop loop_;
  Wire wire_;
  obs::Metrics metrics_;
  kube::FencedTransport fenced_;
  kube::PacedTransport paced_;
  base::SeededRng rng_;
  SlowKeyMaker keys_;
  engine::Instruments instruments_;
  std::unique_ptr<engine::Leader> leader_;
  engine::Manager manager_;
};

class World {
 public:
  struct Options {
    std::uint64_t seed = 0;
    bool faults = false;
    bool election = false;      // needed where there may be two operators
    Planted planted = {};
    std::function<void(const std::string&)> trace = {};
  };
  explicit World(Options options);

  // Operators.
  int start_operator();
  void kill_operator(int id);
  [[nodiscard]] bool runs(int id) const { return processes_.contains(id); }
  [[nodiscard]] std::vector<int> operators() const;
  /// Whom the Lease names; 0: nobody.
  [[nodiscard]] int leader() const;
  Process& process(int id) { return *processes_.at(id); }
  /// Kills the process right after its n-th write from now was made, before it hears of it; another starts after a while.
  void crash_at_write(std::uint64_t n) { crash_at_ = properties_.writes() + n; }

  // People.
  void create_platform(const Object& spec);
  void edit_spec(const Object& merge_patch);
  void delete_platform();
  /// Runs `then` when the platform is gone.
  void when_gone(std::function<void()> then);
  /// Somebody still waits for that.
  [[nodiscard]] bool awaited() const { return waiting_ > 0; }
  void put_user_secret(const std::string& name, const Object& data);
  [[nodiscard]] Stored platform() const;

  // Time.
  void at(microseconds delay, Task task) { schedule_.after(delay, std::move(task)); }
  void run_for(microseconds time);
  /// Until it holds; false when it does not within `limit`. Looked at every second.
  bool run_until(const std::function<bool()>& holds, microseconds limit);

  [[nodiscard]] Server& server() { return server_; }
  [[nodiscard]] Cluster& cluster() { return cluster_; }
  [[nodiscard]] FaultPlan& faults() { return faults_; }
  [[nodiscard]] Properties& properties() { return properties_; }
  [[nodiscard]] const Properties& properties() const { return properties_; }
  [[nodiscard]] const Store& store() const { return server_.store(); }
  [[nodiscard]] const Schedule& schedule() const { return schedule_; }
  [[nodiscard]] base::Rng& rng() { return rng_; }
  [[nodiscard]] bool elects() const { return options_.election; }
  void trace(const std::string& what) const;

 private:
  void seen(const Seen& request);
  void sending(int process, const kube::Request& request);

  Options options_;
  Schedule schedule_;
  base::SeededRng rng_;
  FaultPlan faults_;
  Server server_;
  Cluster cluster_;
  Network network_;
  Properties properties_;
  std::map<int, std::unique_ptr<Process>> processes_;
  int last_process_ = 0;
  int waiting_ = 0;
  std::uint64_t crash_at_ = 0;
};

}  // namespace sim
