#include "operator/cli/status_view.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "controllers/platform/forecast.hpp"
#include "operator/cli/commands.hpp"
#include "operator/cli/conditions.hpp"

namespace cli {
namespace {

using controllers::Object;
using controllers::object::list_at;
using controllers::object::number_at;
using controllers::object::text_at;

StatusView::Condition condition_of(const Object& from) {
  return {text_at(from, {"type"}), text_at(from, {"status"}), text_at(from, {"reason"}), text_at(from, {"message"}),
          text_at(from, {"lastTransitionTime"})};
}

/// A part that does not work, or a platform that waits for a person. Ready and Reconciling only repeat one of these.
bool is_problem(const StatusView::Condition& condition) {
  if (condition.type == "Stalled") return condition.status == "True";
  return condition.type != "Ready" && condition.type != "Reconciling" && condition.status == "False";
}

Object to_object(const StatusView::Condition& condition) {
  return {{"type", condition.type},
          {"status", condition.status},
          {"reason", condition.reason},
          {"message", condition.message},
          {"since", condition.since}};
}

Cell pods_cell(const crds::Component& component) {
  return {fmt::format("{}/{}", component.ready, component.desired), component.ready < component.desired ? Tone::Bad : Tone::Good};
}

/// Its spec was edited after it was paused, and nothing of that is carried out.
bool is_held_by_pause(const StatusView& view) { return view.paused && view.ready && view.ready->reason == "Paused"; }

std::string headline(const StatusView& view, base::TimePoint now, const Console& console) {
  std::string text = console.paint(Tone::Strong, fmt::format("PaymentPlatform {}/{}", view.name_space, view.name)) + ": ";
  if (!view.ready) return text + console.paint(Tone::Warn, "not seen by the operator yet") + "\n";
  const std::string since = ago(view.ready->since, now);
  if (is_held_by_pause(view)) {
    text += console.paint(Tone::Warn, "paused") + ", and its spec was edited" + (since.empty() ? "" : " " + since + " ago");
  } else {
    const bool good = view.ready->status == "True";
    text += console.paint(good ? Tone::Good : Tone::Bad, good ? "Ready" : fmt::format("not ready, {}", view.ready->reason));
    if (!since.empty()) text += " for " + since;
    if (view.paused) text += ", " + console.paint(Tone::Warn, "paused");
  }
  if (view.deleting) text += ", " + console.paint(Tone::Warn, "being deleted");
  text += "\n";
  // Ready names a first cause, which is often the oldest problem: that is told below, with what to do.
  if (!view.problem || view.problem->message != view.ready->message) text += wrapped(console, view.ready->message, 0) + "\n";
  return text;
}

std::string next_text(const StatusView& view, const Console& console) {
  return view.next_step.empty() ? "" : wrapped(console, "  " + console.paint(Tone::Strong, "next: ") + view.next_step, 4) + "\n";
}

/// What lets a paused platform go on; the pause of a spec is taken out where the spec comes from.
std::string resume_of(const Object& platform, const std::string& name) {
  const bool by_spec = controllers::object::truth_at(platform, {"spec", "paused"});
  return "kubectl payment plan " + name + " lists what waits; " +
         (by_spec ? "spec.paused: false lets it go ahead" : "kubectl payment resume " + name + " lets it go ahead");
}

}  // namespace

std::string ago(const std::string& since, base::TimePoint now) {
  const auto time = base::parse_rfc3339(since);
  if (!time) return {};
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - *time).count();
  if (seconds < 120) return fmt::format("{} s", std::max<std::int64_t>(seconds, 0));
  if (seconds < 120 * 60) return fmt::format("{} min", seconds / 60);
  if (seconds < 48 * 3600) return fmt::format("{} h", seconds / 3600);
  return fmt::format("{} d", seconds / 86400);
}

StatusView status_view(const Object& platform, const std::string& context) {
  StatusView view{.name_space = text_at(platform, {"metadata", "namespace"}),
                  .name = text_at(platform, {"metadata", "name"}),
                  .paused = controllers::is_paused(platform),
                  .deleting = controllers::object::is_deleting(platform),
                  .generation = number_at(platform, {"metadata", "generation"}),
                  .observed = number_at(platform, {"status", "observedGeneration"}, -1),
                  .version = text_at(platform, {"status", "version"}),
                  .services = text_at(platform, {"status", "services"})};
  for (const Object& one : list_at(platform, {"status", "conditions"})) {
    const StatusView::Condition condition = condition_of(one);
    if (condition.type == "Ready") view.ready = condition;
    if (is_problem(condition) && (!view.problem || condition.since < view.problem->since)) view.problem = condition;
  }
  const Place place{view.name_space, context};
  if (view.problem) {
    view.problem->message = runnable(view.problem->message, place);
    view.next_step = runnable(remedy_of(view.problem->reason), place);
  } else if (is_held_by_pause(view)) {
    view.next_step = runnable(resume_of(platform, view.name), place);
  }
  if (view.ready) view.ready->message = runnable(view.ready->message, place);
  for (const Object& one : list_at(platform, {"status", "components"})) {
    view.components.push_back({text_at(one, {"name"}), text_at(one, {"kind"}), number_at(one, {"ready"}), number_at(one, {"desired"}),
                               text_at(one, {"image"}), text_at(one, {"message"})});
  }
  if (const Object* endpoints = controllers::object::dig(platform, {"status", "endpoints"});
      endpoints != nullptr && endpoints->is_object()) {
    for (const auto& [name, url] : endpoints->items()) {
      if (url.is_string() && !url.get_ref<const std::string&>().empty()) view.endpoints.emplace_back(name, url.get<std::string>());
    }
  }
  for (const Object& one : list_at(platform, {"status", "pendingChanges"})) {
    view.pending.push_back({text_at(one, {"component"}), text_at(one, {"reason"}), text_at(one, {"change"}), text_at(one, {"restarts"}),
                            runnable(text_at(one, {"waitsFor"}), place)});
  }
  return view;
}

std::string status_text(const StatusView& view, base::TimePoint now, const Console& console) {
  std::string text = headline(view, now, console);
  if (view.observed < view.generation) {
    text += console.paint(Tone::Warn,
                          fmt::format("The operator has not seen the newest change of the spec (generation {}, seen {}); is it running?",
                                      view.generation, view.observed)) +
            "\n";
  }
  if (!view.components.empty()) {
    std::vector<std::vector<Cell>> rows = {
        {{"COMPONENT", Tone::Faint}, {"KIND", Tone::Faint}, {"READY", Tone::Faint}, {"IMAGE", Tone::Faint}}};
    for (const crds::Component& one : view.components) rows.push_back({{one.name}, {one.kind}, pods_cell(one), {one.image}});
    text += "\n" + table(console, rows);
  }
  if (!view.endpoints.empty()) {
    std::vector<std::vector<Cell>> rows = {{{"ENDPOINT", Tone::Faint}, {"URL", Tone::Faint}}};
    for (const auto& [name, url] : view.endpoints) rows.push_back({{name}, {url}});
    text += "\n" + table(console, rows);
  }
  if (!view.pending.empty()) text += "\n" + console.paint(Tone::Faint, "DECIDED, AND WAITING") + "\n";
  for (const crds::PendingChange& one : view.pending) {
    text += wrapped(console, one.component + ": " + one.change, 2) + "\n";
    if (!one.restarts.empty()) text += wrapped(console, "  restarts " + one.restarts, 4) + "\n";
    text += wrapped(console, "  " + console.paint(Tone::Strong, "waits for ") + one.waits_for, 4) + "\n";
  }
  if (view.problem) {
    text += "\n" +
            console.paint(Tone::Bad, fmt::format("Oldest problem, for {}: {} {}", ago(view.problem->since, now), view.problem->type,
                                                 view.problem->reason)) +
            "\n" + wrapped(console, "  " + view.problem->message, 2) + "\n" + next_text(view, console);
  } else if (!view.next_step.empty()) {
    text += "\n" + next_text(view, console);
  }
  return text;
}

Object to_object(const StatusView& view) {
  Object out = {{"platform", {{"namespace", view.name_space}, {"name", view.name}}},
                {"ready", view.ready ? to_object(*view.ready) : Object()},
                {"paused", view.paused},
                {"generation", view.generation},
                {"observedGeneration", view.observed},
                {"version", view.version},
                {"services", view.services},
                {"components", Object::array()},
                {"endpoints", Object::object()},
                {"pendingChanges", Object::array()},
                {"problem", view.problem ? to_object(*view.problem) : Object()}};
  for (const crds::Component& one : view.components) {
    out["components"].push_back({{"name", one.name},
                                 {"kind", one.kind},
                                 {"ready", one.ready},
                                 {"desired", one.desired},
                                 {"image", one.image},
                                 {"message", one.message}});
  }
  for (const auto& [name, url] : view.endpoints) out["endpoints"][name] = url;
  for (const crds::PendingChange& one : view.pending) {
    out["pendingChanges"].push_back({{"component", one.component},
                                     {"reason", one.reason},
                                     {"change", one.change},
                                     {"restarts", one.restarts},
                                     {"waitsFor", one.waits_for}});
  }
  if (view.problem) out["problem"]["next"] = view.next_step;
  if (!view.problem && !view.next_step.empty()) out["next"] = view.next_step;
  return out;
}

}  // namespace cli
