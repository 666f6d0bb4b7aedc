#include "operator/cli/asio_pump.hpp"

namespace cli {

bool AsioPump::run_until(const std::function<bool()>& so, std::chrono::milliseconds at_most) {
  const base::SteadyPoint end = base::system_clock().steady_now() + at_most;
  while (!so()) {
    if (context_.run_one_until(end) == 0) return so();
  }
  return true;
}

}  // namespace cli
