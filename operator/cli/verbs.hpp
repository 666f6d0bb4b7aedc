// How a verb says what may stand on its command line. The library behind it stays in command_line.cpp: it costs seconds a file.
#pragma once

#include <string>

#include "operator/cli/session.hpp"

namespace CLI {
class App;
}

namespace cli {

/// The words of one verb. All of them may be left out, unless it says otherwise.
class Words {
 public:
  explicit Words(CLI::App& app) : app_(app) {}

  Words& positional(const char* name, std::string& into, const char* help);
  Words& option(const char* names, std::string& into, const char* help);      // its present value is the default
  Words& required(const char* names, std::string& into, const char* help);
  Words& flag(const char* names, bool& into, const char* help);
  Words& output(Format& into);      // -o json|yaml
  Words& platform(std::string& into) { return positional("NAME", into, "The platform; may be left out where there is only one"); }
  Words& footer(const char* text);

 private:
  CLI::App& app_;
};

class Verbs {
 public:
  Verbs(CLI::App& app, Verb& chosen) : app_(app), chosen_(chosen) {}
  Words add(const char* name, const char* help, Verb run);

 private:
  CLI::App& app_;
  Verb& chosen_;
};

// One file each.
void add_status(Verbs& verbs);
void add_plan(Verbs& verbs);
void add_verify(Verbs& verbs);
void add_explain(Verbs& verbs);
void add_reconcile(Verbs& verbs);
void add_render(Verbs& verbs);
void add_pause(Verbs& verbs);
void add_resume(Verbs& verbs);
void add_completion(Verbs& verbs);
void add_version(Verbs& verbs);

}  // namespace cli
