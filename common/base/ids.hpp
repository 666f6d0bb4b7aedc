#pragma once

#include <string>

#include "common/base/clock.hpp"
#include "common/base/rng.hpp"

namespace base {

/// ULID (github.com/ulid/spec): 26 characters of Crockford base 32, 48 bits of milliseconds then 80 random bits.
/// Sorts by time, so that primary keys are appended, not scattered.
[[nodiscard]] std::string ulid(TimePoint now, Rng& rng);

}  // namespace base
