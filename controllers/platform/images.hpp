#pragma once

#include "controllers/component/context.hpp"

namespace controllers {

/// Which image each part runs: what the spec says; else what it last ran well, which the status keeps, so that a new operator with new
/// defaults restarts nothing and a failed pull of one pod moves nothing; else what its workload names, unless that cannot be pulled (an
/// install that is under way); else, for data that a former platform left, what ran it last; else the operator's default. One that somebody
/// edited into a workload is never kept.
[[nodiscard]] Images resolve_images(const Object& object, const crds::Platform& platform, const Snapshot& live, const Settings& settings);

}  // namespace controllers
