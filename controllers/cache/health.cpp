#include <fmt/format.h>

#include "controllers/cache/cache.hpp"
#include "controllers/component/deployment.hpp"

namespace controllers::cache {

ComponentStatus health(const Context& ctx) {
  ComponentStatus status = deployment_health(ctx, kName, ctx.images.redis, 1, "Cache");
  if (!status.good && status.reason != "CacheCreating") {
    status.message += "; payments go on, duplicates are stopped by the database";
  }
  return status;
}

}  // namespace controllers::cache
