#pragma once

#include <optional>

#include "controllers/platform/plan.hpp"
#include "controllers/platform/status.hpp"

namespace controllers {

/// Why a platform cannot have the names that it asks for: the operator was not told of its prefix, the prefix has changed since its objects
/// were made, or an older platform of the namespace has the same. Two platforms that start at the same moment would otherwise see nothing
/// of each other yet, and write over each other as the one field manager that they share.
[[nodiscard]] std::optional<Refusal> refuse_names(const Object& object, const crds::Platform& platform, const Snapshot& live,
                                                  const Settings& settings);

}  // namespace controllers
