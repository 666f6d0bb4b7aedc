// Somebody changes back what we write: noticed, and met with patience instead of zeal. Of one platform; a value, without timer or clock.
//
// A revert is a field that differs again, and that we had written with the same value not long before. After a few in a row the object is
// fought over: its writes are spaced by growing delays and the status says so (Stalled, LoopDetected), until a write stays for a while.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "controllers/platform/plan.hpp"
#include "operator/kube/backoff.hpp"

namespace engine {

inline constexpr int kRevertsMax = 5;
inline constexpr std::chrono::seconds kRevertedWithin{60};    // later it is an edit; and a write that stays so long has won
inline constexpr kube::Backoff::Limits kFightBackoff{std::chrono::seconds(1), std::chrono::minutes(5), std::chrono::minutes(15)};

class Fights {
 public:
  /// Takes note of what the plan would write once more. True when an object has come to be fought over, or is no longer: the plan is then
  /// made again, since its status was made without knowing.
  bool observe(const controllers::Plan& plan, base::SteadyPoint now, base::Rng& rng);
  /// Takes out of the plan what is fought over and not yet due.
  void hold_back(controllers::Plan& plan, base::SteadyPoint now) const;
  /// What of a plan has to be remembered when the API server takes it.
  struct Sent {
    controllers::Ref ref;
    std::vector<controllers::object::Difference> fields;  // an object that is made is one field that was missing: the object itself
  };
  [[nodiscard]] static std::vector<Sent> sent_by(const controllers::Plan& plan);
  void written(const Sent& sent, base::SteadyPoint now);
  /// We ourselves removed it: that it is missing is nobody's revert.
  void removed(const controllers::Ref& ref) { objects_.erase(ref); }

  /// For Snapshot::fought.
  [[nodiscard]] std::map<controllers::Ref, controllers::Fight> fought() const;
  /// Fought over by somebody whose name was not looked for yet.
  [[nodiscard]] std::vector<controllers::Ref> unnamed() const;
  /// The object as it is, or nothing when there is none.
  void name(const controllers::Ref& ref, const std::optional<controllers::Object>& live);

  /// When the next held write is due, or the next fight may be over.
  [[nodiscard]] std::optional<base::SteadyPoint> next() const;

 private:
  struct Write {
    std::string wanted;
    base::SteadyPoint at;
  };
  struct Contested {
    std::map<std::string, Write> writes;  // by path: what we wrote last
    base::SteadyPoint written_at{};
    int reverts = 0;  // in a row
    bool reverted = false;  // since the last write
    std::string path;  // of the revert that made it a fight
    kube::Backoff backoff{kFightBackoff};
    base::SteadyPoint due{};  // of the next write
    std::optional<std::string> manager{};  // who reverts; empty: nobody says

    [[nodiscard]] bool fought() const { return reverts >= kRevertsMax; }
    /// A write has stayed for as long as a revert would have taken.
    [[nodiscard]] bool at_rest(base::SteadyPoint now) const { return !reverted && now - written_at >= kRevertedWithin; }
  };
  static void observe(Contested& object, const Sent& planned, base::SteadyPoint now, base::Rng& rng);

  std::map<controllers::Ref, Contested> objects_;
};

}  // namespace engine
