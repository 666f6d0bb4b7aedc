#include "controllers/component/deployment.hpp"
#include "controllers/services/services.hpp"

namespace controllers::services {

ComponentStatus health(const Context& ctx, const Role& role) {
  return deployment_health(ctx, role.name, ctx.images.runtime, least_replicas(spec_of(ctx, role)), "Services");
}

}  // namespace controllers::services
