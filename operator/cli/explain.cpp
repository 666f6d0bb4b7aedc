// kubectl payment explain: what a condition or a reason means, what to do about it, and how the platform stands with it now.
#include <algorithm>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "operator/cli/conditions.hpp"
#include "operator/cli/nearest.hpp"
#include "operator/cli/platforms.hpp"
#include "operator/cli/status_view.hpp"
#include "operator/cli/verbs.hpp"

namespace cli {
namespace {

using controllers::Object;
using controllers::object::list_at;
using controllers::object::text_at;

struct ExplainOptions {
  std::string word;
  std::string platform;
  Format format = Format::Text;
};

/// The conditions of the platform that this word is about.
std::vector<Object> present(const Object& platform, const std::vector<Term>& terms) {
  std::vector<Object> found;
  for (const Object& condition : list_at(platform, {"status", "conditions"})) {
    for (const Term& term : terms) {
      if (text_at(condition, {term.on.empty() ? "type" : "reason"}) != term.name) continue;
      found.push_back(condition);
      break;
    }
  }
  return found;
}

std::string term_text(const Term& term, const Console& console) {
  std::string text = console.paint(Tone::Strong, term.name);
  text += term.on.empty() ? ", a condition: True means that " + term.meaning : ", a reason on " + term.on + ": " + term.meaning;
  text = wrapped(console, text, 2) + "\n";
  if (!term.remedy.empty()) text += wrapped(console, "  " + console.paint(Tone::Strong, "what to do: ") + term.remedy, 4) + "\n";
  return text;
}

std::string present_text(const Object& platform, const std::vector<Object>& conditions, base::TimePoint now, const Console& console) {
  const kube::PlatformKey key = key_of(platform);
  std::string text = "\n" + console.paint(Tone::Strong, fmt::format("PaymentPlatform {}/{}", key.name_space, key.name)) + " now:";
  if (conditions.empty()) return text + " no condition says so\n";
  text += "\n";
  for (const Object& condition : conditions) {
    const std::string since = ago(text_at(condition, {"lastTransitionTime"}), now);
    const std::string line =
        fmt::format("  {}={} {}{}: {}", text_at(condition, {"type"}), text_at(condition, {"status"}), text_at(condition, {"reason"}),
                    since.empty() ? "" : " for " + since, text_at(condition, {"message"}));
    text += wrapped(console, line, 4) + "\n";
  }
  return text;
}

Object to_object(const std::vector<Term>& terms) {
  Object list = Object::array();
  for (const Term& term : terms) {
    Object one = {{"name", term.name}, {"meaning", term.meaning}};
    if (!term.on.empty()) one["on"] = term.on;
    if (!term.remedy.empty()) one["remedy"] = term.remedy;
    list.push_back(std::move(one));
  }
  return list;
}

base::Result<int> list_all(Session& session, Format format) {
  if (format != Format::Text) {
    session.console.print_value({{"terms", to_object(terms())}}, format);
    return kExitDone;
  }
  std::vector<std::vector<Cell>> rows;
  for (const Term& term : terms()) {
    const auto same = std::find_if(rows.begin(), rows.end(), [&](const auto& row) { return row[0].text == term.name; });
    if (same == rows.end()) {
      rows.push_back({{term.name, Tone::Strong}, {term.on.empty() ? "condition" : "reason"}, {term.meaning}});
    } else {
      (*same)[1].text = "condition, reason";      // "DatabaseReady": its own reason while it is True
    }
  }
  session.console.print(table(session.console, rows));
  return kExitDone;
}

/// Without a value when no platform was named and none can be found: the meaning is worth telling alone.
base::Result<std::optional<Object>> platform_at_hand(Session& session, const std::string& name) {
  auto cluster = session.cluster();
  auto platform = cluster ? find_platform(session, **cluster, name) : base::fail(cluster.error());
  if (platform) return std::optional<Object>(std::move(*platform));
  if (name.empty()) return std::optional<Object>{};
  return base::fail(platform.error());
}

base::Result<int> run_explain(Session& session, const ExplainOptions& options) {
  if (options.word.empty()) return list_all(session, options.format);
  const std::vector<Term> found = terms_named(options.word);
  if (found.empty()) {
    const std::string hint = meant(options.word, term_names());
    return base::fail(base::Code::NotFound, "no condition and no reason is called " + options.word +
                                                (hint.empty() ? "; kubectl payment explain lists them" : hint));
  }
  const auto platform = platform_at_hand(session, options.platform);
  if (!platform) return base::fail(platform.error());
  const std::vector<Object> conditions = *platform ? present(**platform, found) : std::vector<Object>{};
  if (options.format != Format::Text) {
    Object value = {{"terms", to_object(found)}};
    if (*platform) value["conditions"] = conditions;
    session.console.print_value(value, options.format);
    return kExitDone;
  }
  for (const Term& term : found) session.console.print(term_text(term, session.console));
  if (*platform) session.console.print(present_text(**platform, conditions, session.clock.now(), session.console));
  return kExitDone;
}

}  // namespace

void add_explain(Verbs& verbs) {
  const auto options = std::make_shared<ExplainOptions>();
  verbs
      .add("explain", "What a condition or a reason means, what to do, and whether the platform has it now",
           [options](Session& session) { return run_explain(session, *options); })
      .positional("WORD", options->word, "A condition or a reason; without it, all of them")
      .positional("PLATFORM", options->platform, "Whose present state to show; may be left out where there is only one")
      .output(options->format);
}

}  // namespace cli
