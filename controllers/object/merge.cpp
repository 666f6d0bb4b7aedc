#include "controllers/object/merge.hpp"

#include <algorithm>
#include <optional>

#include "controllers/object/merge_keys.hpp"

namespace controllers::object {
namespace {

using Keys = std::vector<std::string_view>;

constexpr const char* kDirective = "$patch";

bool is_directive(const Object& item, const char* word) { return item.is_object() && item.value(kDirective, Object()) == word; }

/// One merge. The first thing that is wrong ends it: what is returned from there on is of no use.
class Merge {
 public:
  Object values(const Object* target, const Object& patch, const std::string& path, std::string_view name, std::string_view parent) {
    if (patch.is_object()) return members(target != nullptr && target->is_object() ? *target : Object::object(), patch, path, name);
    if (!patch.is_array()) return patch;
    const Keys keys = merge_keys(name, parent);
    if (keys.empty()) return plain(patch, path);
    return items(target != nullptr && target->is_array() ? *target : Object::array(), patch, path, name, parent, keys);
  }

  std::optional<base::Error> problem;

 private:
  void refuse(const std::string& path, std::string why) {
    if (!problem) problem = base::Error{base::Code::InvalidArgument, std::move(why), path, std::nullopt};
  }

  /// True when the member is a directive, and a wrong one is refused.
  bool directive(const std::string& key, const Object& value, const std::string& path) {
    if (key.empty() || key.front() != '$') return false;
    if (key != kDirective) {
      refuse(path + "." + key, "is no directive of ours: a patch may say $patch, and lists are merged by the names of their items");
    } else if (value != "delete" && value != "replace") {
      refuse(path + "." + key, "must be delete or replace, is " + shown(value));
    }
    return true;
  }

  Object members(Object target, const Object& patch, const std::string& path, std::string_view name) {
    if (is_directive(patch, "replace")) target = Object::object();
    for (const auto& [key, value] : patch.items()) {
      const std::string here = path.empty() ? key : path + "." + key;
      if (directive(key, value, path)) continue;
      if (value.is_null() || is_directive(value, "delete")) {
        target.erase(key);
      } else {
        const auto old = target.find(key);
        Object merged = values(old == target.end() ? nullptr : &*old, value, here, key, name);
        target[key] = std::move(merged);
      }
    }
    return target;
  }

  Object items(Object target, const Object& patch, const std::string& path, std::string_view name, std::string_view parent,
               const Keys& keys) {
    const auto replaces = [&](const Object& item) { return is_directive(item, "replace") && item.size() == 1; };
    if (std::any_of(patch.begin(), patch.end(), replaces)) target = Object::array();
    Object named = Object::array();      // what the patch names, merged, in its order
    std::size_t index = 0;
    for (const Object& item : patch) {
      const std::string place = path + "[" + std::to_string(index++) + "]";
      if (!item.is_object()) {
        refuse(place, "must be an object");
        continue;
      }
      if (replaces(item)) continue;
      if (std::any_of(keys.begin(), keys.end(), [&](std::string_view key) { return key_value(item, key).is_null(); })) {
        refuse(place, "needs " + words(keys) + ": the items of this list are told apart by it");
        continue;
      }
      const std::string here = path + key_text(item, keys);
      if (is_directive(item, "replace")) {
        refuse(here + "." + kDirective, "replace stands in an item of its own and replaces the whole list");
        continue;
      }
      const auto same = [&](const Object& other) { return same_key(item, other, keys); };
      if (std::any_of(named.begin(), named.end(), same)) {
        refuse(here, "is named twice");
        continue;
      }
      const auto old = std::find_if(target.begin(), target.end(), same);
      if (is_directive(item, "delete")) {
        if (old != target.end()) target.erase(old);
      } else {
        named.push_back(values(old == target.end() ? nullptr : &*old, item, here, name, parent));
      }
    }
    return in_order(target, named, keys);
  }

  /// The items of the patch before the target's own, except where one of the patch stands behind in the target.
  static Object in_order(const Object& target, const Object& named, const Keys& keys) {
    Object list = Object::array();
    std::size_t next = 0;
    const auto place = [&](const Object& item) {
      const auto found = std::find_if(target.begin(), target.end(), [&](const Object& other) { return same_key(item, other, keys); });
      return found - target.begin();
    };
    const auto absent = static_cast<std::ptrdiff_t>(target.size());
    for (std::size_t i = 0; i < target.size(); ++i) {
      const auto same = [&](const Object& other) { return same_key(target[i], other, keys); };
      if (std::any_of(named.begin(), named.end(), same)) continue;
      while (next < named.size() && (place(named[next]) == absent || place(named[next]) < static_cast<std::ptrdiff_t>(i))) {
        list.push_back(named[next++]);
      }
      list.push_back(target[i]);
    }
    while (next < named.size()) list.push_back(named[next++]);
    return list;
  }

  /// What is replaced as a whole: without nulls, which mean nothing here.
  Object plain(const Object& value, const std::string& path) {
    Object clean = value;
    if (value.is_array()) {
      std::size_t index = 0;
      for (Object& item : clean) {
        item = plain(item, path + "[" + std::to_string(index) + "]");
        ++index;
      }
    } else if (value.is_object()) {
      clean = Object::object();
      for (const auto& [key, member] : value.items()) {
        if (!key.empty() && key.front() == '$') {
          refuse(path + "." + key, "has no meaning here: this list is replaced as a whole");
        } else if (!member.is_null()) {
          clean[key] = plain(member, path + "." + key);
        }
      }
    }
    return clean;
  }

  static std::string words(const Keys& keys) {
    std::string text;
    for (const std::string_view key : keys) text += (text.empty() ? "" : " and ") + std::string(key);
    return text;
  }
};

}  // namespace

base::Result<Object> merge(const Object& target, const Object& patch) {
  Merge run;
  Object merged = run.values(&target, patch, "", "", "");
  if (run.problem) return base::fail(*run.problem);
  return merged;
}

}  // namespace controllers::object
