// Does the live object already say what we would send? By the rules of server-side apply: every field that we send must be there
// with our value, every field that we sent last time and no longer send must be gone, and fields of others do not matter.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "controllers/object/path.hpp"

namespace controllers::object {

struct Difference {
  std::string path;      // "spec.template.spec.containers[name=redis].image"
  std::string wanted;    // "" when the field is to go
  std::string live;      // "" when it is absent
  friend bool operator==(const Difference&, const Difference&) = default;
};

constexpr std::size_t kDifferencesMax = 16;    // enough to tell people why; the rest is not looked for

/// Fields that we send and that differ. Lists are compared by their merge keys, quantities by amount.
[[nodiscard]] std::vector<Difference> differences(const Object& wanted, const Object& live);

/// Fields that `manager` has applied (by managedFields of the live object) and that `wanted` no longer holds.
[[nodiscard]] std::vector<Difference> leftovers(const Object& wanted, const Object& live, std::string_view manager);

/// fieldsV1 of what `manager` has applied, or nullptr.
[[nodiscard]] const Object* applied_fields(const Object& live, std::string_view manager);

/// Whether `manager` has applied the field at this path of fieldsV1 keys ("f:spec", "k:{...}") and nobody has changed it since.
[[nodiscard]] bool owns(const Object& live, std::string_view manager, std::initializer_list<std::string_view> path);

}  // namespace controllers::object
