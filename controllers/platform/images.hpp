#pragma once

#include "controllers/component/context.hpp"

namespace controllers {

/// Which image each part runs: what the spec says; else what already runs, so that a new operator with new defaults restarts nothing;
/// else the operator's default. A running image that cannot be pulled is no reason to keep it.
[[nodiscard]] Images resolve_images(const crds::Platform& platform, const Snapshot& live, const Settings& settings);

}  // namespace controllers
