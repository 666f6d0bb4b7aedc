#pragma once

#include <nlohmann/json_fwd.hpp>

#include "payment-runtime/simulator/keys.hpp"
#include "payment-runtime/simulator/world.hpp"

namespace pay::simulator {

/// An order as WeChat Pay's transaction object: the answer to a query, and what a callback seals.
[[nodiscard]] nlohmann::json to_transaction(const Order& order, const SimulatorKeys& keys);

}  // namespace pay::simulator
