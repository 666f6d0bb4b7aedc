#include "tests/sim/operator/run.hpp"

#include <algorithm>
#include <map>
#include <mutex>

#include <fmt/format.h>

#include "controllers/component/objects.hpp"
#include "operator/kube/watch.hpp"
#include "tests/sim/operator/mischief.hpp"

namespace sim {
namespace {

using controllers::object::text_at;

constexpr minutes kConvergesWithin{40};      // after the last fault; the longest wait of all is ten minutes
// Longer than any delay that leads to another write. The longest is that of a stream that fell silent while there still were faults: what
// happened behind it is heard of when the silence is noticed.
constexpr seconds kRest = kube::kWatchSilenceMax + seconds(20);
constexpr minutes kQuiet{12};                // every watch is renewed twice
constexpr minutes kLongQuiet{40};            // and there is a turn of the CronJob

std::string why_not(const World& world) {
  const Stored platform = world.platform();
  return fmt::format("{}; last write: {}", platform ? platform->at("status").dump() : "the platform is gone",
                     world.properties().last_write_what());
}

/// Ready, or gone with all that it owned, and no write for a while.
bool at_rest(World& world, base::SteadyPoint since) {
  if (world.awaited()) return false;
  if (const Stored platform = world.platform()) {
    if (controllers::object::is_deleting(*platform) || !is_settled(*platform)) return false;
  } else {
    for (const kube::Kind& kind : kube::child_kinds()) {
      for (const Stored& object : world.store().list(kind, kNamespace)) {
        if (!controllers::object::list_at(*object, {"metadata", "ownerReferences"}).empty()) return false;
        if (controllers::object::is_deleting(*object)) return false;
      }
    }
  }
  return world.schedule().now() - std::max(since, world.properties().last_write()) >= kRest;
}

bool comes_to_rest(World& world) {
  return world.run_until([&world, since = world.schedule().now()] { return at_rest(world, since); }, kConvergesWithin);
}

/// Comes to rest, and stays there.
void conclude(World& world, Outcome& outcome, const std::string& when, minutes quiet = kQuiet) {
  if (!comes_to_rest(world)) {
    world.properties().violated(fmt::format("{} it does not come to rest: {}", when, why_not(world)));
  }
  const std::uint64_t writes = world.properties().writes();
  world.run_for(quiet);
  if (world.properties().writes() > writes) {
    world.properties().violated(fmt::format("{} it wrote after it had come to rest: {}", when, world.properties().last_write_what()));
  }
  outcome.wrong = world.properties().violation();
  outcome.steps = world.schedule().steps();
  outcome.writes = world.properties().writes();
  outcome.faults = world.faults().tally();
}

void play_in_order(World& world, const Script& script) {
  begin(world, script);
  for (const Deed& deed : script.deeds) {
    const bool waits_for_secret = std::string_view(deed.name) == "write Secret";
    if (!waits_for_secret && !comes_to_rest(world)) {
      return world.properties().violated(fmt::format("before \"{}\" it does not come to rest: {}", deed.name, why_not(world)));
    }
    deed.act(world);
  }
}

/// How a script ends when nothing goes wrong; each is run once.
const Outcome& reference(const Script& script) {
  static std::mutex mutex;
  static std::map<std::string, Outcome> known;
  const std::lock_guard lock(mutex);
  const auto [it, fresh] = known.try_emplace(script.name);
  if (fresh) it->second = run_undisturbed(script);
  return it->second;
}

/// Somebody took its labels, and the spec stopped asking for it before an operator looked: nobody can find it. It goes with the platform.
bool is_lost(const Object& object) {
  return controllers::object::label_of(object, controllers::kManagedByLabel).empty() &&
         !controllers::object::controller_uid(object).empty();
}

void compare(const Script& script, const World& world, Outcome& outcome, const std::vector<std::string>& foreign) {
  if (!outcome.wrong.empty()) return;
  const Outcome& undisturbed = reference(script);
  if (!undisturbed.wrong.empty()) {
    outcome.wrong = "the undisturbed run failed: " + undisturbed.wrong;
    return;
  }
  outcome.end = picture_of(world.store(), kNamespace, foreign);
  std::erase_if(outcome.end, [&](const auto& one) { return !undisturbed.end.contains(one.first) && is_lost(one.second); });
  if (!foreign.empty()) outcome.end = with_what_was_put_back(outcome.end, picture_of(world.store(), kNamespace), undisturbed.end);
  std::string other;
  if (script.may_end_early) {
    for (const auto& [name, object] : outcome.end) other = undisturbed.end.contains(name) ? other : name + " should not be there";
  } else {
    other = difference(undisturbed.end, outcome.end);
  }
  if (!other.empty()) outcome.wrong = "it ends otherwise than undisturbed: " + other;
}

}  // namespace

Outcome run_undisturbed(const Script& script, const Planted& planted, const Trace& trace) {
  World world({.planted = planted, .trace = trace});
  world.start_operator();
  world.run_for(seconds(2));
  Outcome outcome;
  play_in_order(world, script);
  conclude(world, outcome, "undisturbed", kLongQuiet);
  outcome.end = picture_of(world.store(), kNamespace);
  return outcome;
}

Outcome run_with_crash(const Script& script, std::uint64_t n, const Planted& planted, const Trace& trace) {
  World world({.seed = n, .planted = planted, .trace = trace});
  world.start_operator();
  world.run_for(seconds(2));
  world.crash_at_write(n);
  Outcome outcome;
  play_in_order(world, script);
  conclude(world, outcome, fmt::format("after the crash at write {}", n));
  compare(script, world, outcome, {});
  return outcome;
}

Outcome run_seed(std::uint64_t seed, const Planted& planted, const Trace& trace) {
  const Script& script = scripts()[seed % scripts().size()];
  if (trace) trace(fmt::format("seed {}: script {}", seed, script.name));
  World world({.seed = seed, .faults = true, .election = seed / scripts().size() % 3 == 0, .planted = planted, .trace = trace});
  Mischief mischief(world, script);
  mischief.run();
  Outcome outcome;
  conclude(world, outcome, fmt::format("script {}: when the faults are over", script.name),
           world.rng().below(4) == 0 ? kLongQuiet : kQuiet);
  compare(script, world, outcome, Mischief::managers());
  return outcome;
}

}  // namespace sim
