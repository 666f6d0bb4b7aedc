#include "controllers/services/runtime_config.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "controllers/cache/cache.hpp"
#include "controllers/component/pod.hpp"
#include "controllers/database/database.hpp"
#include "controllers/services/services.hpp"

namespace controllers::services {
namespace {

constexpr std::int32_t kConnectionsMax = 8;          // of one process: more only queue inside the database
constexpr std::int32_t kConnectionsReserved = 10;    // people, migrations, monitoring
constexpr std::int32_t kSurge = 1;                   // one pod more than wanted during a rollout

std::string head(const Context& ctx, const std::string& log_level) {
  return fmt::format("configVersion: 1\nplatform: {}/{}\nlogLevel: {}\n", ctx.platform.name_space, ctx.platform.name, log_level);
}

std::string listening(Listeners listeners) {
  return fmt::format("listeners:\n  - {{port: {}, routes: public}}\n  - {{port: {}, routes: management}}\n", listeners.port,
                     listeners.management);
}

std::string database(std::int32_t connections) {
  return fmt::format("database:\n  engine: mysql\n  host: {}\n  port: {}\n  name: payment\n  connections: {}\n", database::kName,
                     database::kPort, connections);
}

std::string secrets_line() { return fmt::format("secretsDirectory: {}\n", kSecretsFolder); }

/// What the channel is told to call. The simulator lives in the namespace; a real channel comes through the ingress. Without one it cannot
/// come at all (the status warns), and still refuses orders whose address is not https.
std::string notify_base(const Context& ctx) {
  if (ctx.wechat_simulated()) return "http://callback-service:8088";
  std::string endpoint = callback_endpoint(ctx);
  if (ctx.wechat_url().starts_with("https://") && endpoint.starts_with("http://")) endpoint.replace(0, 4, "https");
  return endpoint;
}

std::string base_url(const Context& ctx, const Role& role) {
  const crds::Ingress& ingress = ctx.platform.spec.ingress;
  if (ingress.enabled) return "https://" + ingress.host;
  return fmt::format("http://{}.{}:{}", role.name, ctx.platform.name_space, role.port);
}

}  // namespace

std::string payment_endpoint(const Context& ctx) { return base_url(ctx, kRoles[0]); }
std::string callback_endpoint(const Context& ctx) { return base_url(ctx, kRoles[1]); }

std::int32_t connections_per_process(const crds::Platform& platform) {
  std::int32_t processes = 1;      // the reconciliation job
  for (const Role& role : kRoles) {
    const crds::Service& service = platform.spec.services.*role.field;
    processes += (service.autoscaling.enabled ? service.autoscaling.max_replicas : service.replicas) + kSurge;
  }
  return std::min(kConnectionsMax, (platform.mysql().max_connections - kConnectionsReserved) / processes);
}

std::string service_config(const Context& ctx, Listeners listeners, const std::string& log_level) {
  const crds::Spec& spec = ctx.platform.spec;
  std::string text =
      head(ctx, log_level) + listening(listeners) + "shards: 0\n" + secrets_line() + database(connections_per_process(ctx.platform));
  text += fmt::format("redis:\n  host: {}\n  port: {}\n", cache::kName, cache::kPort);
  text += fmt::format("authentication: {}\n", spec.security.api_authentication);
  if (spec.channels.wechat_pay.enabled) {
    text += fmt::format("channels:\n  wechat:\n    apiVersion: {}\n    baseUrl: {}\n    notifyUrl: {}/api/callback/wechat\n",
                        spec.channels.wechat_pay.api_version, ctx.wechat_url(), notify_base(ctx));
  }
  text += fmt::format("reconciliation:\n  lookbackDays: {}\n  timeoutSeconds: {}\n", spec.reconciliation.lookback_days,
                      spec.reconciliation.timeout_seconds);
  return text;
}

std::string migrate_config(const Context& ctx) { return head(ctx, "info") + secrets_line() + database(1); }

std::string simulator_config(const Context& ctx, Listeners listeners) {
  return head(ctx, "info") + listening(listeners) + "shards: 0\n" + secrets_line();
}

}  // namespace controllers::services
