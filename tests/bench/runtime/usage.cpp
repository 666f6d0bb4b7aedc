#include "tests/bench/runtime/usage.hpp"

#include <unistd.h>

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>

namespace bench {
namespace {

double ticks_to_seconds(double ticks) {
  static const auto kPerSecond = static_cast<double>(sysconf(_SC_CLK_TCK));
  return ticks / kPerSecond;
}

std::int64_t status_kib(pid_t pid, const std::string& key) {
  std::ifstream status{"/proc/" + std::to_string(pid) + "/status"};
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(key + ":")) return std::stoll(line.substr(key.size() + 1));
  }
  throw std::runtime_error{"process " + std::to_string(pid) + " is gone"};
}

}  // namespace

double cpu_seconds(pid_t pid) {
  std::ifstream stat{"/proc/" + std::to_string(pid) + "/stat"};
  std::string line;
  std::getline(stat, line);
  const std::size_t name_end = line.rfind(')');   // the name may hold blanks
  if (name_end == std::string::npos) throw std::runtime_error{"process " + std::to_string(pid) + " is gone"};
  std::istringstream fields{line.substr(name_end + 1)};
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;   // state .. cmajflt
  double user = 0;
  double system = 0;
  fields >> user >> system;
  return ticks_to_seconds(user + system);
}

double machine_busy_seconds() {
  std::ifstream stat{"/proc/stat"};
  std::string cpu;
  double user = 0;
  double nice = 0;
  double system = 0;
  double idle = 0;
  double io_wait = 0;
  double interrupts = 0;
  double soft_interrupts = 0;
  stat >> cpu >> user >> nice >> system >> idle >> io_wait >> interrupts >> soft_interrupts;
  return ticks_to_seconds(user + nice + system + interrupts + soft_interrupts);
}

std::int64_t resident_kib(pid_t pid) { return status_kib(pid, "VmRSS"); }
std::int64_t peak_resident_kib(pid_t pid) { return status_kib(pid, "VmHWM"); }

}  // namespace bench
