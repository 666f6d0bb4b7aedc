#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "operator/cli/cluster.hpp"

namespace cli {

struct LogOf {
  std::string name_space;
  std::string pod;
  std::string container;
};

/// Hands over the log of a container as it is written, until the container ends.
[[nodiscard]] base::Status stream_log(Cluster& cluster, const LogOf& log, std::chrono::milliseconds at_most,
                                      const std::function<void(std::string_view)>& piece);

}  // namespace cli
