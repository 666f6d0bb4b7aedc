#include "operator/cli/program.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern "C" {
#include <sys/pidfd.h>      // glibc 2.36 does not say so itself
}

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>

namespace cli {
namespace {

using base::Code;

std::string words_of(int error) { return std::generic_category().message(error); }

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close(); }

  [[nodiscard]] int get() const { return fd_; }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  int fd_;
};

std::vector<std::string> environment_of(const Program& program) {
  std::vector<std::string> all;
  for (const std::string& entry : program.inherited) {
    const auto is_given = [&entry](const auto& given) { return entry.starts_with(given.first + "="); };
    if (std::none_of(program.environment.begin(), program.environment.end(), is_given)) all.push_back(entry);
  }
  for (const auto& [name, value] : program.environment) all.push_back(name + "=" + value);
  return all;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// 0, or why it could not be started.
int start(const Program& program, int output, pid_t& pid) {
  std::vector<std::string> words = {program.command};
  words.insert(words.end(), program.arguments.begin(), program.arguments.end());
  std::vector<std::string> environment = environment_of(program);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  if (!program.may_ask) posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  const int error =
      posix_spawnp(&pid, program.command.c_str(), &actions, nullptr, pointers_to(words).data(), pointers_to(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

/// A child that is waited for by whoever holds this; killed when nobody did.
class Child {
 public:
  explicit Child(pid_t pid) : pid_(pid), ended_(pidfd_open(pid, 0)) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    (void)wait();
  }

  /// Readable once it has ended.
  [[nodiscard]] int ended() const { return ended_.get(); }
  int wait() {
    int status = 0;
    const pid_t pid = std::exchange(pid_, -1);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
  }

 private:
  pid_t pid_;
  Descriptor ended_;
};

/// What is there to read now. False at the end, and when it is more than may be.
bool read_into(std::string& text, int fd) {
  std::array<char, 4096> piece;      // NOLINT(cppcoreguidelines-pro-type-member-init): filled below
  while (text.size() <= kAnswerBytesMax) {
    const ssize_t count = ::read(fd, piece.data(), piece.size());
    if (count > 0) text.append(piece.data(), static_cast<std::size_t>(count));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return count < 0 && errno == EAGAIN;
  }
  return false;
}

base::Status listen(Child& child, Descriptor& output, const Program& program, const base::Clock& clock, std::string& answer) {
  const base::SteadyPoint end = clock.steady_now() + program.at_most;
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - clock.steady_now()).count();
    if (left <= 0) {
      const auto seconds = std::chrono::ceil<std::chrono::seconds>(program.at_most).count();
      return base::fail(Code::DeadlineExceeded, "did not end within " + std::to_string(seconds) + " s and was stopped");
    }
    std::array<pollfd, 2> events = {pollfd{output.get(), POLLIN, 0}, pollfd{child.ended(), POLLIN, 0}};
    if (::poll(events.data(), events.size(), static_cast<int>(left)) < 0 && errno != EINTR) {
      return base::fail(Code::Internal, "cannot be waited for: " + words_of(errno));
    }
    if (output.get() >= 0 && !read_into(answer, output.get())) output.close();      // it may have more to do than to say
    if (answer.size() > kAnswerBytesMax) return base::fail(Code::InvalidArgument, "says more than 1 MiB");
    if (events[1].revents != 0) return {};
  }
}

}  // namespace

std::vector<std::string> environment_now() {
  std::vector<std::string> all;
  for (char** one = environ; *one != nullptr; ++one) all.emplace_back(*one);
  return all;
}

base::Result<base::Secret> run_program(const Program& program, const base::Clock& clock) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return base::fail(Code::Internal, "cannot be run: " + words_of(errno));
  Descriptor output(ends[0]);
  Descriptor input(ends[1]);
  ::fcntl(output.get(), F_SETFL, O_NONBLOCK);
  pid_t pid = -1;
  if (const int error = start(program, input.get(), pid); error != 0) {
    return base::fail(Code::NotFound, "cannot be run: " + words_of(error));
  }
  input.close();
  Child child(pid);
  if (child.ended() < 0) return base::fail(Code::Internal, "cannot be waited for: " + words_of(errno));
  std::string answer;
  if (auto heard = listen(child, output, program, clock, answer); !heard) return base::fail(heard.error());
  const int status = child.wait();
  base::Secret said(std::move(answer));
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return said;
  return base::fail(Code::FailedPrecondition, WIFEXITED(status) ? "ended with code " + std::to_string(WEXITSTATUS(status))
                                                                : "was ended by signal " + std::to_string(WTERMSIG(status)));
}

}  // namespace cli
