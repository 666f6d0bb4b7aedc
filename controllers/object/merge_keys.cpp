#include "controllers/object/merge_keys.hpp"

#include <algorithm>

#include "common/base/text.hpp"

namespace controllers::object {
namespace {

constexpr std::size_t kShownMax = 80;       // bytes of a value in a message

bool one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

std::vector<std::string_view> merge_keys(std::string_view list, std::string_view parent) {
  if (one_of(list, {"containers", "initContainers", "ephemeralContainers", "volumes", "env", "imagePullSecrets", "resourceClaims", "claims",
                    "schedulingGates"})) {
    return {"name"};
  }
  if (list == "volumeMounts") return {"mountPath"};
  if (list == "volumeDevices") return {"devicePath"};
  if (list == "hostAliases") return {"ip"};
  if (list == "topologySpreadConstraints") return {"topologyKey", "whenUnsatisfiable"};
  if (list == "ports" && one_of(parent, {"containers", "initContainers", "ephemeralContainers"})) return {"containerPort", "protocol"};
  if (list == "ports" && parent == "spec") return {"port", "protocol"};
  if (list == "conditions") return {"type"};
  if (list == "ownerReferences") return {"uid"};
  return {};
}

Object key_value(const Object& item, std::string_view key) {
  if (const Object* value = dig(item, {key})) return *value;
  return key == "protocol" ? Object("TCP") : Object();
}

bool same_key(const Object& left, const Object& right, const std::vector<std::string_view>& keys) {
  return std::all_of(keys.begin(), keys.end(), [&](std::string_view key) {
    const Object* one = dig(left, {key});
    const Object* other = dig(right, {key});
    return one != nullptr && other != nullptr ? *one == *other : key_value(left, key) == key_value(right, key);
  });
}

std::string key_text(const Object& item, const std::vector<std::string_view>& keys) {
  return "[" + std::string(keys.front()) + "=" + shown(key_value(item, keys.front())) + "]";
}

std::string shown(const Object& value) {
  const std::string text = value.is_string() ? value.get<std::string>() : value.dump(-1, ' ', false, Object::error_handler_t::replace);
  return base::clip(text, kShownMax, "...");
}

}  // namespace controllers::object
