#include "tests/sim/operator/fields.hpp"

#include <algorithm>

namespace sim {
namespace {

bool is_leaf(const Object& set) { return set.empty(); }

const Object* child(const Object& set, const std::string& key) {
  const auto it = set.find(key);
  return it == set.end() ? nullptr : &*it;
}

/// The sets of all that reach below this key. A leaf owns what is below it only where that is one thing.
std::vector<const Object*> below(const std::vector<const Object*>& sets, const std::string& key) {
  std::vector<const Object*> found;
  for (const Object* set : sets) {
    if (const Object* sub = child(*set, key)) found.push_back(sub);
  }
  return found;
}

std::string path_of(const std::string& path, const std::string& key) {
  if (key == ".") return path;
  return key[0] == 'f' ? path + "." + key.substr(2) : path + "[" + key.substr(2) + "]";
}

void remove_part(Object& value, const std::string& key, const Type& type) {
  if (key[0] == 'f') {
    if (value.is_object()) value.erase(key.substr(2));
    return;
  }
  if (!value.is_array()) return;
  for (auto it = value.begin(); it != value.end(); ++it) {
    const bool same = key[0] == 'k' ? key_text(*it, type) == key.substr(2) : it->dump() == key.substr(2);
    if (same) {
      value.erase(it);
      return;
    }
  }
}

}  // namespace

const Object* part_of(const Object* value, const std::string& key, const Type& type) {
  if (value == nullptr) return nullptr;
  if (key[0] == 'f') {
    if (!value->is_object()) return nullptr;
    const auto it = value->find(key.c_str() + 2);
    return it == value->end() ? nullptr : &*it;
  }
  if (!value->is_array()) return nullptr;
  for (const Object& item : *value) {
    if (key[0] == 'k' ? key_text(item, type) == key.substr(2) : item.dump() == key.substr(2)) return &item;
  }
  return nullptr;
}

Type type_of(const Type& type, const std::string& key) {
  return key[0] == 'f' ? type.member(std::string_view(key).substr(2)) : type.item();
}

Object fields_of(const Object& value, const Type& type) {
  Object set = Object::object();
  switch (type.merge(value)) {
    case Merge::Whole: break;
    case Merge::Fields:
      for (const auto& [name, member] : value.items()) {
        const Type inner = type.member(name);
        const Merge how = inner.merge(member);
        if ((how == Merge::Keyed || how == Merge::Set) && member.empty()) continue;      // an empty list of that sort owns nothing
        Object owned = fields_of(member, inner);
        if (how == Merge::Fields && owned.empty() && !member.empty()) continue;      // nor does an object of nothing else
        set["f:" + name] = std::move(owned);
      }
      break;
    case Merge::Set:
      for (const Object& item : value) set["v:" + item.dump()] = Object::object();
      break;
    case Merge::Keyed:
      for (const Object& item : value) {
        Object inner = fields_of(item, type.item());
        if (type.item().merge(item) != Merge::Whole) inner["."] = Object::object();
        set["k:" + key_text(item, type)] = std::move(inner);
      }
      break;
  }
  return set;
}

Object changed_fields(const Object& before, const Object& now, const Type& type) {
  if (before == now) return nullptr;
  const Merge how = type.merge(now);
  Object set = Object::object();
  if (how == Merge::Whole || (now.empty() && before.type() != now.type())) return set;
  const bool fresh = before.type() != now.type();
  if (fresh) set["."] = Object::object();
  const auto compare = [&](const std::string& key, const Object& part, const Type& inner) {
    const Object* old = fresh ? nullptr : part_of(&before, key, type);
    Object changed = old == nullptr ? changed_fields(nullptr, part, inner) : changed_fields(*old, part, inner);
    if (!changed.is_null()) set[key] = std::move(changed);
  };
  if (how == Merge::Fields) {
    for (const auto& [name, member] : now.items()) compare("f:" + name, member, type.member(name));
  } else {
    for (const Object& item : now) compare(how == Merge::Keyed ? "k:" + key_text(item, type) : "v:" + item.dump(), item, type.item());
  }
  return set.empty() ? Object() : set;
}

void unite(Object& set, const Object& more) {
  for (const auto& [key, value] : more.items()) {
    const auto it = set.find(key);
    if (it == set.end()) {
      set[key] = value;
    } else if (is_leaf(*it) != is_leaf(value)) {
      // One owns the thing itself, the other what is in it.
      if (is_leaf(*it)) *it = value;
      (*it)["."] = Object::object();
    } else {
      unite(*it, value);
    }
  }
}

Object follow(const Object& set, const Object* before, const Object* now, const Type& type, const std::string& path,
              const std::function<bool(const std::string& path)>& lose) {
  if (now == nullptr) return nullptr;
  if (is_leaf(set)) {
    const bool one_thing = type.merge(*now) == Merge::Whole;
    const bool differs = before == nullptr || (one_thing && *before != *now);
    return differs && lose(path) ? Object() : set;
  }
  if (before == now) return set;
  Object left = Object::object();
  for (const auto& [key, inner] : set.items()) {
    if (key == ".") {
      left[key] = inner;
      continue;
    }
    Object kept = follow(inner, part_of(before, key, type), part_of(now, key, type), type_of(type, key), path_of(path, key), lose);
    if (!kept.is_null()) left[key] = std::move(kept);
  }
  if (left.size() == 1 && left.contains(".")) return Object::object();      // the thing itself is a leaf
  return left.empty() ? Object() : left;
}

void prune(Object& value, const Object& set, const std::vector<const Object*>& keepers, const Type& type) {
  for (const auto& [key, inner] : set.items()) {
    if (key == ".") continue;
    const auto kept = below(keepers, key);
    if (kept.empty()) {
      remove_part(value, key, type);
    } else if (!is_leaf(inner)) {
      if (const Object* part = part_of(&value, key, type)) prune(const_cast<Object&>(*part), inner, kept, type_of(type, key));
    }
  }
}

void restrict(Object& value, const std::vector<const Object*>& keepers, const Type& type) {
  const Merge how = type.merge(value);
  if (how == Merge::Whole) return;
  if (std::any_of(keepers.begin(), keepers.end(), [](const Object* set) { return is_leaf(*set); })) return;
  if (how == Merge::Fields) {
    for (auto it = value.begin(); it != value.end();) {
      const auto kept = below(keepers, "f:" + it.key());
      if (kept.empty()) {
        it = value.erase(it);
      } else {
        restrict(*it, kept, type.member(it.key()));
        ++it;
      }
    }
    return;
  }
  for (auto it = value.begin(); it != value.end();) {
    const auto kept = below(keepers, how == Merge::Keyed ? "k:" + key_text(*it, type) : "v:" + it->dump());
    if (kept.empty()) {
      it = value.erase(it);
    } else {
      restrict(*it, kept, type.item());
      ++it;
    }
  }
}

}  // namespace sim
