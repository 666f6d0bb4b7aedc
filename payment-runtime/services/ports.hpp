// The outside world as the use cases see it. Pointers are not owned, and outlive every coroutine that was given a copy.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "common/base/clock.hpp"
#include "common/base/rng.hpp"
#include "payment-runtime/ports/cache.hpp"
#include "payment-runtime/ports/channel.hpp"
#include "payment-runtime/ports/store.hpp"

namespace pay::services {

/// Enabled channels by the name that the API uses.
using Channels = std::map<std::string, ports::Channel*, std::less<>>;

struct Ports {
  ports::Store* store = nullptr;
  ports::Cache* cache = nullptr;         // may be absent: every check then asks the database
  const Channels* channels = nullptr;
  const base::Clock* clock = nullptr;
  base::Rng* rng = nullptr;
};

}  // namespace pay::services
