#pragma once

#include "operator/cli/command_line.hpp"

namespace cli {

/// Names from the cluster that the flags mean; a cluster that does not answer at once has none.
[[nodiscard]] Known known_from(std::function<base::Result<Cluster*>(const Flags&)> connect);

}  // namespace cli
