#include <fmt/format.h>

#include "controllers/cache/cache.hpp"
#include "controllers/component/deployment.hpp"

namespace controllers::cache {

ComponentStatus health(const Context& ctx) {
  ComponentStatus status =
      deployment_health(ctx, kName, ctx.images.redis, 1, {Reason::CacheCreating, Reason::CacheProgressing, Reason::CacheReady});
  if (!status.good && status.reason != Reason::CacheCreating) {
    status.message += "; payments go on, duplicates are stopped by the database";
  }
  return status;
}

}  // namespace controllers::cache
