// How many requests this process may have in flight, found out by asking: it grows by one for every windowful of answers and is halved when
// the API server says that it has enough, as TCP does with a network. A value: no timer, no clock of its own.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>

#include "common/base/clock.hpp"

namespace kube {

inline constexpr std::size_t kWindowMin = 2;  // so that one slow answer does not stand in the way of all
inline constexpr std::size_t kWindowMax = 64;  // eight plans of eight: more is never asked for
inline constexpr std::size_t kWindowAtFirst = 32;
// Requests in flight together are refused together: that is one word of the server, not twenty.
inline constexpr std::chrono::milliseconds kWindowHalvesEvery{1'000};
// The server may ask for a longer pause; a single object waits as long as it was told (its platform's retry), the whole process only so
// long.
inline constexpr std::chrono::milliseconds kWindowPauseMax{30'000};

class Window {
 public:
  [[nodiscard]] std::size_t limit() const { return static_cast<std::size_t>(limit_); }
  /// Whether one more may be sent now, beside so many in flight.
  [[nodiscard]] bool open(base::SteadyPoint now, std::size_t in_flight) const { return now >= paused_until_ && in_flight < limit(); }
  /// Until when nothing is sent; in the past when nothing holds requests back.
  [[nodiscard]] base::SteadyPoint paused_until() const { return paused_until_; }

  /// One of so many in flight (itself included) was answered. A window that is not used does not grow.
  void answered(std::size_t in_flight);
  /// 429, 503, or no answer in time; with the server's Retry-After nothing is sent for that long.
  void overloaded(base::SteadyPoint now, std::optional<std::chrono::milliseconds> retry_after);

 private:
  double limit_ = static_cast<double>(kWindowAtFirst);
  base::SteadyPoint halved_at_{};
  bool halved_ = false;
  base::SteadyPoint paused_until_{};
};

}  // namespace kube
