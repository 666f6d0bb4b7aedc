// Time is a port: nothing outside clock.cpp reads the system's clock, so that simulation can drive real code.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "common/base/result.hpp"

namespace base {

/// UTC wall time with microseconds (what both databases store).
using TimePoint = std::chrono::time_point<std::chrono::system_clock, std::chrono::microseconds>;
using SteadyPoint = std::chrono::steady_clock::time_point;

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual TimePoint now() const = 0;
  [[nodiscard]] virtual SteadyPoint steady_now() const = 0;   // for durations and deadlines; unaffected by clock changes
};

/// The machine's clocks. Stateless; safe from any thread.
[[nodiscard]] const Clock& system_clock();

/// A clock that moves only when told to. Not thread-safe.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(TimePoint start) : now_(start) {}
  [[nodiscard]] TimePoint now() const override { return now_; }
  [[nodiscard]] SteadyPoint steady_now() const override { return steady_; }
  void advance(std::chrono::microseconds by) {
    now_ += by;
    steady_ += by;
  }

 private:
  TimePoint now_;
  SteadyPoint steady_{};
};

/// RFC 3339 in UTC: "2026-01-31T23:59:59Z", or with microseconds when `fraction` is set.
[[nodiscard]] std::string to_rfc3339(TimePoint time, bool fraction = false);
/// Accepts offsets ("+08:00") and fractions up to nine digits (cut to microseconds).
[[nodiscard]] Result<TimePoint> parse_rfc3339(std::string_view text);

}  // namespace base
