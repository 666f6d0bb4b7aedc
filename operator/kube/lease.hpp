// Leader election by one Lease object (coordination.k8s.io/v1), as a pure step function:
//
//   Standby --the lease is free, was given back, or its holder fell silent--> Leader
//      ^----- not renewed before the renew deadline, or no longer ours ----------|
//   either --stop--> Leaving: a leader gives the lease back, so that the next one need not wait for its end
//
// Only durations on this process's own steady clock are compared, never another machine's times: a holder is taken for gone when the
// lease has not changed in our sight for as long as it promises. The shell (engine/leader.cpp) does what the actions say and feeds back
// what came of it. No I/O, no clock, no timer here.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "common/base/rng.hpp"

namespace kube {

/// The defaults of Kubernetes' own components. duration > renew_deadline > retry with its jitter (see check()).
struct LeaseTimes {
  std::chrono::milliseconds duration{15'000};          // a holder that nobody heard of for this long may be followed; whole seconds
  std::chrono::milliseconds renew_deadline{10'000};    // a leader that has not renewed for this long writes nothing any more
  std::chrono::milliseconds retry{2'000};              // between two attempts, and up to a fifth more
};

/// InvalidArgument with the name of the time that is wrong.
[[nodiscard]] base::Status check(const LeaseTimes& times);

/// What a Lease says.
struct LeaseRecord {
  std::string version;                   // resourceVersion; empty: there is no such object
  std::string holder;                    // empty: nobody's
  std::chrono::seconds duration{0};
  std::int64_t transitions = 0;
};

struct Lease {
  enum class State { Standby, Leader, Leaving };

  std::string self;                      // this process and no other, an earlier one in the same pod neither
  LeaseTimes times;
  State state = State::Standby;
  LeaseRecord seen{};                    // as we last saw it
  base::SteadyPoint seen_at{};           // when it last changed in our sight
  base::SteadyPoint renewed_at{};        // when our last write that succeeded was sent: not when it was answered
  std::optional<base::SteadyPoint> asked_at{};   // when the request under way was sent
  bool certain = false;                  // `seen` is what the server has, as far as we know: a renewal need not read first
};

/// Whether a write may be started now.
[[nodiscard]] bool holds(const Lease& lease, base::SteadyPoint now);
/// How long nobody else can lead: what has been started must have ended by then.
[[nodiscard]] std::chrono::milliseconds exclusive_for(const Lease& lease, base::SteadyPoint now);

namespace lease_input {
struct Wake {};                          // start, or the delay of WakeAfter is over
struct Seen {
  LeaseRecord record;
};                                       // the answer to Read
struct Written {
  LeaseRecord record;
};                                       // Write succeeded, and left this behind
struct Failed {
  base::Error error;
};                                       // Read or Write failed, or was not answered
struct Stop {};
}  // namespace lease_input
using LeaseInput = std::variant<lease_input::Wake, lease_input::Seen, lease_input::Written, lease_input::Failed, lease_input::Stop>;

namespace lease_action {
struct Read {};
struct Write {
  LeaseRecord record;                    // under the version that it replaces; an empty version creates
  bool acquires;                         // the holder changes
};
struct WakeAfter {
  std::chrono::milliseconds delay;
};                                       // replaces an earlier one
struct Lead {};
struct Follow {};                        // the lease is lost
struct Left {};                          // the end of Stop
}  // namespace lease_action
using LeaseAction = std::variant<lease_action::Read, lease_action::Write, lease_action::WakeAfter, lease_action::Lead, lease_action::Follow,
                                 lease_action::Left>;

[[nodiscard]] std::vector<LeaseAction> step(Lease& lease, const LeaseInput& input, base::SteadyPoint now, base::Rng& rng);

}  // namespace kube
