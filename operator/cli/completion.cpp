// kubectl payment completion: scripts for shells. What may be typed they ask of this program, so that they never grow old.
#include <memory>

#include "operator/cli/verbs.hpp"

namespace cli {
namespace {

constexpr const char* kBash = R"(# source <(kubectl payment completion bash)
_kubectl_payment() {
  local IFS=$'\n'
  COMPREPLY=($(kubectl-payment __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _kubectl_payment kubectl-payment
)";

constexpr const char* kZsh = R"(# source <(kubectl payment completion zsh)
_kubectl_payment() {
  local -a answers
  answers=("${(@f)$(kubectl-payment __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "$answers[1]" ]]; then compadd -a answers; else _files; fi
}
compdef _kubectl_payment kubectl-payment
)";

constexpr const char* kFish = R"(# kubectl payment completion fish | source
complete -c kubectl-payment -f -a '(kubectl-payment __complete (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
complete -c kubectl-payment -s f -l filename -r -F
complete -c kubectl-payment -l live-objects -r -F
complete -c kubectl-payment -l kubeconfig -r -F
)";

base::Result<int> run_completion(Session& session, const std::string& shell) {
  for (const auto& [name, script] : {std::pair{"bash", kBash}, {"zsh", kZsh}, {"fish", kFish}}) {
    if (shell != name) continue;
    session.console.print(script);
    return kExitDone;
  }
  return base::fail(base::Code::InvalidArgument, "completion is there for bash, zsh and fish");
}

}  // namespace

void add_completion(Verbs& verbs) {
  const auto shell = std::make_shared<std::string>();
  verbs
      .add("completion", "A script that completes words in your shell",
           [shell](Session& session) { return run_completion(session, *shell); })
      .positional("SHELL", *shell, "bash, zsh or fish")
      .footer("For `kubectl payment <TAB>` also: ln -s kubectl-payment kubectl_complete-payment, both on the PATH.");
}

}  // namespace cli
