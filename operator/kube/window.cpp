#include "operator/kube/window.hpp"

#include <algorithm>

namespace kube {

void Window::answered(std::size_t in_flight) {
  if (2 * in_flight >= limit()) limit_ = std::min(limit_ + 1.0 / limit_, static_cast<double>(kWindowMax));
}

void Window::overloaded(base::SteadyPoint now, std::optional<std::chrono::milliseconds> retry_after) {
  if (retry_after) paused_until_ = std::max(paused_until_, now + std::min(*retry_after, kWindowPauseMax));
  if (halved_ && now - halved_at_ < kWindowHalvesEvery) return;
  halved_ = true;
  halved_at_ = now;
  limit_ = std::max(limit_ / 2, static_cast<double>(kWindowMin));
}

}  // namespace kube
