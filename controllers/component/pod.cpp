#include "controllers/component/pod.hpp"

namespace controllers {
namespace {

constexpr std::int32_t kProbeTimeoutSeconds = 3;

Object container_object(const Container& c) {
  Object object = {
      {"name", c.name},
      {"image", c.image},
      {"imagePullPolicy", "IfNotPresent"},
      {"terminationMessagePolicy", "FallbackToLogsOnError"},      // so that the status can say why a pod failed
      {"securityContext", {{"allowPrivilegeEscalation", false}, {"readOnlyRootFilesystem", true}, {"capabilities", {{"drop", {"ALL"}}}}}},
  };
  if (!c.command.empty()) object["command"] = c.command;
  if (!c.args.empty()) object["args"] = c.args;
  if (!c.env.empty()) object["env"] = c.env;
  for (const Port& port : c.ports) {
    object["ports"].push_back({{"name", port.name}, {"containerPort", port.number}, {"protocol", "TCP"}});
  }
  if (!c.resources.empty()) object["resources"] = c.resources;
  if (!c.mounts.empty()) object["volumeMounts"] = c.mounts;
  if (!c.startup.is_null()) object["startupProbe"] = c.startup;
  if (!c.liveness.is_null()) object["livenessProbe"] = c.liveness;
  if (!c.readiness.is_null()) object["readinessProbe"] = c.readiness;
  if (c.drain_seconds > 0) object["lifecycle"] = {{"preStop", {{"sleep", {{"seconds", c.drain_seconds}}}}}};
  return object;
}

Object prefer_other(const Object& match, const char* topology, int weight) {
  return {{"weight", weight}, {"podAffinityTerm", {{"topologyKey", topology}, {"labelSelector", {{"matchLabels", match}}}}}};
}

}  // namespace

Object pod_template(const Context& ctx, const Pod& pod) {
  Object spec = {
      {"serviceAccountName", ctx.name(pod.part.app)},
      {"automountServiceAccountToken", false},
      {"enableServiceLinks", false},
      {"restartPolicy", pod.restart},
      {"terminationGracePeriodSeconds", pod.grace_seconds},
      {"securityContext",
       {{"runAsNonRoot", true},
        {"runAsUser", pod.user},
        {"runAsGroup", pod.user},
        {"fsGroup", pod.user},
        {"fsGroupChangePolicy", "OnRootMismatch"},
        {"seccompProfile", {{"type", "RuntimeDefault"}}}}},
      {"containers", Object::array({container_object(pod.main)})},
  };
  for (const Container& init : pod.init) spec["initContainers"].push_back(container_object(init));
  if (!pod.volumes.empty()) spec["volumes"] = pod.volumes;
  for (const crds::LocalRef& ref : ctx.platform.spec.image_pull_secrets) {
    if (!ref.name.empty()) spec["imagePullSecrets"].push_back({{"name", ref.name}});
  }
  if (pod.spread) {
    const Object match = selector(ctx, pod.part);
    spec["affinity"]["podAntiAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"] =
        Object::array({prefer_other(match, "kubernetes.io/hostname", 100), prefer_other(match, "topology.kubernetes.io/zone", 50)});
  }
  Object metadata = {{"labels", labels(ctx, pod.part, pod.image)}};
  if (!pod.config_hash.empty()) metadata["annotations"] = {{kConfigHash, pod.config_hash}};
  return {{"metadata", metadata}, {"spec", spec}};
}

Object resources_of(const crds::Resources& given, const Object& otherwise) {
  if (given.empty()) return otherwise;
  Object resources = Object::object();
  if (!given.requests.empty()) resources["requests"] = given.requests;
  if (!given.limits.empty()) resources["limits"] = given.limits;
  return resources;
}

Object mount(const std::string& volume, const std::string& path, bool read_only) {
  Object object = {{"name", volume}, {"mountPath", path}};
  if (read_only) object["readOnly"] = true;
  return object;
}

Object empty_dir(const std::string& name, const std::string& size_limit) {
  Object source = Object::object();
  if (!size_limit.empty()) source["sizeLimit"] = size_limit;
  return {{"name", name}, {"emptyDir", source}};
}

Object config_volume(const Context& ctx, const std::string& config_map, const std::string& key) {
  return {{"name", "config"}, {"configMap", {{"name", ctx.name(config_map)}, {"items", Object::array({{{"key", key}, {"path", key}}})}}}};
}

Object secrets_volume(const Context& ctx, const std::vector<std::string>& keys) {
  std::map<std::string, Object> items;      // by Secret, in the order of their names: the same text every time
  for (const std::string& key : keys) {
    const auto from = ctx.keys.find(key);
    if (from == ctx.keys.end()) continue;
    Object& list = items.try_emplace(from->second, Object::array()).first->second;
    list.push_back({{"key", key}, {"path", key}});
  }
  Object sources = Object::array();
  for (const auto& [secret, list] : items) sources.push_back({{"secret", {{"name", secret}, {"items", list}}}});
  return {{"name", kSecretsVolume}, {"projected", {{"defaultMode", 0440}, {"sources", sources}}}};
}

void mount_if_there(const Context& ctx, Object& secrets_volume, const std::vector<std::string>& keys) {
  const std::string& secret = ctx.platform.spec.secret_ref.name;
  if (secret.empty()) return;
  Object items = Object::array();
  for (const std::string& key : keys) items.push_back({{"key", key}, {"path", key}});
  secrets_volume["projected"]["sources"].push_back({{"secret", {{"name", secret}, {"optional", true}, {"items", items}}}});
}

Object tcp_probe(const std::string& port, std::int32_t period, std::int32_t failures) {
  return {
      {"tcpSocket", {{"port", port}}}, {"periodSeconds", period}, {"failureThreshold", failures}, {"timeoutSeconds", kProbeTimeoutSeconds}};
}

Object http_probe(const std::string& port, const std::string& path, std::int32_t period, std::int32_t failures) {
  return {{"httpGet", {{"port", port}, {"path", path}}},
          {"periodSeconds", period},
          {"failureThreshold", failures},
          {"timeoutSeconds", kProbeTimeoutSeconds}};
}

}  // namespace controllers
