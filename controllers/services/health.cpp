#include "controllers/component/deployment.hpp"
#include "controllers/services/services.hpp"

namespace controllers::services {

std::vector<ComponentStatus> health(const Context& ctx) {
  std::vector<ComponentStatus> roles;
  for (const Role& role : kRoles) {
    roles.push_back(deployment_health(ctx, role.name, ctx.images.runtime, least_replicas(spec_of(ctx, role)),
                                      {Reason::ServicesCreating, Reason::ServicesProgressing, Reason::ServicesReady}));
  }
  return roles;
}

}  // namespace controllers::services
