#pragma once

#include <algorithm>
#include <chrono>

#include "common/base/clock.hpp"

namespace base {

/// The moment by which a request must have been answered. Passed by value down every call that waits.
class Deadline {
 public:
  static Deadline after(const Clock& clock, std::chrono::milliseconds budget) { return Deadline{clock.steady_now() + budget}; }
  static Deadline at(SteadyPoint when) { return Deadline{when}; }

  [[nodiscard]] SteadyPoint when() const { return when_; }
  /// Zero when it has passed.
  [[nodiscard]] std::chrono::milliseconds left(const Clock& clock) const {
    const auto rest = std::chrono::duration_cast<std::chrono::milliseconds>(when_ - clock.steady_now());
    return std::max(rest, std::chrono::milliseconds{0});
  }
  [[nodiscard]] bool passed(const Clock& clock) const { return clock.steady_now() >= when_; }
  /// The earlier of this deadline and one `budget` from now: for a step that may not use all that is left.
  [[nodiscard]] Deadline capped(const Clock& clock, std::chrono::milliseconds budget) const {
    return Deadline{std::min(when_, clock.steady_now() + budget)};
  }

 private:
  explicit Deadline(SteadyPoint when) : when_(when) {}
  SteadyPoint when_;
};

}  // namespace base
