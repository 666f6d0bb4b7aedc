#include "controllers/component/deployment.hpp"
#include "controllers/simulator/simulator.hpp"

namespace controllers::simulator {

std::vector<ComponentStatus> health(const Context& ctx) {
  if (!ctx.platform.spec.channels.simulator.enabled) return {};
  return {deployment_health(ctx, kName, ctx.images.runtime, 1,
                            {Reason::SimulatorCreating, Reason::SimulatorProgressing, Reason::ServicesReady})};
}

}  // namespace controllers::simulator
