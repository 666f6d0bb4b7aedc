#include "operator/kube/backoff.hpp"

#include <algorithm>

namespace kube {

std::chrono::milliseconds Backoff::next(base::SteadyPoint now, base::Rng& rng) {
  if (failures_ > 0 && now - last_failure_ > limits_.quiet) failures_ = 0;
  last_failure_ = now;
  std::chrono::milliseconds delay = limits_.first;
  for (std::uint32_t i = 0; i < failures_ && delay < limits_.longest; ++i) delay *= 2;
  delay = std::min(delay, limits_.longest);
  ++failures_;
  const auto half = static_cast<std::uint64_t>(delay.count()) / 2;
  return std::chrono::milliseconds(static_cast<std::int64_t>(half + rng.below(half + 1)));
}

}  // namespace kube
