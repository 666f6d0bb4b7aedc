// The tables of routes of each role. Handlers decode, call one use case and encode; no business rule stands here.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "common/net/router.hpp"
#include "common/obs/health.hpp"
#include "common/obs/metrics.hpp"
#include "payment-runtime/http/authenticate.hpp"
#include "payment-runtime/services/ports.hpp"

namespace pay::http {

/// What handlers work with; outlives the server and its shards.
struct Context {
  std::vector<services::Ports> ports;      // one a shard
  obs::Metrics* metrics = nullptr;
  CredentialsSource credentials;           // of authentication: Required
  bool authentication_required = true;

  [[nodiscard]] const services::Ports& here() const;   // of the shard that runs the caller
};

void add_payment_routes(net::Router& router, const Context& context);
void add_callback_routes(net::Router& router, const Context& context);

/// /health, /actuator/health[/liveness|/readiness] with ?scope=self.
void add_health_routes(net::Router& router, const obs::Health& health);
/// /metrics and /actuator/prometheus; `refresh` (may be empty) brings gauges up to date before each reading.
void add_metrics_routes(net::Router& router, const obs::Metrics& metrics, const std::function<void()>& refresh);

}  // namespace pay::http
