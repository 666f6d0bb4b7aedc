#pragma once

#include <string>

#include "controllers/platform/explain.hpp"
#include "operator/cli/console.hpp"

namespace cli {

/// A plan as people read it: a line an object, under it what changes, what restarts, what is at risk and what it waits for.
[[nodiscard]] std::string plan_text(const controllers::PlanReport& report, const Console& console);

}  // namespace cli
