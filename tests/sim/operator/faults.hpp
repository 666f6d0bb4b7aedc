// What goes wrong between an operator and the API server, drawn from a seed. Every world has its own mixture: most faults are rare or
// absent in one seed and thick in another, so that each is met alone and in company.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/rng.hpp"
#include "operator/kube/transport.hpp"
#include "tests/sim/operator/kinds.hpp"
#include "tests/sim/operator/schedule.hpp"

namespace sim {

/// All that can go wrong. Up to ControllerLag these are rates, drawn by FaultPlan for each request, each line of a watch and each look of a
/// controller; the rest happens at some moments of a world (mischief.cpp).
enum class Fault : std::uint8_t {
  Conflict,
  TooMany,
  Broken,
  Unavailable,
  BrokenAfter,
  LostAnswer,
  LostRequest,
  NoConnection,
  Slow,
  StaleList,
  StreamCut,
  StreamSilent,
  StreamExpired,
  EventTwice,
  EventHeld,
  EventInPieces,
  SlowKeys,
  ControllerLag,
  QuotaRefusal,
  AdmissionRefusal,
  HistoryForgotten,
  SchemaFails,
  BadImage,
  NoStorageClass,
  Crash,
  CrashAfterWrite,
  SecondOperator,
  OperatorPaused,
  LeaderOvertaken,
  ClockSet,
  StrangersObject,
  ImageEdited,
  EnvEdited,
  Sidecar,
  LabelsStripped,
  OrphanStripped,
  ArgoApplies,
  ObjectDeleted,
  ReplicasEdited,
  AutoscalerScales,
  ConfigEdited,
  StatusEdited,
  kCount
};
inline constexpr std::size_t kFaults = static_cast<std::size_t>(Fault::kCount);
[[nodiscard]] const char* name_of(Fault fault);
/// How often each has happened.
using Tally = std::array<std::uint64_t, kFaults>;

/// What becomes of one request.
struct Fate {
  microseconds there{1'000};
  microseconds back{1'000};
  bool never_sent = false;  // the connection is refused
  bool never_arrives = false;  // sent, and lost: nothing happens, and no answer comes
  bool answer_is_lost = false;  // it happens, and no answer comes
  std::optional<kube::Response> instead;  // refused without a look at it
  std::optional<kube::Response> covered;  // it happens, and the answer says otherwise
  std::uint64_t stale_by = 0;  // versions that a list is behind
};

/// What becomes of one line of a watch.
struct LineFate {
  enum class Then { GoOn, Break, FallSilent, Expire };
  microseconds delay{1'000};
  bool twice = false;
  bool in_pieces = false;
  Then then = Then::GoOn;  // anything else: and the line is lost
};

/// For a while writes of one kind are refused, as a quota or an admission webhook does.
struct Refused {
  std::string plural;
  bool creations_only = true;
  int status = 403;
};

class FaultPlan {
 public:
  /// No faults, and the same small delays always.
  FaultPlan() : rng_(0) {}
  explicit FaultPlan(std::uint64_t seed);

  [[nodiscard]] Fate fate_of(const kube::Request& request);
  [[nodiscard]] LineFate line_fate();
  [[nodiscard]] Fate opening_fate();
  /// How long a pair of keys takes to be made.
  [[nodiscard]] microseconds key_making();
  /// How long a controller of the cluster takes to look.
  [[nodiscard]] microseconds controller_lag();

  /// From now on nothing goes wrong any more.
  void end();
  [[nodiscard]] bool ended() const { return ended_; }

  /// One of the faults has happened; not counted once they are over.
  void happened(Fault fault) { tally_[static_cast<std::size_t>(fault)] += ended_ ? 0 : 1; }
  [[nodiscard]] const Tally& tally() const { return tally_; }

  std::vector<Refused> refused;  // at the moment
  [[nodiscard]] std::string describe() const;  // the mixture, for traces

 private:
  [[nodiscard]] std::uint32_t& rate(Fault fault) { return per_mille_[static_cast<std::size_t>(fault)]; }
  bool hits(Fault fault);
  microseconds some(microseconds least, microseconds most);
  [[nodiscard]] std::optional<kube::Response> refusal_of(const kube::Request& request);

  base::SeededRng rng_;
  bool ended_ = true;
  std::array<std::uint32_t, static_cast<std::size_t>(Fault::ControllerLag) + 1> per_mille_{};
  Tally tally_{};
};

}  // namespace sim
