// What the API server makes of an object before it stores it: default values, normal forms of quantities, zero values left out.
// Source: the defaults that the published API reference states for the kinds that the operator writes.
#pragma once

#include "tests/sim/operator/kinds.hpp"

namespace sim {

void fill_defaults(Object& object);
/// What only a new object is given: identity comes from the store, this is the rest (a Service's address, a Job's selector, a claim's
/// class).
void fill_new(Object& object);

/// "1024Mi" -> "1Gi", "0.5" -> "500m"; what is no quantity stays.
[[nodiscard]] std::string normal_quantity(const std::string& text);

}  // namespace sim
