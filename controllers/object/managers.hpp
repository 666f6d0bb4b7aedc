// Who wrote a field: managedFields of an object, read for people.
#pragma once

#include <string>
#include <string_view>

#include "controllers/object/path.hpp"

namespace controllers::object {

/// The manager that owns the field at this path (as Difference::path spells it), or a part of it, or what holds it as a whole; none of
/// ours. Empty when nobody says so: admission webhooks leave no name.
[[nodiscard]] std::string manager_of(const Object& live, std::string_view path);

}  // namespace controllers::object
