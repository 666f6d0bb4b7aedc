#include "tests/sim/operator/defaults.hpp"

#include <array>
#include <cstdint>

#include "tests/sim/operator/layout.hpp"

namespace sim {
namespace {

using controllers::object::text_at;

void set(Object& object, const char* key, const Object& value) {
  if (!object.contains(key)) object[key] = value;
}

void drop_if(Object& object, const char* key, const Object& zero) {
  const auto it = object.find(key);
  if (it != object.end() && *it == zero) object.erase(it);
}

void normalize(Object& object, const char* key) {
  const auto it = object.find(key);
  if (it == object.end()) return;
  if (it->is_object()) {
    for (auto& [name, value] : it->items()) normalize(*it, name.c_str());
  } else if (it->is_number()) {
    *it = normal_quantity(it->dump());
  } else if (it->is_string()) {
    *it = normal_quantity(it->get<std::string>());
  }
}

void fill_probe(Object& container, const char* name) {
  const auto it = container.find(name);
  if (it == container.end()) return;
  set(*it, "timeoutSeconds", 1);
  set(*it, "periodSeconds", 10);
  set(*it, "successThreshold", 1);
  set(*it, "failureThreshold", 3);
  if (it->contains("httpGet")) set((*it)["httpGet"], "scheme", "HTTP");
}

void fill_container(Object& container) {
  set(container, "terminationMessagePath", "/dev/termination-log");
  set(container, "terminationMessagePolicy", "File");
  const std::string image = text_at(container, {"image"});
  set(container, "imagePullPolicy", image.ends_with(":latest") || image.find(':') == std::string::npos ? "Always" : "IfNotPresent");
  set(container, "resources", Object::object());
  for (const char* key : {"requests", "limits"}) normalize(container["resources"], key);
  for (const char* probe : {"startupProbe", "livenessProbe", "readinessProbe"}) fill_probe(container, probe);
  for (const char* list : {"args", "command", "env", "ports", "volumeMounts"}) drop_if(container, list, Object::array());
  if (container.contains("ports")) {
    for (Object& port : container["ports"]) set(port, "protocol", "TCP");
  }
  if (container.contains("env")) {
    for (Object& variable : container["env"]) drop_if(variable, "value", "");
  }
  if (container.contains("volumeMounts")) {
    for (Object& mount : container["volumeMounts"]) drop_if(mount, "readOnly", false);
  }
}

void fill_pod_spec(Object& spec) {
  set(spec, "restartPolicy", "Always");
  set(spec, "dnsPolicy", "ClusterFirst");
  set(spec, "terminationGracePeriodSeconds", 30);
  set(spec, "schedulerName", "default-scheduler");
  set(spec, "securityContext", Object::object());
  if (spec.contains("serviceAccountName")) set(spec, "serviceAccount", spec["serviceAccountName"]);
  for (const char* list : {"containers", "initContainers"}) {
    if (!spec.contains(list)) continue;
    for (Object& container : spec[list]) fill_container(container);
  }
  if (!spec.contains("volumes")) return;
  for (Object& volume : spec["volumes"]) {
    for (const char* source : {"configMap", "secret", "projected"}) {
      if (volume.contains(source)) set(volume[source], "defaultMode", 420);
    }
    if (volume.contains("emptyDir")) normalize(volume["emptyDir"], "sizeLimit");
  }
}

void fill_pod_template(Object& holder) {
  Object& pod_template = holder["template"];
  if (!pod_template.contains("metadata")) pod_template["metadata"] = Object::object();
  if (pod_template.contains("spec")) fill_pod_spec(pod_template["spec"]);
}

void fill_job_spec(Object& spec) {
  fill_pod_template(spec);
  set(spec, "completions", 1);
  set(spec, "parallelism", 1);
  set(spec, "backoffLimit", 6);
  set(spec, "completionMode", "NonIndexed");
  set(spec, "suspend", false);
  set(spec, "podReplacementPolicy", "TerminatingOrFailed");
  set(spec, "manualSelector", false);
}

void fill_deployment(Object& spec) {
  fill_pod_template(spec);
  set(spec, "replicas", 1);
  set(spec, "revisionHistoryLimit", 10);
  set(spec, "progressDeadlineSeconds", 600);
  set(spec, "strategy", Object::object());
  Object& strategy = spec["strategy"];
  set(strategy, "type", "RollingUpdate");
  if (strategy["type"] == "RollingUpdate") {
    set(strategy, "rollingUpdate", Object::object());
    set(strategy["rollingUpdate"], "maxUnavailable", "25%");
    set(strategy["rollingUpdate"], "maxSurge", "25%");
  }
}

void fill_stateful_set(Object& spec) {
  fill_pod_template(spec);
  set(spec, "replicas", 1);
  set(spec, "revisionHistoryLimit", 10);
  set(spec, "podManagementPolicy", "OrderedReady");
  set(spec, "persistentVolumeClaimRetentionPolicy", {{"whenDeleted", "Retain"}, {"whenScaled", "Retain"}});
  set(spec, "updateStrategy", {{"type", "RollingUpdate"}});
  if (spec["updateStrategy"]["type"] == "RollingUpdate") set(spec["updateStrategy"], "rollingUpdate", {{"partition", 0}});
}

void fill_cron_job(Object& spec) {
  set(spec, "concurrencyPolicy", "Allow");
  set(spec, "suspend", false);
  set(spec, "successfulJobsHistoryLimit", 3);
  set(spec, "failedJobsHistoryLimit", 1);
  if (!spec.contains("jobTemplate")) return;
  Object& inner = spec["jobTemplate"]["spec"];
  // Unlike a Job that is stored itself, the template keeps most of these open.
  fill_pod_template(inner);
}

void fill_service(Object& spec) {
  set(spec, "type", "ClusterIP");
  set(spec, "sessionAffinity", "None");
  set(spec, "internalTrafficPolicy", "Cluster");
  if (!spec.contains("ports")) return;
  for (Object& port : spec["ports"]) {
    set(port, "protocol", "TCP");
    set(port, "targetPort", port["port"]);
  }
}

void fill_autoscaler(Object& spec) {
  set(spec, "minReplicas", 1);
  if (!spec.contains("behavior")) return;
  for (const char* direction : {"scaleUp", "scaleDown"}) {
    if (spec["behavior"].contains(direction)) set(spec["behavior"][direction], "selectPolicy", "Max");
  }
}

/// What the schema of a custom resource does not know is dropped; what it has a default for is filled in, where its parent is there.
void fill_by_schema(Object& value, const Object& schema) {
  if (value.is_array() && schema.contains("items")) {
    for (Object& item : value) fill_by_schema(item, schema["items"]);
  }
  const auto members = schema.find("properties");
  if (!value.is_object() || members == schema.end()) return;
  for (auto it = value.begin(); it != value.end();) it = members->contains(it.key()) ? std::next(it) : value.erase(it);
  for (const auto& [name, member] : members->items()) {
    if (!value.contains(name) && member.contains("default")) value[name] = member["default"];
    if (value.contains(name)) fill_by_schema(value[name], member);
  }
}

}  // namespace

void fill_defaults(Object& object) {
  const std::string kind = text_at(object, {"kind"});
  Object& metadata = object["metadata"];
  for (const char* map : {"labels", "annotations"}) drop_if(metadata, map, Object::object());
  drop_if(metadata, "finalizers", Object::array());
  drop_if(metadata, "ownerReferences", Object::array());
  drop_if(object, "data", Object::object());
  if (kind == "PaymentPlatform") {
    set(object, "spec", Object::object());
    set(object, "status", {{"observedGeneration", -1}});
    for (const char* part : {"spec", "status"}) fill_by_schema(object[part], platform_schema()["properties"][part]);
    return;
  }
  if (kind == "Secret") set(object, "type", "Opaque");
  if (!object.contains("spec")) return;
  Object& spec = object["spec"];
  if (kind == "Job" && !metadata.contains("labels") && spec["template"]["metadata"].contains("labels")) {
    metadata["labels"] = spec["template"]["metadata"]["labels"];
  }
  if (kind == "Deployment") fill_deployment(spec);
  if (kind == "StatefulSet") fill_stateful_set(spec);
  if (kind == "Job") fill_job_spec(spec);
  if (kind == "CronJob") fill_cron_job(spec);
  if (kind == "Pod") fill_pod_spec(spec);
  if (kind == "Service") fill_service(spec);
  if (kind == "HorizontalPodAutoscaler") fill_autoscaler(spec);
  if (kind == "PersistentVolumeClaim") {
    set(spec, "volumeMode", "Filesystem");
    if (spec.contains("resources")) normalize(spec["resources"], "requests");
  }
}

void fill_new(Object& object) {
  const std::string kind = text_at(object, {"kind"});
  const std::string uid = text_at(object, {"metadata", "uid"});
  const std::string name = text_at(object, {"metadata", "name"});
  if (kind == "Service") {
    const std::string address = "10.96.0." + std::to_string(1 + std::hash<std::string>{}(name) % 250);
    set(object["spec"], "clusterIP", address);
    set(object["spec"], "clusterIPs", {object["spec"]["clusterIP"]});
    set(object["spec"], "ipFamilies", {"IPv4"});
    set(object["spec"], "ipFamilyPolicy", "SingleStack");
  } else if (kind == "Job") {
    const Object labels = {
        {"batch.kubernetes.io/controller-uid", uid}, {"batch.kubernetes.io/job-name", name}, {"controller-uid", uid}, {"job-name", name}};
    object["spec"]["selector"] = {{"matchLabels", {{"batch.kubernetes.io/controller-uid", uid}}}};
    object["spec"]["template"]["metadata"]["labels"].update(labels);
  } else if (kind == "PersistentVolumeClaim") {
    set(object["spec"], "storageClassName", "standard");
    object["metadata"]["finalizers"].push_back("kubernetes.io/pvc-protection");
    object["status"] = {{"phase", "Pending"}};
  }
}

std::string normal_quantity(const std::string& text) {
  std::size_t at = 0;
  while (at < text.size() && (std::isdigit(static_cast<unsigned char>(text[at])) != 0 || text[at] == '.')) ++at;
  const std::string digits = text.substr(0, at);
  const std::string unit = text.substr(at);
  const auto point = digits.find('.');
  std::string whole = digits.substr(0, point);
  std::string fraction = point == std::string::npos ? "" : digits.substr(point + 1);
  while (!fraction.empty() && fraction.back() == '0') fraction.pop_back();
  if (at == 0 || whole.size() > 15 || fraction.size() > 3) return text;
  std::int64_t number = whole.empty() ? 0 : std::stoll(whole);

  constexpr std::array<std::string_view, 7> kBinary = {"", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
  for (std::size_t i = 1; i < kBinary.size(); ++i) {
    if (unit != kBinary[i]) continue;
    std::size_t power = i;
    if (!fraction.empty()) {
      std::int64_t scale = 1;
      for (std::size_t n = 0; n < fraction.size(); ++n) scale *= 10;
      const std::int64_t small = (number * scale + std::stoll(fraction)) * 1024;
      if (power == 0 || small % scale != 0) return text;
      number = small / scale;
      --power;
    }
    while (number != 0 && number % 1024 == 0 && power + 1 < kBinary.size()) {
      number /= 1024;
      ++power;
    }
    return std::to_string(number) + std::string(kBinary[power]);
  }
  constexpr std::array<std::string_view, 8> kDecimal = {"m", "", "k", "M", "G", "T", "P", "E"};
  for (std::size_t i = 0; i < kDecimal.size(); ++i) {
    if (unit != kDecimal[i]) continue;
    std::size_t power = i;
    if (!fraction.empty()) {
      if (power == 0) return text;
      fraction.resize(3, '0');
      number = number * 1000 + std::stoll(fraction);
      --power;
    }
    while (number != 0 && number % 1000 == 0 && power + 1 < kDecimal.size()) {
      number /= 1000;
      ++power;
    }
    return std::to_string(number) + std::string(kDecimal[power]);
  }
  return text;
}

}  // namespace sim
