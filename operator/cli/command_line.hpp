// The command line as a whole: flags, verbs, help.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "operator/cli/session.hpp"

namespace cli {

struct CommandLine {
  Flags flags;
  std::optional<Verb> verb;        // absent: help was asked for, or the words were wrong
  std::string text = {};           // the help, or what was wrong
  int exit_code = kExitDone;       // without a verb
};

/// `words` without the program's name.
[[nodiscard]] CommandLine parse_command_line(std::vector<std::string> words);

/// Names that only a cluster or a kubeconfig knows; none where these cannot be asked.
struct Known {
  using Names = std::function<std::vector<std::string>(const Flags&)>;
  Names platforms = [](const Flags&) { return std::vector<std::string>{}; };
  Names namespaces = platforms;
  Names contexts = platforms;
};

/// What the last word, which is being typed, may become; none where a file name may stand.
[[nodiscard]] std::vector<std::string> complete(const std::vector<std::string>& words, const Known& known = {});

}  // namespace cli
