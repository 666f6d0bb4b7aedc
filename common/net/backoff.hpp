// Waiting between tries: doubles up to a limit, and is spread over [half, whole] so that many waiters do not come back together.
#pragma once

#include <algorithm>
#include <chrono>

#include "common/base/rng.hpp"

namespace net {

class Backoff {
 public:
  Backoff(std::chrono::milliseconds first, std::chrono::milliseconds max) : first_(first), max_(max), next_(first) {}

  [[nodiscard]] std::chrono::milliseconds next(base::Rng& rng) {
    const std::chrono::milliseconds whole = next_;
    next_ = std::min(max_, next_ * 2);
    const auto half = static_cast<std::uint64_t>(whole.count() / 2);
    return whole - std::chrono::milliseconds{static_cast<std::int64_t>(rng.below(half + 1))};
  }
  void reset() { next_ = first_; }

 private:
  std::chrono::milliseconds first_;
  std::chrono::milliseconds max_;
  std::chrono::milliseconds next_;
};

}  // namespace net
