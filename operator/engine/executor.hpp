// Runs a Plan against the API server. It decides nothing: order, parallelism, preconditions and what came of it.
//
//   finalizers that grow -> generate, replace, remove, create, apply (8 in flight) -> scale
//     -> finalizers that shrink -> status -> events
//
// A failed request does not stop the others: they are independent, and the next reconcile sees what is missing.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controllers/platform/plan.hpp"
#include "operator/engine/key_maker.hpp"
#include "operator/engine/platform.hpp"
#include "operator/kube/api.hpp"

namespace engine {

inline constexpr std::size_t kRequestsInFlightPerPlan = 8;   // measured: 32 are no faster against one API server

struct Failure {
  controllers::Ref ref;
  base::Error error;
};

struct Outcome {
  std::vector<kube::Written> written;
  std::vector<kube::Written> removed;     // version 0: to be gone
  std::vector<Failure> failures;
  bool cut_short = false;                 // writing became forbidden, or the plan unwanted, on the way
  [[nodiscard]] bool wrote() const { return !written.empty() || !removed.empty(); }
};

class Executor {
 public:
  /// `may_write` is asked before every request: false after a lost lease or a stop. `instance` names this process in events.
  Executor(kube::Loop& loop, kube::Api& api, base::Rng& rng, KeyMaker& keys, std::function<bool()> may_write, std::string instance);

  /// `wanted` is asked before every write too: false when this plan has become of no use (a newer wish, the end of its time).
  /// `done` runs once, on the loop, when every request has been answered or given up.
  void execute(Platform platform, controllers::Plan plan, std::function<bool()> wanted, std::function<void(Outcome)> done);

  using Reads = std::map<controllers::Ref, std::optional<controllers::Object>>;
  /// 8 at a time; all of them, or an error. `done` runs on the loop.
  void read(const std::string& name_space, const std::vector<controllers::Ref>& refs, std::function<void(base::Result<Reads>)> done);

  /// One event about the platform. Best effort: a lost event is not worth a retry.
  void tell(const Platform& platform, const controllers::Event& event);

 private:
  friend class Execution;
  struct Reading;

  kube::Loop& loop_;
  kube::Api& api_;
  base::Rng& rng_;
  KeyMaker& keys_;
  std::function<bool()> may_write_;
  std::string instance_;
  kube::Lifetime lifetime_;    // answers that come after the end find nobody
};

}  // namespace engine
