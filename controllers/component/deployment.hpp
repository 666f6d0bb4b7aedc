#pragma once

#include <string>

#include "controllers/component/context.hpp"

namespace controllers {

struct DeploymentReasons {
  Reason creating;
  Reason progressing;
  Reason ready;
};

/// How the Deployment of this plain name is doing: good when the newest template runs on at least `least` available pods.
/// The reason is one of `reasons`, or a pod's problem.
[[nodiscard]] ComponentStatus deployment_health(const Context& ctx, const std::string& name, const std::string& image, std::int64_t least,
                                                const DeploymentReasons& reasons);

}  // namespace controllers
