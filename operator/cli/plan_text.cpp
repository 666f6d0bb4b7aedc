#include "operator/cli/plan_text.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "controllers/platform/gates.hpp"

namespace cli {
namespace {

using controllers::FieldChange;
using controllers::ObjectChange;
using controllers::PlanReport;

constexpr std::string_view kIndent = "      ";

struct Look {
  const char* sign;
  Tone tone;
};

Look look_of(ObjectChange::Verb verb) {
  switch (verb) {
    case ObjectChange::Verb::Create: return {"+", Tone::Good};
    case ObjectChange::Verb::Change: return {"~", Tone::Warn};
    case ObjectChange::Verb::Replace: return {"!", Tone::Bad};
    case ObjectChange::Verb::Delete: return {"-", Tone::Bad};
  }
  return {"", Tone::Plain};
}

std::string plural(std::size_t count, const char* one) { return fmt::format("{} {}{}", count, one, count == 1 ? "" : "s"); }

std::string summary(const PlanReport& report) {
  std::string text;
  for (const ObjectChange::Verb verb :
       {ObjectChange::Verb::Create, ObjectChange::Verb::Change, ObjectChange::Verb::Replace, ObjectChange::Verb::Delete}) {
    if (const std::size_t count = report.count(verb); count > 0) {
      text += fmt::format("{}{} to {}", text.empty() ? "" : ", ", plural(count, "object"), controllers::name_of(verb));
    }
  }
  if (text.empty()) return report.stalled ? "the operator changes nothing" : "nothing changes";
  const std::size_t pods = report.restarted_pods();
  text += pods == 0 ? "; no pod restarts" : fmt::format("; {} restart{}", plural(pods, "pod"), pods == 1 ? "s" : "");
  const auto waiting =
      std::count_if(report.objects.begin(), report.objects.end(), [](const ObjectChange& one) { return !one.waits_for.empty(); });
  return waiting == 0 ? text : text + fmt::format("; {} of these changes wait{}", waiting, waiting == 1 ? "s" : "");
}

/// The operator's own note of what the spec asks for, on a workload.
bool is_note(const FieldChange& field) { return field.path.ends_with(controllers::kAsked); }

/// Nothing else of the object changes.
bool is_only_noted(const ObjectChange& change) {
  return change.verb == ObjectChange::Verb::Change && !change.more_fields && !change.fields.empty() &&
         std::all_of(change.fields.begin(), change.fields.end(), is_note);
}

std::string fields_text(const std::vector<FieldChange>& fields, const Console& console) {
  std::vector<std::vector<Cell>> rows;
  for (const FieldChange& field : fields) {
    if (is_note(field)) continue;
    const std::string before = field.before.empty() ? "(none)" : field.before;
    const std::string after = field.after.empty() ? "(gone)" : field.after;
    rows.push_back({{field.path}, {before + " -> " + after}});
  }
  return table(console, rows, kIndent);
}

std::string object_text(const ObjectChange& change, const Console& console) {
  const Look look = look_of(change.verb);
  std::string text = console.paint(look.tone, fmt::format("  {} {:<7}", look.sign, controllers::name_of(change.verb))) + " " +
                     change.ref.kind + " " + change.ref.name + (change.why.empty() ? "" : ": " + change.why) + "\n";
  text += fields_text(change.fields, console);
  const auto line = [&](Tone tone, const std::string& words) {
    text += wrapped(console, std::string(kIndent) + console.paint(tone, words), kIndent.size()) + "\n";
  };
  if (is_only_noted(change)) line(Tone::Faint, "only the operator's note of what the spec asks for; its pods stay as they are");
  if (change.more_fields) line(Tone::Plain, "and more fields");
  if (change.restarts) {
    line(Tone::Warn, fmt::format("restarts {} ({})", change.restarts->which, change.restarts->why));
  }
  if (!change.data_at_risk.empty()) line(Tone::Bad, "DATA AT RISK: " + change.data_at_risk);
  if (!change.waits_for.empty()) line(Tone::Strong, "waits: " + change.waits_for);
  return text;
}

}  // namespace

std::string plan_text(const PlanReport& report, const Console& console) {
  std::string text =
      console.paint(Tone::Strong, fmt::format("PaymentPlatform {}/{}", report.name_space, report.name)) + ": " + summary(report) + "\n";
  if (report.stalled) {
    text +=
        wrapped(console, console.paint(Tone::Bad, fmt::format("stalled by {}: {}", report.stalled->reason, report.stalled->message)), 2) +
        "\n";
  }
  for (const ObjectChange& change : report.objects) text += object_text(change, console);
  return text;
}

}  // namespace cli
