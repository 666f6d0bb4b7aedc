#include "controllers/services/runtime_config.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "controllers/cache/cache.hpp"
#include "controllers/component/pod.hpp"
#include "controllers/database/database.hpp"
#include "controllers/services/services.hpp"
#include "crds/types/yaml_text.hpp"

namespace controllers::services {
namespace {

constexpr std::int32_t kConnectionsMax = 8;          // of one process: more only queue inside the database
constexpr std::int32_t kConnectionsReserved = 10;    // people, migrations, monitoring
constexpr std::int32_t kSurge = 1;                   // one pod more than wanted during a rollout

// Rendered from values and never from text, so that whatever a string holds stays one string.
using Document = nlohmann::ordered_json;

Document head(const Context& ctx, const std::string& log_level) {
  return {{"configVersion", 1}, {"platform", ctx.platform.name_space + "/" + ctx.platform.name}, {"logLevel", log_level}};
}

void add_listeners(Document& document, Listeners listeners) {
  document["listeners"] =
      Document::array({{{"port", listeners.port}, {"routes", "public"}}, {{"port", listeners.management}, {"routes", "management"}}});
  document["shards"] = 0;
}

void add_secrets(Document& document) { document["secretsDirectory"] = kSecretsFolder; }

void add_database(const Context& ctx, Document& document, std::int32_t connections) {
  document["database"] = {{"engine", "mysql"},
                          {"host", ctx.name(database::kName)},
                          {"port", database::kPort},
                          {"name", "payment"},
                          {"connections", connections}};
}

/// What the channel is told to call. The simulator lives in the namespace; a real channel comes through the ingress. Without one it cannot
/// come at all (the status warns), and still refuses orders whose address is not https.
std::string notify_base(const Context& ctx) {
  if (ctx.wechat_simulated()) return "http://" + ctx.name("callback-service") + ":8088";
  std::string endpoint = callback_endpoint(ctx);
  if (ctx.wechat_url().starts_with("https://") && endpoint.starts_with("http://")) endpoint.replace(0, 4, "https");
  return endpoint;
}

std::string base_url(const Context& ctx, const Role& role) {
  const crds::Ingress& ingress = ctx.platform.spec.ingress;
  if (ingress.enabled) return "https://" + ingress.host;
  return fmt::format("http://{}.{}:{}", ctx.name(role.name), ctx.platform.name_space, role.port);
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
  Document document = head(ctx, log_level);
  add_listeners(document, listeners);
  add_secrets(document);
  add_database(ctx, document, connections_per_process(ctx.platform));
  document["redis"] = {{"host", ctx.name(cache::kName)}, {"port", cache::kPort}};
  document["authentication"] = spec.security.api_authentication;
  if (spec.channels.wechat_pay.enabled) {
    document["channels"]["wechat"] = {{"apiVersion", spec.channels.wechat_pay.api_version},
                                      {"baseUrl", ctx.wechat_url()},
                                      {"notifyUrl", notify_base(ctx) + "/api/callback/wechat"}};
  }
  document["reconciliation"] = {{"lookbackDays", spec.reconciliation.lookback_days},
                                {"timeoutSeconds", spec.reconciliation.timeout_seconds}};
  return crds::to_yaml(document);
}

std::string migrate_config(const Context& ctx) {
  Document document = head(ctx, "info");
  add_secrets(document);
  add_database(ctx, document, 1);
  return crds::to_yaml(document);
}

std::string simulator_config(const Context& ctx, Listeners listeners) {
  Document document = head(ctx, "info");
  add_listeners(document, listeners);
  add_secrets(document);
  return crds::to_yaml(document);
}

}  // namespace controllers::services
