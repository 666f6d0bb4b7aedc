#pragma once

#include <nlohmann/json_fwd.hpp>

namespace crds {

/// What of a spec says more than its defaults: members that equal the schema's default are left out, and so are objects with nothing in
/// them. The same before and after a release that gives the schema a new field with a default.
[[nodiscard]] nlohmann::json given(const nlohmann::json& spec);

}  // namespace crds
