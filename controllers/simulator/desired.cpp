// A server that behaves like the payment channels. Its memory is its ledger, so there is one pod of it.
#include "controllers/component/pod.hpp"
#include "controllers/secrets/sources.hpp"
#include "controllers/services/runtime_config.hpp"
#include "controllers/services/services.hpp"
#include "controllers/simulator/simulator.hpp"

namespace controllers::simulator {
namespace {

const Part kPart{kName, "simulator"};
constexpr std::int32_t kPort = 9200;
constexpr std::int32_t kManagement = 9201;

}  // namespace

Objects desired(const Context& ctx) {
  if (!ctx.platform.spec.channels.simulator.enabled) return {};
  const std::string config = services::simulator_config(ctx, {kPort, kManagement});

  Context own = ctx;      // beside a real channel it must not see the user's keys
  if (!ctx.wechat_simulated()) {
    for (const std::string& key : secrets::simulator_keys()) own.keys[key] = ctx.name(kGeneratedSecret);
  }
  Container server{
      .name = kName,
      .image = ctx.images.runtime,
      .args = {"serve", "--role", "channel-simulator", "--config", kConfigFile},
      .ports = {{"http", kPort, ""}, {"management", kManagement, ""}},
      .resources = {{"requests", {{"cpu", "50m"}, {"memory", "64Mi"}}}, {"limits", {{"cpu", "1"}, {"memory", "512Mi"}}}},
      .mounts = services::runtime_mounts(),
      .startup = http_probe("management", "/actuator/health/liveness", 1, 120),
      .liveness = http_probe("management", "/actuator/health/liveness", 10, 3),
      .readiness = http_probe("management", "/actuator/health/readiness?scope=self", 3, 2),
  };
  Pod pod{.part = kPart, .image = ctx.images.runtime, .main = server, .config_hash = short_hash(config)};
  pod.volumes = services::runtime_volumes(own, kName, secrets::simulator_keys());

  Object deployment = object_of(ctx, "apps/v1", "Deployment", kName, kPart, ctx.images.runtime);
  deployment["spec"] = {{"replicas", 1},
                        {"revisionHistoryLimit", 3},
                        {"strategy", {{"type", "Recreate"}}},      // two ledgers would disagree
                        {"selector", {{"matchLabels", selector(ctx, kPart)}}},
                        {"template", pod_template(ctx, pod)}};
  return {service_account(ctx, kPart), config_map(ctx, kPart, services::kConfigKey, config),
          service(ctx, kName, kPart, {{"http", kPort, "http"}}), deployment};
}

}  // namespace controllers::simulator
