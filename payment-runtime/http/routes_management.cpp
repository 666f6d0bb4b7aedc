#include "payment-runtime/http/routes.hpp"

namespace pay::http {
namespace {

enum class Asked { All, Liveness, Readiness };

base::Task<net::Response> health_of(const obs::Health* health, Asked asked, net::Request request) {
  const obs::Scope scope = request.query_param("scope") == "self" ? obs::Scope::Self : obs::Scope::All;
  const obs::Health::Report report = asked == Asked::Liveness    ? health->liveness()
                                     : asked == Asked::Readiness ? health->readiness(scope)
                                                                 : health->all(scope);
  net::Response response;
  response.status = report.up ? 200 : 503;
  response.body = report.body;
  response.headers.push_back({"Cache-Control", "no-store"});
  co_return response;
}

base::Task<net::Response> expose(const obs::Metrics* metrics, std::function<void()> refresh) {
  if (refresh) refresh();
  net::Response response;
  response.content_type = obs::kMetricsContentType;
  response.body = metrics->expose();
  co_return response;
}

}  // namespace

void add_health_routes(net::Router& router, const obs::Health& health) {
  const obs::Health* shared = &health;
  for (const auto& [pattern, asked] :
       {std::pair{"/health", Asked::All}, std::pair{"/actuator/health", Asked::All},
        std::pair{"/actuator/health/liveness", Asked::Liveness}, std::pair{"/actuator/health/readiness", Asked::Readiness}}) {
    router.add(
        "GET", pattern, [shared, groups = asked](net::Request request) { return health_of(shared, groups, std::move(request)); },
        net::Admission::Always);
  }
}

void add_metrics_routes(net::Router& router, const obs::Metrics& metrics, const std::function<void()>& refresh) {
  const obs::Metrics* shared = &metrics;
  for (const char* pattern : {"/metrics", "/actuator/prometheus"}) {
    router.add("GET", pattern, [shared, refresh](const net::Request&) { return expose(shared, refresh); }, net::Admission::Always);
  }
}

}  // namespace pay::http
