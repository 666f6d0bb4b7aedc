#include "controllers/object/applied.hpp"

#include "controllers/object/diff.hpp"

namespace controllers::object {
namespace {

Object extract(const Object& fields, const Object& live);

/// "k:{...}" names an item of a list by its merge keys, "v:..." one of a set by its value.
bool is_named(const std::string& field, const Object& item) {
  const Object key = Object::parse(std::string_view(field).substr(2), nullptr, false);
  if (field[0] == 'v') return key == item;
  if (field[0] != 'k' || !key.is_object() || !item.is_object()) return false;
  for (const auto& [name, value] : key.items()) {
    // A port without a protocol is a TCP port.
    const Object* member = dig(item, {name});
    if (member == nullptr ? !(name == "protocol" && value == "TCP") : *member != value) return false;
  }
  return true;
}

/// In the order of the live list.
Object items(const Object& fields, const Object& live) {
  Object list = Object::array();
  for (const Object& item : live) {
    for (const auto& [field, inner] : fields.items()) {
      if (field.size() < 2 || !is_named(field, item)) continue;
      list.push_back(extract(inner, item));
      break;
    }
  }
  return list;
}

Object members(const Object& fields, const Object& live) {
  Object object = Object::object();
  for (const auto& [field, inner] : fields.items()) {
    if (field.rfind("f:", 0) != 0) continue;
    const std::string name = field.substr(2);
    if (const Object* member = dig(live, {name})) object[name] = extract(inner, *member);
  }
  return object;
}

Object extract(const Object& fields, const Object& live) {
  if (!fields.is_object() || fields.empty()) return live;      // a leaf is owned as a whole
  if (live.is_array()) return items(fields, live);
  return live.is_object() ? members(fields, live) : live;
}

}  // namespace

Object applied(const Object& live, std::string_view manager) {
  const Object* fields = applied_fields(live, manager);
  return fields == nullptr ? Object::object() : members(*fields, live);
}

}  // namespace controllers::object
