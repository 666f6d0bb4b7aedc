// Sets of fields in the form of fieldsV1: "f:<member>", "k:<keys of an item>", "v:<value of a set's item>", and "." for the thing itself.
// A leaf is an empty object.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/sim/operator/layout.hpp"

namespace sim {

/// The part of a value that a key of a set leads to, or null.
[[nodiscard]] const Object* part_of(const Object* value, const std::string& key, const Type& type);
[[nodiscard]] Type type_of(const Type& type, const std::string& key);

/// Everything that a value says.
[[nodiscard]] Object fields_of(const Object& value, const Type& type);
/// What `now` has that `before` has not, or otherwise. Null when nothing. Unlike what is applied, an object or list that is new is itself
/// among it.
[[nodiscard]] Object changed_fields(const Object& before, const Object& now, const Type& type);
/// Adds `more` to `set`.
void unite(Object& set, const Object& more);

/// Follows another's set through a change of the object: what is gone leaves it; of what has another value `lose` decides, by its path.
/// Returns null when nothing is left.
[[nodiscard]] Object follow(const Object& set, const Object* before, const Object* now, const Type& type, const std::string& path,
                            const std::function<bool(const std::string& path)>& lose);

/// Takes out of `value` what is in `set` and in none of `keepers`.
void prune(Object& value, const Object& set, const std::vector<const Object*>& keepers, const Type& type);
/// Takes out of `value` what is not in any of `keepers`.
void restrict(Object& value, const std::vector<const Object*>& keepers, const Type& type);

}  // namespace sim
