// Texts of JSON that came over the wire and may be of any shape.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace kube {

/// Empty when the object has no such member, or one that is no text.
inline std::string text(const nlohmann::json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string{};
}

}  // namespace kube
