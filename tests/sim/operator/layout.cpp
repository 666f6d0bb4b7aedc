#include "tests/sim/operator/layout.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "common/codec/yaml.hpp"
#include "crds/types/definition.hpp"
#include "crds/types/platform.hpp"

namespace sim {
namespace {

struct KeyedList {
  std::string_view name;
  std::string_view parent;            // "": anywhere
  std::vector<std::string> keys;
  bool whole_items = false;
};

const std::vector<KeyedList>& keyed_lists() {
  static const std::vector<KeyedList> kLists = {
      {"containers", "", {"name"}},
      {"initContainers", "", {"name"}},
      {"ephemeralContainers", "", {"name"}},
      {"volumes", "", {"name"}},
      {"env", "", {"name"}},
      {"volumeMounts", "", {"mountPath"}},
      {"volumeDevices", "", {"devicePath"}},
      {"ports", "containers", {"containerPort", "protocol"}},
      {"ports", "initContainers", {"containerPort", "protocol"}},
      {"ports", "spec", {"port", "protocol"}},
      {"topologySpreadConstraints", "", {"topologyKey", "whenUnsatisfiable"}},
      {"hostAliases", "", {"ip"}},
      {"conditions", "", {"type"}},
      {"imagePullSecrets", "", {"name"}, true},
      {"ownerReferences", "", {"uid"}, true},
  };
  return kLists;
}

const KeyedList* find_keyed(std::string_view name, std::string_view parent) {
  for (const KeyedList& list : keyed_lists()) {
    if (list.name == name && (list.parent.empty() || list.parent == parent)) return &list;
  }
  return nullptr;
}

bool whole_object(std::string_view name) {
  constexpr std::array<std::string_view, 9> kWhole = {"selector",         "nodeSelector",    "labelSelector", "secretKeyRef", "fieldRef",
                                                      "resourceFieldRef", "configMapKeyRef", "dataSource",    "regarding"};
  return std::find(kWhole.begin(), kWhole.end(), name) != kWhole.end();
}

Object from_yaml(const codec::Yaml& yaml) {
  Object value;
  switch (yaml.kind) {
    case codec::Yaml::Kind::Null: break;
    case codec::Yaml::Kind::Scalar: {
      const Object plain = Object::parse(yaml.scalar, nullptr, false);
      value = yaml.quoted || plain.is_discarded() || plain.is_string() ? Object(yaml.scalar) : plain;
      break;
    }
    case codec::Yaml::Kind::List:
      value = Object::array();
      for (const codec::Yaml& item : yaml.items) value.push_back(from_yaml(item));
      break;
    case codec::Yaml::Kind::Map:
      value = Object::object();
      for (const codec::Yaml::Member& member : yaml.members) value[member.name] = from_yaml(member.value);
      break;
  }
  return value;
}

const Object* at(const Object* schema, const std::string& key) {
  if (schema == nullptr) return nullptr;
  const auto it = schema->find(key);
  return it == schema->end() ? nullptr : &*it;
}

}  // namespace

const Object& platform_schema() {
  static const Object kSchema = [] {
    const Object definition = from_yaml(*codec::parse_yaml(crds::definition_yaml(), "paymentplatforms.yaml"));
    return definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
  }();
  return kSchema;
}

Type Type::of(const Object& root) {
  Type type;
  if (root.is_object() && root.value("kind", "") == crds::kKind) {
    type.custom_ = true;
    type.schema_ = &platform_schema();
  }
  return type;
}

Type Type::member(std::string_view name) const {
  Type type = *this;
  type.item_ = false;
  type.parent_ = name_;
  type.name_ = name;
  if (custom_ && name_.empty() && name == "metadata") {
    type.custom_ = false;      // metadata is of the built-in type everywhere
  } else if (custom_) {
    const Object* members = at(schema_, "properties");
    type.schema_ = members != nullptr ? at(members, std::string(name)) : at(schema_, "additionalProperties");
  }
  return type;
}

Type Type::item() const {
  Type type = *this;
  type.item_ = true;
  if (custom_) type.schema_ = at(schema_, "items");
  return type;
}

Merge Type::merge(const Object& value) const {
  if (value.is_object()) {
    if (custom_) return Merge::Fields;
    if (item_) {
      const KeyedList* list = find_keyed(name_, parent_);
      return list != nullptr && list->whole_items ? Merge::Whole : Merge::Fields;
    }
    return whole_object(name_) ? Merge::Whole : Merge::Fields;
  }
  if (!value.is_array()) return Merge::Whole;
  if (custom_) return at(schema_, "x-kubernetes-list-map-keys") != nullptr ? Merge::Keyed : Merge::Whole;
  if (name_ == "finalizers") return Merge::Set;
  return find_keyed(name_, parent_) != nullptr ? Merge::Keyed : Merge::Whole;
}

const std::vector<std::string>& Type::keys() const {
  if (!custom_) return find_keyed(name_, parent_)->keys;
  thread_local std::map<const Object*, std::vector<std::string>> keys;      // by the list's schema, which lives for ever
  std::vector<std::string>& found = keys[schema_];
  if (found.empty()) found = schema_->at("x-kubernetes-list-map-keys").get<std::vector<std::string>>();
  return found;
}

std::string key_text(const Object& item, const Type& list) {
  Object key = Object::object();
  for (const std::string& name : list.keys()) {
    const auto value = item.is_object() ? item.find(name) : item.end();
    if (item.is_object() && value != item.end()) {
      key[name] = *value;
    } else if (name == "protocol") {
      key[name] = "TCP";
    } else {
      key[name] = nullptr;
    }
  }
  return key.dump();
}

}  // namespace sim
