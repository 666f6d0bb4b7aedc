#include "operator/kube/projection.hpp"

#include <string>
#include <utility>

#include <nlohmann/json.hpp>

namespace kube {
namespace {

using nlohmann::json;

// payment-operator, payment-operator-status, payment-operator-scale
constexpr std::string_view kOurManagers = "payment-operator";

void project_metadata(json& metadata) {
  if (const auto annotations = metadata.find("annotations"); annotations != metadata.end() && annotations->is_object()) {
    annotations->erase("kubectl.kubernetes.io/last-applied-configuration");
  }
  const auto managed = metadata.find("managedFields");
  if (managed == metadata.end()) return;
  json ours = json::array();
  if (managed->is_array()) {
    for (json& entry : *managed) {
      if (!entry.is_object()) continue;
      const auto manager = entry.find("manager");
      if (manager != entry.end() && manager->is_string() && manager->get_ref<const std::string&>().starts_with(kOurManagers)) {
        entry.erase("time");
        ours.push_back(std::move(entry));
      }
    }
  }
  *managed = std::move(ours);
}

json keep(json& object, std::initializer_list<const char*> keys) {
  json kept = json::object();
  if (!object.is_object()) return kept;
  for (const char* key : keys) {
    if (const auto it = object.find(key); it != object.end()) kept[key] = std::move(*it);
  }
  return kept;
}

void project_pod(json& pod) {
  json spec = keep(pod["spec"], {"nodeName", "containers", "initContainers"});
  for (const char* list : {"containers", "initContainers"}) {
    const auto it = spec.find(list);
    if (it == spec.end() || !it->is_array()) continue;
    for (json& container : *it) container = keep(container, {"name", "image"});
  }
  pod["spec"] = std::move(spec);
  pod["status"] = keep(pod["status"], {"phase", "reason", "message", "conditions", "containerStatuses", "initContainerStatuses"});
  pod["metadata"].erase("managedFields");   // no pod is written by us
}

}  // namespace

void project(json& object) {
  if (!object.is_object()) return;
  if (const auto metadata = object.find("metadata"); metadata != object.end() && metadata->is_object()) {
    project_metadata(*metadata);
    const auto kind = object.find("kind");
    if (kind != object.end() && *kind == "Pod") project_pod(object);
  }
}

}  // namespace kube
