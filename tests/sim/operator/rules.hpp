// What the API server refuses: objects that lack what their kind needs, and changes of fields that do not change.
#pragma once

#include <optional>

#include "tests/sim/operator/kinds.hpp"

namespace sim {

struct Refusal {
  std::string field;
  std::string message;
};

/// `live` null: a new object.
[[nodiscard]] std::optional<Refusal> refuse(const Object* live, const Object& next);

}  // namespace sim
