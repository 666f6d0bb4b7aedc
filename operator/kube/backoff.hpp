// Exponential delays with jitter, as a value: no timer, no clock of its own.
#pragma once

#include <chrono>
#include <cstdint>

#include "common/base/clock.hpp"
#include "common/base/rng.hpp"

namespace kube {

class Backoff {
 public:
  struct Limits {
    std::chrono::milliseconds first;
    std::chrono::milliseconds longest;
    std::chrono::milliseconds quiet;     // this long without a failure, and the next one is the first again
  };

  explicit Backoff(Limits limits) : limits_(limits) {}

  /// The delay before the next attempt: doubled each time, then drawn from its upper half, so that many clients do not march in step.
  [[nodiscard]] std::chrono::milliseconds next(base::SteadyPoint now, base::Rng& rng);
  void reset() { failures_ = 0; }
  [[nodiscard]] std::uint32_t failures() const { return failures_; }

 private:
  Limits limits_;
  std::uint32_t failures_ = 0;
  base::SteadyPoint last_failure_{};
};

}  // namespace kube
