#include "operator/cli/facts.hpp"

#include <nlohmann/json.hpp>

#include "controllers/services/services.hpp"
#include "operator/cli/live.hpp"
#include "operator/cli/platforms.hpp"

namespace cli {
namespace {

using base::Code;
using controllers::object::list_at;
using controllers::object::number_at;
using controllers::object::text_at;

/// A request to a port of a Service, through the API server: works from wherever kubectl does.
kube::Request to_service(const std::string& name_space, const std::string& service, std::int32_t port, const std::string& path) {
  kube::Request request;
  request.method = "GET";
  request.path = kube::path_of("v1", "services", name_space, service) + ":" + std::to_string(port) + "/proxy" + path;
  return request;
}

Facts::Payments pay(Cluster& cluster, const Facts& facts, const std::string& business_no) {
  const Object order = {
      {"businessNo", business_no}, {"amount", "0.01"}, {"paymentChannel", "wechat"}, {"subject", "kubectl payment verify"}};
  const controllers::services::Role& role = controllers::services::kRoles[0];
  const std::string& name_space = facts.decoded.name_space;
  const std::string service = facts.name(role.name);
  const auto create = [&] {
    kube::Request request = to_service(name_space, service, role.port, "/api/payment/create");
    request.method = "POST";
    request.content_type = "application/json";
    request.body = order.dump();
    return cluster.ask_service(std::move(request), "create a payment");
  };
  auto first = create();
  auto second = create();
  auto query = cluster.ask_service(to_service(name_space, service, role.port, "/api/payment/query/" + business_no), "query a payment");
  return {std::move(first), std::move(second), std::move(query), business_no};
}

/// Everything that runs is what the spec says: not paused, not under way, and nothing held back.
bool is_settled(const Object& platform) {
  const Object* ready = controllers::object::condition_of(platform, "Ready");
  const auto generation = number_at(platform, {"metadata", "generation"});
  return ready != nullptr && text_at(*ready, {"status"}) == "True" && number_at(*ready, {"observedGeneration"}) == generation &&
         list_at(platform, {"status", "pendingChanges"}).empty();
}

/// Why no payment is made; "" when it may be.
std::string why_no_payment(const Object& platform, const crds::Platform& decoded, const FactsWanted& wanted) {
  const crds::Spec& spec = decoded.spec;
  if (!wanted.payments) return "--payments was not given, and nothing is paid unasked";
  if (!spec.channels.wechat_pay.enabled || !spec.channels.simulator.enabled || !spec.channels.wechat_pay.base_url.empty()) {
    return "WeChat Pay does not go to the simulator here, and no order is placed at a real channel";
  }
  if (decoded.paused || !is_settled(platform)) {
    return "the platform is paused, not Ready or has pending changes: what runs may still be of another spec, and pay at a real channel";
  }
  if (spec.security.api_authentication != "Development") return "security.apiAuthentication is Required: only your own caller can sign";
  return {};
}

}  // namespace

base::Result<Facts> gather(Cluster& cluster, const Object& platform, const FactsWanted& wanted) {
  const kube::PlatformKey key = key_of(platform);
  const auto version = cluster.get("/version", "ask for the version of Kubernetes");
  if (!version) return base::fail(version.error());
  auto seen = visible(cluster, platform);
  if (!seen) return base::fail(seen.error());
  crds::Problems told_by_the_status;
  Facts facts{cluster.server(),
              text_at(*version, {"gitVersion"}),
              platform,
              crds::decode_platform(platform, told_by_the_status),
              std::move(seen->live),
              std::move(seen->refused),
              cluster.list("/apis/storage.k8s.io/v1/storageclasses", "", "list StorageClasses"),
              cluster.list("/apis/networking.k8s.io/v1/ingressclasses", "", "list IngressClasses"),
              cluster.list(kube::path_of("discovery.k8s.io/v1", "endpointslices", key.name_space, ""), "", "list EndpointSlices"),
              {},
              std::nullopt,
              {}};
  for (const controllers::services::Role& role : controllers::services::kRoles) {
    const std::string service = facts.name(role.name);
    facts.health.emplace(role.name, cluster.ask_service(to_service(key.name_space, service, role.management, "/actuator/health"),
                                                        "ask " + service + " for its health"));
  }
  facts.no_payments = why_no_payment(platform, facts.decoded, wanted);
  if (facts.no_payments.empty()) facts.payments = pay(cluster, facts, wanted.business_no);
  return facts;
}

}  // namespace cli
