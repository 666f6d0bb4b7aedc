#pragma once

#include <string>

#include "controllers/component/context.hpp"

namespace controllers {

/// What everything waits for while a platform is paused, and how to let it happen.
[[nodiscard]] std::string end_of_pause(const std::string& name_space, const std::string& platform);

/// The plan of a platform that is paused: what would be written is told as pending, and only the status moves.
[[nodiscard]] Plan only_told(const Context& ctx, Plan plan);

}  // namespace controllers
