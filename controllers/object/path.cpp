#include "controllers/object/path.hpp"

namespace controllers::object {

const Object* dig(const Object& from, std::initializer_list<std::string_view> path) {
  const Object* at = &from;
  for (const std::string_view key : path) {
    if (!at->is_object()) return nullptr;
    const auto found = at->find(key);
    if (found == at->end()) return nullptr;
    at = &*found;
  }
  return at;
}

std::string text_at(const Object& from, std::initializer_list<std::string_view> path) {
  const Object* value = dig(from, path);
  return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
}

std::int64_t number_at(const Object& from, std::initializer_list<std::string_view> path, std::int64_t absent) {
  const Object* value = dig(from, path);
  return value != nullptr && value->is_number_integer() ? value->get<std::int64_t>() : absent;
}

bool truth_at(const Object& from, std::initializer_list<std::string_view> path) {
  const Object* value = dig(from, path);
  return value != nullptr && value->is_boolean() && value->get<bool>();
}

const Object& list_at(const Object& from, std::initializer_list<std::string_view> path) {
  static const Object kEmpty = Object::array();
  const Object* value = dig(from, path);
  return value != nullptr && value->is_array() ? *value : kEmpty;
}

std::string name_of(const Object& object) { return text_at(object, {"metadata", "name"}); }

std::string uid_of(const Object& object) { return text_at(object, {"metadata", "uid"}); }

std::string label_of(const Object& object, std::string_view label) { return text_at(object, {"metadata", "labels", label}); }

bool is_deleting(const Object& object) { return !text_at(object, {"metadata", "deletionTimestamp"}).empty(); }

std::string controller_uid(const Object& object) {
  for (const Object& owner : list_at(object, {"metadata", "ownerReferences"})) {
    if (truth_at(owner, {"controller"})) return text_at(owner, {"uid"});
  }
  return {};
}

const Object* condition_of(const Object& object, std::string_view type) {
  for (const Object& condition : list_at(object, {"status", "conditions"})) {
    if (text_at(condition, {"type"}) == type) return &condition;
  }
  return nullptr;
}

bool condition_is_true(const Object& object, std::string_view type) {
  const Object* condition = condition_of(object, type);
  return condition != nullptr && text_at(*condition, {"status"}) == "True";
}

}  // namespace controllers::object
