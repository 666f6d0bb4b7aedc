#pragma once

namespace pay::commands {

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kUsage = 2;   // wrong arguments, configuration or secrets

}  // namespace pay::commands
