// How the API tells the items of a list apart, as its types declare it (x-kubernetes-list-map-keys). One table for all who compare or
// merge: comparison with the live object, patches.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "controllers/object/path.hpp"

namespace controllers::object {

/// Members that name an item of this list, which is a member of `parent` ("containers", or "" for the object itself).
/// None: the list is atomic, it has one owner and its order counts.
[[nodiscard]] std::vector<std::string_view> merge_keys(std::string_view list, std::string_view parent);

/// The value of such a member; the API's default where it is absent.
[[nodiscard]] Object key_value(const Object& item, std::string_view key);
[[nodiscard]] bool same_key(const Object& left, const Object& right, const std::vector<std::string_view>& keys);

/// "[name=redis]", for paths that people read.
[[nodiscard]] std::string key_text(const Object& item, const std::vector<std::string_view>& keys);

/// A value in a message or a path; long ones are cut.
[[nodiscard]] std::string shown(const Object& value);

}  // namespace controllers::object
