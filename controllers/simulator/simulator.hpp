#pragma once

#include "controllers/component/part.hpp"

namespace controllers::simulator {

inline constexpr const char* kName = "channel-simulator";

/// Nothing unless spec.channels.simulator.enabled.
[[nodiscard]] Objects desired(const Context& ctx);
[[nodiscard]] std::vector<ComponentStatus> health(const Context& ctx);

}  // namespace controllers::simulator
