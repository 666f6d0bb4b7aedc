#pragma once

#include <string>

#include "controllers/component/context.hpp"

namespace controllers {

/// How the Deployment of this plain name is doing: good when the newest template runs on at least `least` available pods.
/// Reasons begin with `word`: <word>Creating, <word>Progressing, <word>Ready; or they are a pod's problem.
[[nodiscard]] ComponentStatus deployment_health(const Context& ctx, const std::string& name, const std::string& image, std::int64_t least,
                                                const std::string& word);

}  // namespace controllers
