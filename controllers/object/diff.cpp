#include "controllers/object/diff.hpp"

#include "controllers/object/merge_keys.hpp"
#include "controllers/object/quantity.hpp"
#include "controllers/object/where.hpp"

namespace controllers::object {
namespace {

/// Maps that have one owner as a whole: a label more in a selector selects something else.
bool atomic_map(std::string_view name) { return name == "selector" || name == "matchLabels" || name == "nodeSelector"; }

/// The API server leaves out zero values of most fields; sending one and finding nothing is no difference.
bool nothing(const Object& value) {
  return value.is_null() || value == false || value == 0 || value == "" || ((value.is_array() || value.is_object()) && value.empty());
}

class Comparison {
 public:
  void values(const Object& wanted, const Object& live, const Where& here, std::string_view name, std::string_view parent) {
    if (found_.size() >= kDifferencesMax) return;
    if (wanted.is_object() && live.is_object()) return members(wanted, live, here, name);
    if (wanted.is_array() && live.is_array()) return items(wanted, live, here, name, parent);
    if (wanted == live) return;
    const bool amount = parent == "requests" || parent == "limits" || name == "sizeLimit" || name == "divisor";
    if (amount && same_quantity(wanted, live)) return;
    found_.push_back({here.text(), shown(wanted), shown(live)});
  }

  std::vector<Difference> take() { return std::move(found_); }

 private:
  void members(const Object& wanted, const Object& live, const Where& here, std::string_view name) {
    if (atomic_map(name) && wanted.size() != live.size()) {
      found_.push_back({here.text(), shown(wanted), shown(live)});
      return;
    }
    for (const auto& [key, value] : wanted.get_ref<const Object::object_t&>()) {
      const Where member(here, key);
      const auto other = live.find(key);
      if (other == live.end()) {
        if (!nothing(value) && found_.size() < kDifferencesMax) found_.push_back({member.text(), shown(value), ""});
      } else {
        values(value, *other, member, key, name);
      }
    }
  }

  void items(const Object& wanted, const Object& live, const Where& here, std::string_view name, std::string_view parent) {
    const auto keys = merge_keys(name, parent);
    if (keys.empty()) {
      if (wanted.size() != live.size()) {
        found_.push_back({here.text(), shown(wanted), shown(live)});
        return;
      }
      // The server fills defaults into the items of atomic lists too, so they are compared field by field.
      for (std::size_t i = 0; i < wanted.size(); ++i) {
        const std::string number = std::to_string(i);
        values(wanted[i], live[i], Where::item(here, number), name, parent);
      }
      return;
    }
    for (const Object& item : wanted) {
      const Where place(here, item, keys);
      const Object* other = nullptr;
      for (const Object& candidate : live) {
        if (same_key(item, candidate, keys)) other = &candidate;
      }
      if (other == nullptr) {
        if (found_.size() < kDifferencesMax) found_.push_back({place.text(), shown(item), ""});
      } else {
        values(item, *other, place, name, parent);
      }
    }
  }

  std::vector<Difference> found_;
};

/// fieldsV1: "f:<member>", "k:<keys of a list item>", "v:<value of a set>", "i:<index>", and "." for the thing itself.
class Leftovers {
 public:
  void walk(const Object& fields, const Object& wanted, const Where& here) {
    if (!fields.is_object()) return;
    for (const auto& [key, inner] : fields.get_ref<const Object::object_t&>()) {
      if (key == "." || key.size() < 2 || found_.size() >= kDifferencesMax) continue;
      const std::string_view rest = std::string_view(key).substr(2);
      const bool member = key[0] == 'f';
      const Where there = member ? Where(here, rest) : Where::item(here, rest);
      const Object* next = member ? dig(wanted, {rest}) : item(wanted, key[0], rest);
      if (next == nullptr) {
        found_.push_back({there.text(), "", "set"});
      } else {
        walk(inner, *next, there);
      }
    }
  }

  std::vector<Difference> take() { return std::move(found_); }

 private:
  static const Object* item(const Object& list, char kind, std::string_view text) {
    if (!list.is_array()) return nullptr;
    const Object key = Object::parse(text, nullptr, false);
    if (key.is_discarded()) return nullptr;
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (kind == 'i' && key == i) return &list[i];
      if (kind == 'v' && key == list[i]) return &list[i];
      if (kind != 'k' || !key.is_object()) continue;
      bool same = true;
      for (const auto& [name, value] : key.items()) same = same && key_value(list[i], name) == value;
      if (same) return &list[i];
    }
    return nullptr;
  }

  std::vector<Difference> found_;
};

}  // namespace

const Object* applied_fields(const Object& live, std::string_view manager) {
  for (const Object& entry : list_at(live, {"metadata", "managedFields"})) {
    if (text_at(entry, {"manager"}) == manager && text_at(entry, {"operation"}) == "Apply") return dig(entry, {"fieldsV1"});
  }
  return nullptr;
}

std::vector<Difference> differences(const Object& wanted, const Object& live) {
  Comparison comparison;
  comparison.values(wanted, live, Where(), "", "");
  return comparison.take();
}

std::vector<Difference> leftovers(const Object& wanted, const Object& live, std::string_view manager) {
  Leftovers walk;
  if (const Object* fields = applied_fields(live, manager)) walk.walk(*fields, wanted, Where());
  return walk.take();
}

bool owns(const Object& live, std::string_view manager, std::initializer_list<std::string_view> path) {
  const Object* at = applied_fields(live, manager);
  for (const std::string_view key : path) {
    if (at == nullptr) return false;
    at = dig(*at, {key});
  }
  return at != nullptr;
}

}  // namespace controllers::object
