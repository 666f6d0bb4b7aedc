#pragma once

#include "controllers/component/part.hpp"

namespace controllers::ingress {

/// Nothing unless spec.ingress.enabled.
[[nodiscard]] Objects desired(const Context& ctx);

}  // namespace controllers::ingress
