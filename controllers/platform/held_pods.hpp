// Pods that cannot be changed yet go on as they are, and so does what they need.
#pragma once

#include <vector>

#include "controllers/platform/plan.hpp"
#include "controllers/secrets/sources.hpp"

namespace controllers {

/// While a key is missing that only the user can give: pods that would mount it are neither made nor changed, nor is the configuration that
/// those mount which run, nor the simulator that they call.
void hold_for_keys(const Context& ctx, const std::vector<secrets::Missing>& missing, Plan& plan);

/// The simulator is not taken away from services that are held back, for whatever reason: they still call it.
void keep_what_is_called(const Context& ctx, Plan& plan);

}  // namespace controllers
