#pragma once

#include <chrono>

#include "common/base/clock.hpp"
#include "common/base/task.hpp"

namespace net {

/// Suspends the calling coroutine on its own executor.
base::Task<void> wait_for(std::chrono::milliseconds duration);
base::Task<void> wait_until(base::SteadyPoint when);

}  // namespace net
