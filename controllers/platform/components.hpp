// The components of a platform: rooms of controllers/ that want objects and know how these are doing.
#pragma once

#include "controllers/component/part.hpp"
#include "controllers/platform/status.hpp"

namespace controllers {

/// What all components want, in an order that people would choose.
[[nodiscard]] Objects desired(const Context& ctx);
/// How they are doing, in the order in which `Ready` names the first trouble.
[[nodiscard]] Health health(const Context& ctx);

}  // namespace controllers
