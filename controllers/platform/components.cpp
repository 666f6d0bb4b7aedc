#include "controllers/platform/components.hpp"

#include "controllers/cache/cache.hpp"
#include "controllers/database/database.hpp"
#include "controllers/ingress/ingress.hpp"
#include "controllers/jobs/jobs.hpp"
#include "controllers/services/services.hpp"
#include "controllers/simulator/simulator.hpp"

namespace controllers {
namespace {

using Statuses = std::vector<ComponentStatus>;

struct Component {
  const char* condition;                       // of the status, for which its health counts; several components may share one
  Objects (*desired)(const Context&);          // nothing where the spec does not ask for it
  Statuses (*health)(const Context&);          // one for each of its workloads that the spec asks for
};

template <ComponentStatus (*health)(const Context&)>
Statuses one(const Context& ctx) {
  return {health(ctx)};
}

Statuses nothing_runs(const Context&) { return {}; }

constexpr Component kComponents[] = {
    {kDatabaseReady, database::desired, one<database::health>},  // where the money is written down
    {kSchemaReady, jobs::desired, one<jobs::health>},  // the Job that brings its schema up to date; the CronJob that reconciles
    {kCacheReady, cache::desired, one<cache::health>},  // Redis
    {kServicesReady, services::desired, services::health},  // payment, callback, reconciliation
    {kServicesReady, simulator::desired, simulator::health},  // of the channels, where it is asked for
    {"", ingress::desired, nothing_runs},  // the way in, where it is asked for
};

}  // namespace

Objects desired(const Context& ctx) {
  Objects wanted;
  for (const Component& component : kComponents) append(wanted, component.desired(ctx));
  return wanted;
}

Health health(const Context& ctx) {
  Health health;
  for (const Component& component : kComponents) {
    for (ComponentStatus& status : component.health(ctx)) health.parts.push_back({component.condition, std::move(status)});
  }
  return health;
}

}  // namespace controllers
