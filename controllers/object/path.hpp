// Reading objects of any shape without surprises: what is absent or of another type is simply not there.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace controllers {

using Object = nlohmann::json;

namespace object {

/// The value at a path of member names, or null.
[[nodiscard]] const Object* dig(const Object& from, std::initializer_list<std::string_view> path);
[[nodiscard]] std::string text_at(const Object& from, std::initializer_list<std::string_view> path);
[[nodiscard]] std::int64_t number_at(const Object& from, std::initializer_list<std::string_view> path, std::int64_t absent = 0);
[[nodiscard]] bool truth_at(const Object& from, std::initializer_list<std::string_view> path);
/// The list at a path; an empty one when there is none.
[[nodiscard]] const Object& list_at(const Object& from, std::initializer_list<std::string_view> path);

[[nodiscard]] std::string name_of(const Object& object);
[[nodiscard]] std::string uid_of(const Object& object);
[[nodiscard]] std::string label_of(const Object& object, std::string_view label);
[[nodiscard]] bool is_deleting(const Object& object);
/// uid of the owner that controls the object, or "".
[[nodiscard]] std::string controller_uid(const Object& object);
/// The condition of a type in status.conditions, or null.
[[nodiscard]] const Object* condition_of(const Object& object, std::string_view type);
[[nodiscard]] bool condition_is_true(const Object& object, std::string_view type);

}  // namespace object
}  // namespace controllers
