#pragma once

#include "controllers/component/context.hpp"

namespace controllers {

/// Which image each part runs: what the spec says; else what already runs, so that a new operator with new defaults restarts nothing;
/// else the operator's default. A running image that cannot be pulled is no reason to keep it, and one that somebody edited into a
/// workload is none either: then the status says what it was.
[[nodiscard]] Images resolve_images(const Object& object, const crds::Platform& platform, const Snapshot& live, const Settings& settings);

}  // namespace controllers
