// JSON values as YAML text, for files that people read. Keys keep the order of the value.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace crds {

[[nodiscard]] std::string to_yaml(const nlohmann::json& value);
[[nodiscard]] std::string to_yaml(const nlohmann::ordered_json& value);

}  // namespace crds
