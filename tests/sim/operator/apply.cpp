#include "tests/sim/operator/apply.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "tests/sim/operator/fields.hpp"

namespace sim {
namespace {

using controllers::object::list_at;
using controllers::object::text_at;

/// What identifies an object, or is the server's own, has no manager.
constexpr std::array<const char*, 8> kServersOwn = {
    "name", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"};

void strip_identity(Object& set) {
  set.erase("f:apiVersion");
  set.erase("f:kind");
  const auto metadata = set.find("f:metadata");
  if (metadata == set.end()) return;
  for (const char* key : kServersOwn) metadata->erase(std::string("f:") + key);
  metadata->erase("f:managedFields");
  if (metadata->empty()) set.erase("f:metadata");
}

void lay_over(Object& live, const Object& wanted, const Type& type);

/// Items that both lists have take the wanted order; one that only the live list has stays in front of what it stood in front of.
Object merge_items(Object& live, const Object& wanted, const Type& type) {
  const auto name = [&](const Object& item) { return type.merge(wanted) == Merge::Keyed ? key_text(item, type) : item.dump(); };
  std::vector<std::string> left;
  std::vector<std::string> right;
  for (const Object& item : live) left.push_back(name(item));
  for (const Object& item : wanted) right.push_back(name(item));
  const auto find = [](const std::vector<std::string>& list, const std::string& key) {
    return static_cast<std::size_t>(std::find(list.begin(), list.end(), key) - list.begin());
  };

  Object merged = Object::array();
  std::size_t l = 0;
  for (std::size_t r = 0; r < right.size(); ++r) {
    const auto shared = std::find_if(right.begin() + static_cast<std::ptrdiff_t>(r), right.end(),
                                     [&](const std::string& key) { return find(left, key) < left.size(); });
    while (l < left.size() && left[l] != right[r]) {
      if (find(right, left[l]) == right.size()) {
        merged.push_back(std::move(live[l++]));
      } else if (shared == right.end()) {
        ++l;
        break;
      } else if (*shared == left[l]) {
        break;
      } else {
        ++l;
      }
    }
    if (l < left.size() && left[l] == right[r]) ++l;
    const std::size_t old = find(left, right[r]);
    if (old < left.size()) {
      merged.push_back(std::move(live[old]));
      lay_over(merged.back(), wanted[r], type.item());
    } else {
      merged.push_back(wanted[r]);
    }
  }
  for (; l < left.size(); ++l) {
    if (find(right, left[l]) == right.size()) merged.push_back(std::move(live[l]));
  }
  return merged;
}

void lay_over(Object& live, const Object& wanted, const Type& type) {
  const Merge how = type.merge(wanted);
  if (how == Merge::Whole || live.type() != wanted.type()) {
    live = wanted;
  } else if (how == Merge::Fields) {
    for (const auto& [name, value] : wanted.items()) {
      const auto old = live.find(name);
      if (old == live.end()) {
        live[name] = value;
      } else {
        lay_over(*old, value, type.member(name));
      }
    }
  } else {
    live = merge_items(live, wanted, type);
  }
}

struct Entry {
  std::string manager;
  std::string operation;
  std::string subresource;

  [[nodiscard]] bool is(const Object& entry) const {
    return text_at(entry, {"manager"}) == manager && text_at(entry, {"operation"}) == operation &&
           text_at(entry, {"subresource"}) == subresource;
  }
};

Object make_entry(const Entry& entry, const Object& object, const std::string& time, Object set) {
  Object made = {
      {"manager", entry.manager}, {"operation", entry.operation}, {"apiVersion", text_at(object, {"apiVersion"})}, {"time", time},
      {"fieldsType", "FieldsV1"}, {"fieldsV1", std::move(set)}};
  if (!entry.subresource.empty()) made["subresource"] = entry.subresource;
  return made;
}

void store_entries(Object& object, std::vector<Object> entries) {
  std::erase_if(entries, [](const Object& entry) { return !entry["fieldsV1"].is_object() || entry["fieldsV1"].empty(); });
  std::sort(entries.begin(), entries.end(), [](const Object& a, const Object& b) {
    const auto order = [](const Object& entry) {
      return std::tuple(text_at(entry, {"operation"}), text_at(entry, {"manager"}), text_at(entry, {"subresource"}));
    };
    return order(a) < order(b);
  });
  if (entries.empty()) {
    object["metadata"].erase("managedFields");
  } else {
    object["metadata"]["managedFields"] = std::move(entries);
  }
}

/// What an object of a built-in kind has before anything was said of it: the parts that are never absent.
Object nothing_of(const Object& object, bool custom) {
  Object empty = Object::object();
  for (const auto& [name, member] : object.items()) {
    constexpr std::array<std::string_view, 7> kAlways = {"metadata",       "spec",        "template",      "strategy",
                                                         "updateStrategy", "jobTemplate", "scaleTargetRef"};
    if (member.is_object() && std::find(kAlways.begin(), kAlways.end(), name) != kAlways.end() && (!custom || name == "metadata")) {
      empty[name] = nothing_of(member, custom);
    } else if (name == "containers") {
      empty[name] = Object::array();
    }
  }
  return empty;
}

}  // namespace

tl::expected<Object, std::vector<FieldConflict>> apply(const Object* live, const Object& wanted, const Writer& writer, bool force) {
  const Entry mine{writer.manager, "Apply", writer.subresource};
  const Type type = Type::of(wanted);
  Object set = fields_of(wanted, type);
  strip_identity(set);
  if (live == nullptr) {
    Object made = wanted;
    std::vector<Object> entries;
    entries.push_back(make_entry(mine, wanted, writer.time, std::move(set)));
    store_entries(made, std::move(entries));
    return made;
  }

  Object merged = *live;
  lay_over(merged, wanted, type);
  const Object* last = nullptr;
  std::string last_time;
  std::vector<const Object*> keepers = {&set};
  for (const Object& entry : list_at(*live, {"metadata", "managedFields"})) {
    if (mine.is(entry)) {
      last = &entry["fieldsV1"];
      last_time = text_at(entry, {"time"});
    } else {
      keepers.push_back(&entry["fieldsV1"]);
    }
  }
  if (last != nullptr) {
    prune(merged, *last, keepers, type);
    for (const char* key : kServersOwn) {
      if (live->at("metadata").contains(key)) merged["metadata"][key] = live->at("metadata").at(key);
    }
  }

  std::vector<FieldConflict> conflicts;
  std::vector<Object> entries;
  for (const Object& entry : list_at(*live, {"metadata", "managedFields"})) {
    if (mine.is(entry)) continue;
    const std::string manager = text_at(entry, {"manager"});
    Object left = follow(entry["fieldsV1"], live, &merged, type, "", [&](const std::string& path) {
      conflicts.push_back({manager, path});
      return true;
    });
    entries.push_back(entry);
    entries.back()["fieldsV1"] = std::move(left);
  }
  if (!conflicts.empty() && !force) return tl::unexpected(std::move(conflicts));
  const bool same_set = last != nullptr && *last == set;
  entries.push_back(make_entry(mine, wanted, same_set ? last_time : writer.time, std::move(set)));
  store_entries(merged, std::move(entries));
  return merged;
}

void track_update(const Object* live, Object& next, const Writer& writer) {
  static const Object kNothing = Object::object();
  const Entry mine{writer.manager, "Update", writer.subresource};
  const Type type = Type::of(next);
  Object before = live == nullptr ? nothing_of(next, text_at(next, {"kind"}) == kube::platform_kind().kind) : *live;
  Object now = next;
  for (Object* object : {&before, &now}) {
    if (object->contains("metadata")) (*object)["metadata"].erase("managedFields");
  }
  Object changed = changed_fields(before, now, type);
  if (changed.is_object()) {
    strip_identity(changed);
    if (writer.subresource.empty()) changed.erase("f:status");
  }
  std::vector<Object> entries;
  Object own = Object::object();
  for (const Object& entry : list_at(live == nullptr ? kNothing : *live, {"metadata", "managedFields"})) {
    const bool is_mine = mine.is(entry);
    Object left = follow(entry["fieldsV1"], &before, &now, type, "", [is_mine](const std::string&) { return !is_mine; });
    if (is_mine) {
      if (left.is_object()) own = std::move(left);
      continue;
    }
    entries.push_back(entry);
    entries.back()["fieldsV1"] = std::move(left);
  }
  if (changed.is_object()) unite(own, changed);
  entries.push_back(make_entry(mine, next, writer.time, std::move(own)));
  store_entries(next, std::move(entries));
}

Object owned_by(const Object& object, std::string_view manager_prefix) {
  std::vector<const Object*> sets;
  for (const Object& entry : list_at(object, {"metadata", "managedFields"})) {
    if (text_at(entry, {"manager"}).starts_with(manager_prefix)) sets.push_back(&entry["fieldsV1"]);
  }
  Object kept = object;
  restrict(kept, sets, Type::of(object));
  for (const char* key : {"apiVersion", "kind"}) kept[key] = object[key];
  for (const char* key : {"name", "namespace"}) kept["metadata"][key] = object["metadata"][key];
  return kept;
}

}  // namespace sim
