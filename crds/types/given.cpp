#include "crds/types/given.hpp"

#include "crds/types/platform.hpp"

namespace crds {
namespace {

nlohmann::json reduce(const nlohmann::json& value, const nlohmann::json& schema) {
  const auto properties = schema.find("properties");
  if (!value.is_object() || properties == schema.end()) return value;
  nlohmann::json kept = nlohmann::json::object();
  for (const auto& [name, member] : value.items()) {
    const auto field = properties->find(name);
    nlohmann::json rest = field == properties->end() ? member : reduce(member, *field);
    const bool nothing = rest.is_null() || (rest.is_object() && rest.empty());
    const bool initial = field != properties->end() && field->contains("default") && (*field)["default"] == rest;
    if (!nothing && !initial) kept[name] = std::move(rest);
  }
  return kept;
}

}  // namespace

nlohmann::json given(const nlohmann::json& spec) {
  static const nlohmann::json kSchema = schema_value(Spec{}, Bounds{});
  return reduce(spec, kSchema);
}

}  // namespace crds
