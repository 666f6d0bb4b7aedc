#pragma once

#include <string_view>

#include "controllers/object/path.hpp"

namespace controllers::object {

/// The part of a live object that `manager` has applied and nobody has changed since, with the live values: what to send again where
/// nothing of it may change. An empty object when the manager has applied nothing.
/// Source: Kubernetes documentation, "Server-Side Apply", fieldsV1 of metadata.managedFields.
[[nodiscard]] Object applied(const Object& live, std::string_view manager);

}  // namespace controllers::object
