#include <fmt/format.h>

#include "controllers/component/live.hpp"
#include "controllers/secrets/sources.hpp"
#include "controllers/services/runtime_config.hpp"
#include "controllers/services/services.hpp"

namespace controllers::services {
namespace {

constexpr std::int32_t kDrainSeconds = 5;        // endpoints and load balancers let go of a pod within this time
constexpr std::int32_t kGraceSeconds = 45;       // drain, then the requests in flight

Part part_of(const Role& role) { return {role.name, role.role}; }

Object default_resources() { return {{"requests", {{"cpu", "500m"}, {"memory", "512Mi"}}}, {"limits", {{"cpu", "2"}, {"memory", "1Gi"}}}}; }

Object deployment(const Context& ctx, const Role& role, const std::string& config) {
  const crds::Service& spec = spec_of(ctx, role);
  Container server{
      .name = role.name,
      .image = ctx.images.runtime,
      .args = {"serve", "--role", role.role, "--config", kConfigFile},
      .ports = {{"http", role.port, ""}, {"management", role.management, ""}},
      .resources = resources_of(spec.resources, default_resources()),
      .mounts = runtime_mounts(),
      // Readiness is of this process alone: a database outage must answer 503 with Retry-After, not take the endpoints away.
      .startup = http_probe("management", "/actuator/health/liveness", 1, 120),
      .liveness = http_probe("management", "/actuator/health/liveness", 10, 3),
      .readiness = http_probe("management", "/actuator/health/readiness?scope=self", 3, 2),
      .drain_seconds = kDrainSeconds,
  };
  for (const crds::EnvVar& variable : spec.env) server.env.push_back({{"name", variable.name}, {"value", variable.value}});

  Pod pod{.part = part_of(role),
          .image = ctx.images.runtime,
          .init = {wait_for_schema(ctx)},
          .main = server,
          .config_hash = short_hash(config)};
  pod.volumes = runtime_volumes(ctx, role.name, secrets::service_keys(ctx.platform));
  // The caller's credentials: without them the service refuses every call, and takes them up when they appear.
  if (&spec == &ctx.platform.spec.services.payment && ctx.platform.spec.security.api_authentication == "Required") {
    for (Object& volume : pod.volumes) {
      if (volume["name"] == "secrets") mount_if_there(ctx, volume, {"api-key", "api-secret"});
    }
  }
  pod.grace_seconds = kGraceSeconds;
  pod.spread = true;

  Object object = object_of(ctx, "apps/v1", "Deployment", role.name, part_of(role), ctx.images.runtime);
  // No replicas here: they belong to payment-operator-scale and to the HPA.
  object["spec"] = {{"revisionHistoryLimit", 3},
                    {"strategy", {{"type", "RollingUpdate"}, {"rollingUpdate", {{"maxUnavailable", 0}, {"maxSurge", 1}}}}},
                    {"selector", {{"matchLabels", selector(ctx, part_of(role))}}},
                    {"template", pod_template(ctx, pod)}};
  return object;
}

Object utilization(const char* resource, std::int32_t percent) {
  return {{"type", "Resource"}, {"resource", {{"name", resource}, {"target", {{"type", "Utilization"}, {"averageUtilization", percent}}}}}};
}

Object scaling_policy(const char* type, std::int32_t value, std::int32_t seconds) {
  return {{"type", type}, {"value", value}, {"periodSeconds", seconds}};
}

/// Source: seed documents "HPA 配置": up by 100 % or 2 pods in 30 s, down by 30 % after 300 s of calm.
Object autoscaler(const Context& ctx, const Role& role) {
  const crds::Autoscaling& scaling = spec_of(ctx, role).autoscaling;
  Object object = object_of(ctx, "autoscaling/v2", "HorizontalPodAutoscaler", role.name, part_of(role));
  object["spec"] = {
      {"scaleTargetRef", {{"apiVersion", "apps/v1"}, {"kind", "Deployment"}, {"name", ctx.name(role.name)}}},
      {"minReplicas", scaling.min_replicas},
      {"maxReplicas", scaling.max_replicas},
      {"metrics", Object::array({utilization("cpu", scaling.target_cpu), utilization("memory", scaling.target_memory)})},
      {"behavior",
       {{"scaleUp",
         {{"stabilizationWindowSeconds", 0},
          {"selectPolicy", "Max"},
          {"policies", Object::array({scaling_policy("Percent", 100, 30), scaling_policy("Pods", 2, 30)})}}},
        {"scaleDown",
         {{"stabilizationWindowSeconds", 300},
          {"selectPolicy", "Max"},
          {"policies", Object::array({scaling_policy("Percent", 30, 60)})}}}}},
  };
  return object;
}

Object disruption_budget(const Context& ctx, const Role& role) {
  Object object = object_of(ctx, "policy/v1", "PodDisruptionBudget", role.name, part_of(role));
  object["spec"] = {{"maxUnavailable", 1},
                    {"unhealthyPodEvictionPolicy", "AlwaysAllow"},  // a pod that is not ready serves nobody, and must not hold up a drain
                    {"selector", {{"matchLabels", selector(ctx, part_of(role))}}}};
  return object;
}

}  // namespace

const crds::Service& spec_of(const Context& ctx, const Role& role) { return ctx.platform.spec.services.*role.field; }

std::int32_t least_replicas(const crds::Service& service) {
  return service.autoscaling.enabled ? service.autoscaling.min_replicas : service.replicas;
}

Container wait_for_schema(const Context& ctx) {
  return {.name = "wait-for-schema",
          .image = ctx.images.runtime,
          .args = {"wait", "--for", "schema", "--config", kConfigFile},
          .resources = {{"requests", {{"cpu", "10m"}, {"memory", "32Mi"}}}, {"limits", {{"memory", "128Mi"}}}},
          .mounts = runtime_mounts()};
}

Object runtime_mounts() { return Object::array({mount("config", "/etc/payment/config"), mount("secrets", kSecretsFolder)}); }

Object runtime_volumes(const Context& ctx, const std::string& config_map, const std::vector<std::string>& keys) {
  return Object::array({config_volume(ctx, config_map, kConfigKey), secrets_volume(ctx, keys)});
}

Objects desired(const Context& ctx) {
  Objects objects;
  for (const Role& role : kRoles) {
    const Part part = part_of(role);
    const crds::Service& spec = spec_of(ctx, role);
    const std::string config = service_config(ctx, {role.port, role.management}, spec.log_level);
    std::vector<Port> ports = {{"http", role.port, "http"}, {"management", role.management, "management"}};
    const bool own_alias = std::string_view(role.alias) == role.name;
    if (own_alias) ports.push_back({"alias", role.alias_port, "http"});

    objects.push_back(service_account(ctx, part));
    objects.push_back(config_map(ctx, part, kConfigKey, config));
    objects.push_back(service(ctx, role.name, part, ports));
    if (role.alias_port != 0 && !own_alias) objects.push_back(service(ctx, role.alias, part, {{"http", role.alias_port, "http"}}));
    objects.push_back(deployment(ctx, role, config));
    if (spec.autoscaling.enabled) objects.push_back(autoscaler(ctx, role));
    objects.push_back(disruption_budget(ctx, role));
  }
  return objects;
}

std::vector<Apply> scale(const Context& ctx) {
  std::vector<Apply> scale;
  for (const Role& role : kRoles) {
    const crds::Service& spec = spec_of(ctx, role);
    const Object* live = find(ctx, "apps/v1", "Deployment", role.name);
    const std::int64_t wanted = least_replicas(spec);
    // The API server starts a Deployment without replicas at 1, and there it stays when we die before the scaling that follows.
    // An HPA never goes below its minimum either, so raising to it never fights one; 0 is the user's way to switch an HPA off.
    const std::int64_t now = live == nullptr ? 1 : object::number_at(*live, {"spec", "replicas"}, 1);
    if (spec.autoscaling.enabled && live != nullptr ? now == 0 || now >= wanted : now == wanted) continue;
    if (live != nullptr && object::is_deleting(*live)) continue;
    Object object = {{"apiVersion", "apps/v1"},
                     {"kind", "Deployment"},
                     {"metadata", {{"name", ctx.name(role.name)}, {"namespace", ctx.platform.name_space}}},
                     {"spec", {{"replicas", wanted}}}};
    Apply apply{std::move(object), "", fmt::format("replicas -> {}", wanted)};
    if (live != nullptr) {
      apply.uid = object::uid_of(*live);
      apply.reason = fmt::format("replicas {} -> {}, {}", now, wanted,
                                 spec.autoscaling.enabled ? "the least that the autoscaler may choose"
                                                          : fmt::format("as spec.services.{}.replicas says", role.spec));
      apply.differences = {{"spec.replicas", std::to_string(wanted), std::to_string(now)}};
      // What we saw may be old by now, and the autoscaler's number another: then the API server refuses, and we look again.
      const std::string seen = object::text_at(*live, {"metadata", "resourceVersion"});
      if (spec.autoscaling.enabled && !seen.empty()) apply.object["metadata"]["resourceVersion"] = seen;
    }
    scale.push_back(std::move(apply));
  }
  return scale;
}

}  // namespace controllers::services
