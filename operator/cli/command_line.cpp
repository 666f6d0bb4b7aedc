#include "operator/cli/command_line.hpp"

#include <algorithm>
#include <sstream>
#include <utility>

#include <CLI/CLI.hpp>

#include "operator/cli/conditions.hpp"
#include "operator/cli/verbs.hpp"

namespace cli {

Words& Words::positional(const char* name, std::string& into, const char* help) {
  app_.add_option(name, into, help);
  return *this;
}

Words& Words::option(const char* names, std::string& into, const char* help) {
  CLI::Option* option = app_.add_option(names, into, help);
  if (!into.empty()) option->capture_default_str();
  return *this;
}

Words& Words::required(const char* names, std::string& into, const char* help) {
  app_.add_option(names, into, help)->required();
  return *this;
}

Words& Words::flag(const char* names, bool& into, const char* help) {
  app_.add_flag(names, into, help);
  return *this;
}

Words& Words::output(Format& into) {
  app_.add_option("-o,--output", into, "Answer as json or yaml, for other programs")
      ->transform(CLI::CheckedTransformer(std::vector<std::pair<std::string, Format>>{{"json", Format::Json}, {"yaml", Format::Yaml}}))
      ->type_name("json|yaml");
  return *this;
}

Words& Words::footer(const char* text) {
  app_.footer(text);
  return *this;
}

Words Verbs::add(const char* name, const char* help, Verb run) {
  CLI::App* verb = app_.add_subcommand(name, help);
  verb->callback([run = std::move(run), &chosen = chosen_] { chosen = run; });
  return Words(*verb);
}

namespace {

/// Everything that may be typed.
struct Grammar {
  Flags flags;
  Verb chosen;
  CLI::App app{"Payment platforms on Kubernetes: what they are doing, and what the operator would do.", "kubectl payment"};

  Grammar() {
    app.require_subcommand(1);
    app.fallthrough();      // the flags below may stand after the verb
    app.add_option("-n,--namespace", flags.name_space, "Namespace; default: that of the kubeconfig's context");
    app.add_option("--context", flags.context, "Context of the kubeconfig; default: the current one");
    app.add_option("--kubeconfig", flags.kubeconfig, "Kubeconfig file; default: those of KUBECONFIG, or ~/.kube/config");
    Verbs verbs(app, chosen);
    for (const auto add :
         {add_status, add_plan, add_verify, add_explain, add_reconcile, add_render, add_pause, add_resume, add_completion, add_version}) {
      add(verbs);
    }
  }

  [[nodiscard]] std::vector<const CLI::App*> verbs() const {
    return app.get_subcommands([](const CLI::App*) { return true; });
  }
  [[nodiscard]] const CLI::App* verb(const std::string& word) const {
    for (const CLI::App* one : verbs()) {
      if (one->get_name() == word) return one;
    }
    return nullptr;
  }
  /// Null for a word that is no option here, or no word of this verb.
  [[nodiscard]] const CLI::Option* option(const CLI::App* verb, const std::string& word) const {
    const CLI::Option* found = verb == nullptr ? nullptr : verb->get_option_no_throw(word);
    return found != nullptr ? found : app.get_option_no_throw(word);
  }
};

bool takes_value(const CLI::Option* option) { return option != nullptr && option->get_expected_max() > 0; }

void add_names(const CLI::App& app, std::vector<std::string>& out) {
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) out.push_back("--" + name);
    for (const std::string& name : option->get_snames()) out.push_back("-" + name);
  }
}

/// What may stand as the first word of a verb; platforms' names are the cluster's to know.
std::vector<std::string> first_words(const std::string& verb) {
  if (verb == "completion") return {"bash", "zsh", "fish"};
  std::vector<std::string> names;
  if (verb == "explain") {
    for (const Term& term : terms()) names.push_back(term.name);
  }
  return names;
}

}  // namespace

std::vector<std::string> complete(const std::vector<std::string>& words) {
  if (words.empty()) return {};
  const Grammar grammar;
  const CLI::App* verb = nullptr;
  std::size_t positionals = 0;
  const CLI::Option* waiting = nullptr;      // the option whose value comes next
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (takes_value(std::exchange(waiting, nullptr))) continue;
    if (words[i].starts_with('-')) {
      waiting = grammar.option(verb, words[i]);
    } else if (verb == nullptr) {
      verb = grammar.verb(words[i]);
    } else {
      ++positionals;
    }
  }
  std::vector<std::string> all;
  if (takes_value(waiting)) {
    if (waiting->check_lname("output")) all = {"json", "yaml"};
  } else if (words.back().starts_with('-')) {
    if (verb != nullptr) add_names(*verb, all);
    add_names(grammar.app, all);
  } else if (verb == nullptr) {
    for (const CLI::App* one : grammar.verbs()) all.push_back(one->get_name());
  } else if (positionals == 0) {
    all = first_words(verb->get_name());
  }
  std::erase_if(all, [&](const std::string& word) { return !word.starts_with(words.back()); });
  return all;
}

CommandLine parse_command_line(std::vector<std::string> words) {
  Grammar grammar;
  CommandLine line;
  try {
    std::reverse(words.begin(), words.end());      // as the library takes them
    grammar.app.parse(std::move(words));
  } catch (const CLI::ParseError& error) {
    std::ostringstream out;
    std::ostringstream err;
    line.exit_code = grammar.app.exit(error, out, err) == 0 ? kExitDone : kExitError;
    line.text = out.str() + err.str();
    return line;
  }
  line.flags = grammar.flags;
  line.verb = std::move(grammar.chosen);
  return line;
}

}  // namespace cli
