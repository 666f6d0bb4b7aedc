#include "tests/integration/runtime/process.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace testing_servers {

namespace {

int loopback_socket(std::uint16_t port, sockaddr_in& address) {
  address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

int exit_status(pid_t pid) {
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

bool is_free(std::uint16_t port) {
  sockaddr_in address{};
  const int fd = loopback_socket(port, address);
  const bool bound = bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  close(fd);
  return bound;
}

}  // namespace

ScratchFolder::ScratchFolder() {
  std::string name = "/tmp/payment-test-XXXXXX";
  if (mkdtemp(name.data()) == nullptr) throw std::system_error{errno, std::generic_category(), "mkdtemp"};
  path_ = name;
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

Process::Process(const std::vector<std::string>& command, const std::filesystem::path& log) {
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const int output = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (output < 0) throw std::system_error{errno, std::generic_category(), log.string()};
  pid_ = fork();
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);   // a test that crashes leaves no server behind
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    execvp(arguments[0], arguments.data());
    _exit(127);
  }
  close(output);
  if (pid_ < 0) throw std::system_error{errno, std::generic_category(), "fork"};
}

Process::~Process() {
  if (running()) end(SIGKILL);
}

Process::Process(Process&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}

Process& Process::operator=(Process&& other) noexcept {
  if (this != &other) {
    if (running()) end(SIGKILL);
    pid_ = std::exchange(other.pid_, -1);
  }
  return *this;
}

void Process::signal(int number) const {
  if (running()) kill(pid_, number);
}

int Process::end(int signal_number) {
  signal(signal_number);
  return exit_status(std::exchange(pid_, -1));
}

int run_command(const std::vector<std::string>& command, const std::filesystem::path& log) {
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const int output = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  const pid_t pid = fork();
  if (pid == 0) {
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    execvp(arguments[0], arguments.data());
    _exit(127);
  }
  close(output);
  return exit_status(pid);
}

std::uint16_t free_port() {
  sockaddr_in address{};
  const int fd = loopback_socket(0, address);
  socklen_t size = sizeof address;
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 || getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::system_error{errno, std::generic_category(), "no free port"};
  }
  close(fd);
  return ntohs(address.sin_port);
}

std::uint16_t free_ports(std::uint16_t count) {
  constexpr int kFirst = 10'000;
  constexpr int kLast = 32'000;   // ephemeral ports begin at 32768
  // Programs that run beside this one begin elsewhere, and go on where they have been.
  static int next = kFirst + getpid() * 16 % (kLast - kFirst);
  for (int tried = 0; tried < kLast - kFirst; ++tried) {
    if (next + count > kLast) next = kFirst;
    const int first = next;
    while (next < first + count && is_free(static_cast<std::uint16_t>(next))) ++next;
    if (next == first + count) return static_cast<std::uint16_t>(first);
    ++next;
  }
  throw std::runtime_error{"no neighbouring free ports"};
}

bool wait_for_port(std::uint16_t port, int seconds_max) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{seconds_max};
  while (std::chrono::steady_clock::now() < until) {
    sockaddr_in address{};
    const int fd = loopback_socket(port, address);
    const bool connected = connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    close(fd);
    if (connected) return true;
    poll(nullptr, 0, 20);
  }
  return false;
}

}  // namespace testing_servers
