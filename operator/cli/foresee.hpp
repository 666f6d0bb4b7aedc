#pragma once

#include <vector>

#include "operator/cli/live.hpp"

namespace cli {

/// controllers::forecast(), with what it asks for read by name. `snapshot` is left holding the answers.
[[nodiscard]] base::Result<std::vector<controllers::Plan>> foresee(Live& live, const Object& platform, controllers::Snapshot& snapshot,
                                                                   const controllers::Settings& settings, base::TimePoint now);

}  // namespace cli
