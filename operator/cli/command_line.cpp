#include "operator/cli/command_line.hpp"

#include <algorithm>
#include <sstream>
#include <utility>

#include <CLI/CLI.hpp>

#include "operator/cli/conditions.hpp"
#include "operator/cli/nearest.hpp"
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
  const auto take = [&into](const std::string& word) {
    if (word != "json" && word != "yaml") throw CLI::ValidationError("--output", "must be json or yaml, not " + word);
    into = word == "json" ? Format::Json : Format::Yaml;
  };
  app_.add_option_function<std::string>("-o,--output", take, "Answer as json or yaml, for other programs")->type_name("json|yaml");
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

std::vector<std::string> names_of(const std::vector<const CLI::App*>& verbs) {
  std::vector<std::string> names;
  for (const CLI::App* verb : verbs) names.push_back(verb->get_name());
  return names;
}

void add_names(const CLI::App& app, std::vector<std::string>& out) {
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) out.push_back("--" + name);
    for (const std::string& name : option->get_snames()) out.push_back("-" + name);
  }
}

/// What stands on a command line that may not be finished.
struct Typed {
  const CLI::App* verb = nullptr;
  std::string unknown;                        // stands where a verb should
  std::size_t positionals = 0;                // of the verb
  const CLI::Option* waiting = nullptr;       // the option whose value comes next
  Flags flags;
};

void take_value(Typed& typed, const std::string& value) {
  const CLI::Option* option = std::exchange(typed.waiting, nullptr);
  if (option->check_lname("namespace")) typed.flags.name_space = value;
  if (option->check_lname("context")) typed.flags.context = value;
  if (option->check_lname("kubeconfig")) typed.flags.kubeconfig = value;
}

Typed look_at(const Grammar& grammar, const std::vector<std::string>& words) {
  Typed typed;
  for (const std::string& word : words) {
    const std::size_t equals = word.find('=');
    if (typed.waiting != nullptr) {
      take_value(typed, word);
    } else if (word.starts_with('-')) {
      typed.waiting = grammar.option(typed.verb, word.substr(0, equals));
      if (!takes_value(typed.waiting)) typed.waiting = nullptr;
      if (typed.waiting != nullptr && equals != std::string::npos) take_value(typed, word.substr(equals + 1));
    } else if (typed.verb == nullptr) {
      typed.verb = grammar.verb(word);
      if (typed.verb == nullptr && typed.unknown.empty()) typed.unknown = word;
    } else {
      ++typed.positionals;
    }
  }
  return typed;
}

/// What may stand as the next word of a verb that is no option.
std::vector<std::string> next_words(const Typed& typed, const Known& known) {
  std::size_t position = 0;
  for (const CLI::Option* option : typed.verb->get_options()) {
    if (!option->get_positional() || position++ != typed.positionals) continue;
    const std::string name = option->get_name(true);
    if (name == "SHELL") return {"bash", "zsh", "fish"};
    if (name == "WORD") return term_names();
    if (name == "NAME" || name == "PLATFORM") return known.platforms(typed.flags);
  }
  return {};
}

std::vector<std::string> values_for(const Typed& typed, const Known& known) {
  if (typed.waiting->check_lname("output")) return {"json", "yaml"};
  if (typed.waiting->check_lname("namespace")) return known.namespaces(typed.flags);
  if (typed.waiting->check_lname("context")) return known.contexts(typed.flags);
  return {};
}

std::string wrong_words(const Grammar& grammar, const Typed& typed, const CLI::ParseError& error) {
  const std::string help =
      "\nkubectl payment " + (typed.verb == nullptr ? "" : typed.verb->get_name() + " ") + "--help lists what there is\n";
  std::string what = error.what();
  if (typed.verb == nullptr) {
    what = typed.unknown.empty() ? "a command is missing"
                                 : "there is no command " + typed.unknown + meant(typed.unknown, names_of(grammar.verbs()));
  }
  return "kubectl-payment: " + what + help;
}

}  // namespace

std::vector<std::string> complete(const std::vector<std::string>& words, const Known& known) {
  if (words.empty()) return {};
  const Grammar grammar;
  const Typed typed = look_at(grammar, {words.begin(), words.end() - 1});
  std::vector<std::string> all;
  if (typed.waiting != nullptr) {
    all = values_for(typed, known);
  } else if (words.back().starts_with('-')) {
    if (typed.verb != nullptr) add_names(*typed.verb, all);
    add_names(grammar.app, all);
  } else if (typed.verb == nullptr) {
    all = names_of(grammar.verbs());
  } else {
    all = next_words(typed, known);
  }
  std::erase_if(all, [&](const std::string& word) { return !word.starts_with(words.back()); });
  return all;
}

CommandLine parse_command_line(std::vector<std::string> words) {
  Grammar grammar;
  CommandLine line;
  const Typed typed = look_at(grammar, words);
  try {
    std::reverse(words.begin(), words.end());      // as the library takes them
    grammar.app.parse(std::move(words));
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() != 0) {
      line.exit_code = kExitError;
      line.text = wrong_words(grammar, typed, error);
      return line;
    }
    std::ostringstream out;
    (void)grammar.app.exit(error, out, out);
    line.text = out.str();
    return line;
  }
  line.flags = grammar.flags;
  line.verb = std::move(grammar.chosen);
  return line;
}

}  // namespace cli
