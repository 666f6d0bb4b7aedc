#include "common/obs/health.hpp"

#include <nlohmann/json.hpp>

#include "common/codec/json.hpp"

namespace obs {
namespace {

const char* word(bool up) { return up ? "UP" : "DOWN"; }

}  // namespace

void Health::add(std::string name, Group group, std::function<Problem()> check) {
  const std::lock_guard lock{mutex_};
  checks_.push_back({std::move(name), group, std::move(check)});
}

std::vector<Health::Check> Health::checks() const {
  const std::lock_guard lock{mutex_};
  return checks_;
}

Health::Report Health::all(Scope scope) const {
  bool live = true;
  bool ready = true;
  nlohmann::json components = nlohmann::json::object();
  for (const Check& check : checks()) {
    if (check.group == Group::Dependency && scope == Scope::Self) continue;
    const Problem problem = check.run();
    components[check.name] = {{"status", word(!problem)}};
    if (!problem) continue;
    components[check.name]["details"] = {{"problem", *problem}};
    (check.group == Group::Liveness ? live : ready) = false;
  }
  nlohmann::json body = {{"status", word(live && ready)},
                         {"groups", {{{"name", "liveness"}, {"status", word(live)}}, {{"name", "readiness"}, {"status", word(ready)}}}}};
  if (!components.empty()) body["components"] = std::move(components);
  return {live && ready, codec::dump_json(body)};
}

Health::Report Health::liveness() const {
  bool up = true;
  for (const Check& check : checks()) {
    if (check.group == Group::Liveness && check.run()) up = false;
  }
  return {up, codec::dump_json({{"status", word(up)}})};
}

Health::Report Health::readiness(Scope scope) const {
  bool up = true;
  nlohmann::json components = nlohmann::json::object();
  for (const Check& check : checks()) {
    if (check.group == Group::Liveness || (check.group == Group::Dependency && scope == Scope::Self)) continue;
    const Problem problem = check.run();
    components[check.name] = {{"status", word(!problem)}};
    if (!problem) continue;
    components[check.name]["details"] = {{"problem", *problem}};
    up = false;
  }
  nlohmann::json body = {{"status", word(up)}};
  if (!components.empty()) body["components"] = std::move(components);
  return {up, codec::dump_json(body)};
}

}  // namespace obs
