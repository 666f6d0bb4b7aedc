// kubectl-payment: wires the verbs to the terminal and the cluster.
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "operator/cli/command_line.hpp"
#include "operator/cli/commands.hpp"
#include "operator/cli/connection.hpp"
#include "operator/cli/known.hpp"

namespace {

bool wants_colour() {
  const char* refused = std::getenv("NO_COLOR");      // NOLINT(concurrency-mt-unsafe): before any thread starts
  return isatty(STDOUT_FILENO) == 1 && (refused == nullptr || *refused == '\0');
}

/// Of the terminal; 0 for a file or a pipe, whose reader wants whole lines.
std::size_t columns() {
  winsize size{};
  return isatty(STDOUT_FILENO) == 1 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/// As the completion scripts ask; and as kubectl asks a program kubectl_complete-payment on the PATH, which may be a link to this one.
std::optional<int> answer_completion(const std::string& program, std::vector<std::string> words) {
  const bool for_kubectl = program.ends_with("kubectl_complete-payment");
  if (!for_kubectl && (words.empty() || words.front() != "__complete")) return std::nullopt;
  if (!for_kubectl) words.erase(words.begin());
  cli::Connection connection(false);
  cli::Known known = cli::known_from([&](const cli::Flags& flags) { return connection.open(flags); });
  known.contexts = [](const cli::Flags& flags) { return kube::context_names(cli::choice_of(flags)); };
  const std::vector<std::string> answers = cli::complete(words, known);
  for (const std::string& answer : answers) std::cout << answer << "\n";
  if (for_kubectl) std::cout << (answers.empty() ? ":0\n" : ":4\n");      // cobra's directives: files may follow, or may not
  return cli::kExitDone;
}

int run(std::vector<std::string> words) {
  const cli::CommandLine line = cli::parse_command_line(std::move(words));
  if (!line.verb) {
    (line.exit_code == cli::kExitDone ? std::cout : std::cerr) << line.text;
    return line.exit_code;
  }
  cli::Console console(std::cout, std::cerr, wants_colour(), columns());
  cli::Connection connection(isatty(STDIN_FILENO) == 1);
  cli::Session session{console,
                       std::cin,
                       base::system_clock(),
                       base::system_rng(),
                       line.flags,
                       [&](const cli::Flags& flags) { return connection.open(flags); }};
  const base::Result<int> done = (*line.verb)(session);
  if (done) return *done;
  console.note("kubectl-payment: " + cli::runnable(done.error().message, {line.flags.name_space, line.flags.context}));
  return cli::kExitError;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  if (const auto answered = answer_completion(argv[0], words)) return *answered;
  return run(std::move(words));
}
