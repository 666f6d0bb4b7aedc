#include "tests/sim/operator/transitions.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <mutex>

#include <fmt/format.h>

#include "crds/types/platform.hpp"

namespace sim {
namespace {

using controllers::object::text_at;

/// What stays as it once was, whatever the spec says later, and why.
constexpr std::array<std::pair<const char*, const char*>, 8> kOutlives = {{
    {"image", "what ran well is kept"},
    {"database.managed.image", "what ran well is kept"},
    {"redis.managed.image", "what ran well is kept"},
    {"database.managed.storage", "a bound claim keeps its class and never shrinks"},
    {"secretRef", "a volume knows the password that it was made with"},
    {"channels.wechatPay.secretRef", "a channel knows the keys that it was made with"},
    {"version", "what ran well is kept"},
    {"paused", "nothing is changed"},
}};

bool outlives(const Leaf& leaf) {
  const std::string name = leaf.name();
  return std::any_of(kOutlives.begin(), kOutlives.end(),
                     [&](const auto& one) { return name == one.first || name.starts_with(std::string(one.first) + "."); });
}

/// A rule of the definition compares with the value before: such a field is set once.
bool is_set_once(const Object& schema) { return schema.dump().find("oldSelf") != std::string::npos; }

void collect(const Object& schema, std::vector<std::string>& path, std::vector<Leaf>& found) {
  const auto members = schema.find("properties");
  if (members == schema.end()) {
    if (!is_set_once(schema)) found.push_back({path, schema});
    return;
  }
  for (const auto& [name, member] : members->items()) {
    path.push_back(name);
    collect(member, path, found);
    path.pop_back();
  }
}

crds::Problems problems_of(const Object& spec) {
  crds::Problems problems;
  (void)crds::decode_platform({{"metadata", {{"name", kPlatform}, {"namespace", kNamespace}}}, {"spec", spec}}, problems);
  return problems;
}

/// Values of every sort; most fields take a few of them.
std::vector<Object> candidates(const Object& schema) {
  std::vector<Object> pool = {true,
                              false,
                              0,
                              1,
                              2,
                              3,
                              5,
                              20,
                              100,
                              400,
                              700,
                              5'000,
                              -1,
                              INT32_MAX,
                              "",
                              "a",
                              "b",
                              "UTC",
                              "standard",
                              "500m",
                              "1Gi",
                              "3Gi",
                              "256mb",
                              "2gb",
                              "512M",
                              "localhost/other:2",
                              "localhost/other:3",
                              "a.example.com",
                              "b.example.com",
                              "15 * * * *",
                              "@daily",
                              "30 2 31 2 *",
                              "Not A Name!",
                              "http://a.example.com",
                              "https://b.example.com",
                              std::string(5'000, 'x'),
                              Object::object(),
                              Object::array(),
                              Object::array({"a"}),
                              {{"a", "b"}},
                              {{"c", "d"}, {"e", "f"}},
                              {{"cpu", "250m"}},
                              {{"cpu", "1"}, {"memory", "1024Mi"}},
                              {{"slow_query_log", "1"}},
                              {{"Not A Name!", "1"}},
                              {{"port", "1"}}};
  for (const Object& value : schema.value("enum", Object::array())) pool.push_back(value);
  if (schema.contains("items")) {
    const Object& members = schema["items"].value("properties", Object::object());
    for (const char* text : {"a", "b", "A_B", "Mon", "02:00"}) {
      Object item = Object::object();
      for (const auto& [name, member] : members.items()) {
        if (member.value("type", "") == "string") item[name] = text;
        if (member.value("type", "") == "integer") item[name] = 60;
      }
      pool.push_back(Object::array({item}));
    }
  }
  return pool;
}

Object patch_of(const Leaf& leaf, const Object& value) {
  Object patch = value;
  for (auto name = leaf.path.rbegin(); name != leaf.path.rend(); ++name) patch = {{*name, patch}};
  return patch;
}

/// A world in which the user's Secrets of every name exist.
class Scene {
 public:
  Scene(const Object& spec, const Trace& trace) : world_({.trace = trace}) {
    world_.start_operator();
    Object data = Object::object();
    for (const char* key : {"wechat-app-id", "wechat-mch-id", "wechat-private-key", "wechat-merchant-serial-no", "wechat-api-v3-key",
                            "wechat-public-key", "wechat-public-key-id", "mysql-password"}) {
      data[key] = "dXNlcg==";
    }
    for (const char* name : {"a", "b", "payment-service-secret"}) world_.put_user_secret(name, data);
    world_.run_for(seconds(2));
    world_.create_platform(spec);
    rest();
  }
  /// As a client that knows another definition may write it: unchecked.
  void replace(const Object& spec) {
    world_.trace("user replaces the spec: " + spec.dump());
    world_.server().update_unchecked(place(), "kubectl", [&spec](Object& object) { object["spec"] = spec; });
    rest();
  }
  Answer try_to_replace(const Object& spec) {
    return world_.server().update(place(), "kubectl", [&spec](Object& object) { object["spec"] = spec; });
  }
  [[nodiscard]] bool ready() const { return world_.platform() && is_settled(*world_.platform()); }
  [[nodiscard]] const std::string& violation() const { return world_.properties().violation(); }
  /// Without the images that the status remembers of parts that have no pods now: that they ran once is of their history.
  [[nodiscard]] Picture picture() const {
    Picture picture = picture_of(world_.store(), kNamespace);
    for (Object& component : picture[describe(place())]["status"]["components"]) component.erase("image");
    return picture;
  }
  [[nodiscard]] std::string stalled() const {
    const Object* condition = controllers::object::condition_of(*world_.platform(), "Stalled");
    return condition != nullptr && text_at(*condition, {"status"}) == "True" ? text_at(*condition, {"message"}) : "";
  }
  void add_to(Outcome& outcome, const std::string& when) const {
    outcome.steps += world_.schedule().steps();
    outcome.writes += world_.properties().writes();
    if (outcome.wrong.empty() && !world_.properties().good()) outcome.wrong = when + ": " + world_.properties().violation();
  }

 private:
  static constexpr seconds kRest{40};

  [[nodiscard]] Place place() const { return place_of(*world_.platform()); }
  /// The operator has seen the spec and writes no more.
  void rest() {
    const bool resting = world_.run_until(
        [this, since = world_.schedule().now()] {
          const Object& platform = *world_.platform();
          const bool seen = platform["status"].value("observedGeneration", -1) == platform["metadata"]["generation"];
          return seen && world_.schedule().now() - std::max(since, world_.properties().last_write()) >= kRest;
        },
        minutes(20));
    if (!resting) world_.properties().violated("it does not come to rest: " + world_.properties().last_write_what());
  }

  World world_;
};

/// What a platform is that was made with this spec; empty when it does not get ready (a Secret that is not there, a pause).
struct Fresh {
  Picture picture;
  std::string wrong;
};

const Fresh& fresh(const Object& spec) {
  static std::mutex mutex;
  static std::map<std::string, Fresh> known;
  const std::string key = spec.dump();
  {
    const std::lock_guard lock(mutex);
    if (const auto it = known.find(key); it != known.end()) return it->second;
  }
  Scene scene(spec, {});
  Fresh made;
  if (scene.ready()) made.picture = scene.picture();
  made.wrong = scene.violation();
  const std::lock_guard lock(mutex);
  return known.emplace(key, std::move(made)).first->second;
}

Picture children(Picture picture) {
  std::erase_if(picture, [](const auto& one) { return one.first.starts_with("PaymentPlatform"); });
  return picture;
}

void compare(const Scene& scene, const Object& spec, const std::string& when, Outcome& outcome) {
  if (!outcome.wrong.empty()) return;
  const Fresh& wanted = fresh(spec);
  if (!wanted.wrong.empty()) outcome.wrong = when + ", made afresh: " + wanted.wrong;
  if (!outcome.wrong.empty() || wanted.picture.empty()) return;
  const std::string other = scene.ready() ? difference(wanted.picture, scene.picture()) : "it is not ready";
  if (!other.empty()) outcome.wrong = when + ": " + other;
}

}  // namespace

std::string Leaf::name() const { return fmt::format("{}", fmt::join(path, ".")); }

std::vector<Leaf> leaves() {
  std::vector<Leaf> found;
  std::vector<std::string> path;
  collect(platform_schema()["properties"]["spec"], path, found);
  return found;
}

Object with_value(Object spec, const Leaf& leaf, const Object& value) {
  spec.merge_patch(patch_of(leaf, value));
  return spec;
}

const Object& transition_base() {
  static const Object kBase = {
      {"channels", {{"wechatPay", {{"enabled", true}}}, {"simulator", {{"enabled", true}}}}},
      {"ingress", {{"enabled", true}, {"host", "pay.example.com"}}},
      {"services", {{"callback", {{"replicas", 1}, {"autoscaling", {{"enabled", false}}}}}}},
  };
  return kBase;
}

Values values_of(const Leaf& leaf, const Object& base) {
  Values values;
  Object::json_pointer place;
  for (const std::string& name : leaf.path) place.push_back(name);
  const Object before = base.contains(place) ? base[place] : leaf.schema.value("default", Object());
  for (const Object& candidate : candidates(leaf.schema)) {
    if (candidate == before) continue;
    // Objects are replaced, not merged into what was there.
    const auto problems = problems_of(with_value(with_value(base, leaf, nullptr), leaf, candidate));
    const auto names_it = [&](const crds::Problem& problem) { return problem.path.starts_with("spec." + leaf.name()); };
    if (problems.empty()) {
      if (candidate.type() != before.type() && !before.is_null() && !(candidate.is_number() && before.is_number())) continue;
      values.good.push_back(candidate);
    } else if (std::all_of(problems.begin(), problems.end(), names_it)) {
      values.bad.push_back(candidate);
    }
  }
  return values;
}

Outcome run_leaf(const Leaf& leaf, const Trace& trace) {
  Outcome outcome;
  const Object& base = transition_base();
  const Values values = values_of(leaf, base);
  if (values.good.empty() && leaf.schema.value("enum", Object::array()).size() == 1) return outcome;      // it can only be what it is
  if (values.good.empty()) {
    outcome.wrong = fmt::format("{}: no value of the pool is good for it; add one to candidates()", leaf.name());
    return outcome;
  }
  std::vector<std::pair<std::string, Object>> turns;
  const auto turn = [&](const char* verb, const Object& value) {
    turns.emplace_back(fmt::format("{} {} {}", leaf.name(), verb, value.dump().substr(0, 80)),
                       with_value(with_value(base, leaf, nullptr), leaf, value));
  };
  turn("set to", values.good.front());
  if (values.good.size() > 1) turn("changed to", values.good.back());
  turns.emplace_back(leaf.name() + " as before", base);
  Scene scene(base, trace);
  for (const auto& [when, spec] : turns) {
    scene.replace(spec);
    if (!outlives(leaf)) compare(scene, spec, when, outcome);
  }
  scene.add_to(outcome, leaf.name());
  return outcome;
}

Outcome run_bad_values(const Leaf& leaf, const Trace& trace) {
  Outcome outcome;
  const Object& base = transition_base();
  const Values values = values_of(leaf, base);
  if (values.bad.empty()) return outcome;
  const Object& bad = values.bad[leaf.name().size() % values.bad.size()];
  const Object spec = with_value(with_value(base, leaf, nullptr), leaf, bad);
  const std::string when = fmt::format("{} = {}", leaf.name(), bad.dump().substr(0, 80));
  Scene scene(base, trace);
  const Picture before = scene.picture();

  const Answer answer = scene.try_to_replace(spec);      // what the definition cannot say it takes, and the operator must refuse
  if (!answer.good() && !answer.field.starts_with("spec." + leaf.name()))
    outcome.wrong = fmt::format("{}: refused for {}", when, answer.field);
  scene.replace(spec);
  if (outcome.wrong.empty() && scene.stalled().find(leaf.name()) == std::string::npos) {
    outcome.wrong = fmt::format("{}: Stalled does not name the field: \"{}\"", when, scene.stalled());
  }
  if (const std::string other = difference(children(before), children(scene.picture())); outcome.wrong.empty() && !other.empty()) {
    outcome.wrong = fmt::format("{}: it changed something: {}", when, other);
  }
  scene.replace(base);
  if (const std::string other = difference(before, scene.picture()); outcome.wrong.empty() && !other.empty()) {
    outcome.wrong = fmt::format("{}, then the good value: {}", when, other);
  }
  scene.add_to(outcome, when);
  return outcome;
}

Outcome run_random_edit(std::uint64_t seed, const Trace& trace) {
  base::SeededRng rng(seed);
  std::vector<Leaf> all = leaves();
  std::erase_if(all, outlives);
  const auto some_values = [&] {
    Object spec = transition_base();
    for (std::uint64_t n = 0; n < 4; ++n) {
      const Leaf& leaf = all[rng.below(all.size())];
      const Values values = values_of(leaf, spec);
      if (!values.good.empty()) spec = with_value(spec, leaf, values.good[rng.below(values.good.size())]);
    }
    return spec;
  };
  const Object from = some_values();
  const Object to = some_values();
  Outcome outcome;
  Scene scene(from, trace);
  scene.replace(to);
  compare(scene, to, fmt::format("from {} to {}", from.dump(), to.dump()), outcome);
  scene.add_to(outcome, to.dump());
  return outcome;
}

}  // namespace sim
