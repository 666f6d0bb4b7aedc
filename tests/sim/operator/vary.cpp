#include "tests/sim/operator/vary.hpp"

#include <algorithm>
#include <array>

namespace sim {
namespace {

using controllers::object::text_at;

Object* pod_spec(Object& object) {
  Object* at = &object;
  for (const char* key : {"spec", "template", "spec"}) {
    if (!at->is_object() || !at->contains(key)) return nullptr;
    at = &(*at)[key];
  }
  return at;
}

/// Unless the list has an item of that key.
void add_item(Object& list, const char* key, const Object& item) {
  if (list.is_null()) list = Object::array();
  const bool there = std::any_of(list.begin(), list.end(), [&](const Object& one) { return one.value(key, Object()) == item[key]; });
  if (!there) list.push_back(item);
}

}  // namespace

Object Variation::part(const Object& value, const Type& type, std::uint64_t keep_percent) {
  const Merge how = type.merge(value);
  if (how == Merge::Whole || how == Merge::Set) return value;
  if (how == Merge::Keyed) {
    Object list = Object::array();
    for (const Object& item : value) {
      if (!chance(keep_percent)) continue;
      Object kept = part(item, type.item(), keep_percent);
      for (const std::string& key : type.keys()) {
        if (item.contains(key)) kept[key] = item[key];
      }
      list.push_back(std::move(kept));
    }
    return list;
  }
  Object object = Object::object();
  for (const auto& [name, member] : value.items()) {
    if (chance(keep_percent)) object[name] = part(member, type.member(name), keep_percent);
  }
  return object;
}

void Variation::change(Object& object) {
  if (object.contains("spec") && text_at(object, {"kind"}) != "PaymentPlatform") change(object["spec"], "spec", "");
  if (object.contains("data") && text_at(object, {"kind"}) == "ConfigMap") change(object["data"], "data", "");
}

void Variation::change(Object& value, const std::string& name, const std::string& parent) {
  constexpr std::array<std::string_view, 7> kNumbers = {"periodSeconds",     "failureThreshold",     "terminationGracePeriodSeconds",
                                                        "maxReplicas",       "revisionHistoryLimit", "backoffLimit",
                                                        "averageUtilization"};
  if (value.is_object()) {
    if (name == "selector" || name == "metadata" || name == "scaleTargetRef") return;
    for (auto& [key, member] : value.items()) change(member, key, name);
  } else if (value.is_array()) {
    for (Object& item : value) change(item, name, name);
    if (name == "args" && chance(15)) value.push_back("--" + word());
  } else if (chance(15)) {
    const bool number = value.is_number_integer() && std::find(kNumbers.begin(), kNumbers.end(), name) != kNumbers.end();
    if (number) value = value.get<std::int64_t>() + 1;
    if (value.is_string() && (name == "image" || name == "value" || parent == "data")) value = value.get<std::string>() + "x";
  }
}

void Variation::add(Object& object) {
  Object& metadata = object["metadata"];
  const std::string kind = text_at(object, {"kind"});
  if (chance(60)) metadata["labels"]["label-" + word()] = word();
  if (chance(40)) metadata["annotations"]["example.com/" + word()] = word();
  if (chance(20)) {
    for (int i = 0; i < 2; ++i) {
      const Object finalizer = "example.com/" + word();
      Object& list = metadata["finalizers"];
      if (list.is_null() || std::find(list.begin(), list.end(), finalizer) == list.end()) list.push_back(finalizer);
    }
  }
  if (chance(20)) {
    const std::string owner = word();
    add_item(
        metadata["ownerReferences"], "uid",
        {{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"name", "owner-" + owner}, {"uid", "00000000-0000-0000-0000-00000000000" + owner}});
  }
  if (kind == "ConfigMap" && chance(60)) object["data"]["key-" + word()] = word();
  if (kind == "Secret" && chance(60)) object["data"]["key-" + word()] = chance(50) ? "eA==" : "eQ==";
  if (kind == "Service" && object.contains("spec") && object["spec"].contains("ports") && chance(50)) {
    const std::uint64_t port = 7'000 + below(3);
    const char* const protocol = chance(50) ? "TCP" : "UDP";
    add_item(object["spec"]["ports"], "name", {{"name", "more-" + std::to_string(port)}, {"port", port}, {"protocol", protocol}});
  }
  if (kind == "Job") return;
  if (Object* spec = pod_spec(object); spec != nullptr && spec->contains("containers") && !(*spec)["containers"].empty()) add_to_pod(*spec);
}

void Variation::add_to_pod(Object& spec) {
  Object& container = spec["containers"][0];
  if (chance(60)) add_item(container["env"], "name", {{"name", "ENV_" + word()}, {"value", chance(80) ? word() : ""}});
  if (chance(40)) {
    const std::uint64_t port = 7'000 + below(3);
    Object& ports = container["ports"];
    if (ports.is_null()) ports = Object::array();
    const bool there = std::any_of(ports.begin(), ports.end(), [&](const Object& one) { return one["containerPort"] == port; });
    if (!there) ports.push_back({{"containerPort", port}});      // its protocol is a default
    if (!there && chance(50)) ports.push_back({{"containerPort", port}, {"protocol", "UDP"}});
  }
  if (chance(40)) {
    const std::string name = "scratch-" + word();
    add_item(spec["volumes"], "name", {{"name", name}, {"emptyDir", {{"sizeLimit", chance(50) ? "1024Ki" : "1Mi"}}}});
    add_item(container["volumeMounts"], "mountPath", {{"name", name}, {"mountPath", "/" + name}, {"readOnly", chance(50)}});
    if (chance(50)) add_item(container["volumeMounts"], "mountPath", {{"name", name}, {"mountPath", "/more/" + name}});
  }
  if (chance(30)) add_item(spec["containers"], "name", {{"name", "side-" + word()}, {"image", "localhost/side:1"}});
  if (chance(30)) spec["containers"][0]["resources"]["limits"]["memory"] = chance(50) ? "2048Mi" : "2.5Gi";
  if (chance(30)) spec["nodeSelector"][word()] = word();
  if (chance(30)) spec["tolerations"] = Object::array({{{"key", word()}, {"operator", "Exists"}}});
  if (chance(20)) add_item(spec["imagePullSecrets"], "name", {{"name", "pull-" + word()}});
  if (chance(20)) add_item(spec["hostAliases"], "ip", {{"ip", "127.0.0." + std::to_string(1 + below(3))}, {"hostnames", {word()}}});
}

Object Variation::edit(const Object& live) {
  Object patch = Object::object();
  const std::string kind = text_at(live, {"kind"});
  if (chance(50)) patch["metadata"]["labels"]["label-" + word()] = chance(70) ? Object(word()) : Object();
  if (chance(20)) patch["metadata"]["finalizers"] = chance(50) ? Object::array({"example.com/" + word()}) : Object();
  if (kind == "ConfigMap") patch["data"]["key-" + word()] = chance(70) ? Object(word()) : Object();
  if (kind == "HorizontalPodAutoscaler") patch["spec"]["maxReplicas"] = 21 + below(3);
  if (kind == "Deployment") {
    patch["spec"]["replicas"] = 1 + below(5);
    if (chance(50)) {
      Object containers = live["spec"]["template"]["spec"]["containers"];
      containers[0]["image"] = "localhost/edited:" + word();
      add_item(containers[0]["env"], "name", {{"name", "EDIT_" + word()}, {"value", word()}});
      if (chance(30)) containers[0]["args"] = Object::array({"--" + word()});
      patch["spec"]["template"]["spec"]["containers"] = std::move(containers);
    }
  }
  if (kind == "PaymentPlatform") patch["spec"]["services"]["callback"]["replicas"] = 1 + below(4);
  if (patch.empty()) patch["metadata"]["annotations"]["example.com/" + word()] = word();
  return patch;
}

}  // namespace sim
