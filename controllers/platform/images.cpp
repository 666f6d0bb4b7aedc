#include "controllers/platform/images.hpp"

#include "controllers/component/live.hpp"

namespace controllers {
namespace {

bool cannot_be_pulled(const crds::Platform& platform, const Snapshot& live, const std::string& app) {
  const Context ctx{platform, live, {}, {}, {}};
  for (const Object* pod : pods_of(ctx, app)) {
    const auto problem = pod_problem(*pod);
    if (problem && problem->reason == "ImageUnavailable") return true;
  }
  return false;
}

std::string resolve(const crds::Platform& platform, const Snapshot& live, const std::string& given, const char* kind, const std::string& app,
                    const std::string& otherwise) {
  if (!given.empty()) return given;
  const Object* workload = find(live, "apps/v1", kind, app);
  const std::string running = workload == nullptr ? "" : image_of(*workload);
  return running.empty() || cannot_be_pulled(platform, live, app) ? otherwise : running;
}

}  // namespace

Images resolve_images(const crds::Platform& platform, const Snapshot& live, const Settings& settings) {
  return {resolve(platform, live, platform.spec.image, "Deployment", "payment-service", settings.runtime_image),
          resolve(platform, live, platform.mysql().image, "StatefulSet", "mysql", settings.mysql_image),
          resolve(platform, live, platform.redis().image, "Deployment", "redis", settings.redis_image)};
}

}  // namespace controllers
