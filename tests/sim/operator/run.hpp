// Runs of scripts: without faults, with a crash after one write, with everything that a seed brings.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "tests/sim/operator/scripts.hpp"

namespace sim {

struct Outcome {
  std::string wrong;            // "": every property held
  std::uint64_t steps = 0;
  std::uint64_t writes = 0;     // by operators
  Tally faults{};
  Picture end;
};

using Trace = std::function<void(const std::string&)>;

/// Every deed waits until the one before it has come to rest.
[[nodiscard]] Outcome run_undisturbed(const Script& script, const Planted& planted = {}, const Trace& trace = {});
/// The same; the operator dies right after its n-th write and starts again. Ends as the undisturbed run does, or tells the difference.
[[nodiscard]] Outcome run_with_crash(const Script& script, std::uint64_t n, const Planted& planted = {}, const Trace& trace = {});
/// A script and faults, both by the seed.
[[nodiscard]] Outcome run_seed(std::uint64_t seed, const Planted& planted = {}, const Trace& trace = {});

}  // namespace sim
