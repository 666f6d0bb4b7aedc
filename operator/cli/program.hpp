// Another program, run for its answer: without a shell, and not for longer than it may take.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "common/base/clock.hpp"
#include "common/base/secret.hpp"

namespace cli {

inline constexpr std::size_t kAnswerBytesMax = 1U << 20U;

/// "NAME=value", as this process has them now.
[[nodiscard]] std::vector<std::string> environment_now();

struct Program {
  std::string command;                                                  // a path, or a name on the PATH
  std::vector<std::string> arguments = {};
  std::vector<std::string> inherited = environment_now();
  std::vector<std::pair<std::string, std::string>> environment = {};    // added to that; wins over it
  bool may_ask = false;                                                 // it has our standard input; otherwise an empty one
  std::chrono::milliseconds at_most{0};                                 // it is killed then
};

/// What it wrote to its standard output; its standard error is ours. NotFound when it cannot be run, DeadlineExceeded when it was killed,
/// FailedPrecondition when it ended otherwise than with 0.
[[nodiscard]] base::Result<base::Secret> run_program(const Program& program, const base::Clock& clock);

}  // namespace cli
