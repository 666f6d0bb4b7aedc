#include "controllers/component/deployment.hpp"
#include "controllers/simulator/simulator.hpp"

namespace controllers::simulator {

ComponentStatus health(const Context& ctx) { return deployment_health(ctx, kName, ctx.images.runtime, 1, "Simulator"); }

}  // namespace controllers::simulator
