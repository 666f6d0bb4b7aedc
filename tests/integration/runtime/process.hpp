// A child process that dies with its owner, and a folder that does too.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace testing_servers {

/// A folder of its own under /tmp, removed at the end.
class ScratchFolder {
 public:
  ScratchFolder();
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

class Process {
 public:
  Process() = default;
  /// Output goes to `log`. Throws when the program cannot be started.
  Process(const std::vector<std::string>& command, const std::filesystem::path& log);
  ~Process();
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;

  void signal(int number) const;
  /// Sends the signal and waits for the end; the exit status, 128 when a signal ended it.
  int end(int signal_number);
  [[nodiscard]] bool running() const { return pid_ > 0; }
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
};

/// Runs to its end; the exit status.
int run_command(const std::vector<std::string>& command, const std::filesystem::path& log);

/// A port that nobody listened on a moment ago.
std::uint16_t free_port();
/// The first of `count` neighbours that nobody listened on a moment ago, below the system's ephemeral range.
std::uint16_t free_ports(std::uint16_t count);
/// Waits until something accepts connections there; false after the limit.
bool wait_for_port(std::uint16_t port, int seconds_max);

}  // namespace testing_servers
