#include "controllers/platform/images.hpp"

#include "controllers/component/live.hpp"
#include "controllers/component/objects.hpp"
#include "controllers/database/database.hpp"
#include "controllers/object/diff.hpp"
#include "controllers/platform/status.hpp"

namespace controllers {
namespace {

/// That the pods of a foreign edit do not get their image says nothing against ours.
bool cannot_be_pulled(const crds::Platform& platform, const Snapshot& live, const std::string& app, const std::string& image) {
  const Context ctx{platform, live, {}, {}, {}};
  for (const Object* pod : pods_of(ctx, app)) {
    if (cannot_pull(*pod, image)) return true;
  }
  return false;
}

class Resolver {
 public:
  Resolver(const Object& object, const crds::Platform& platform, const Snapshot& live)
      : object_(object),
        platform_(platform),
        live_(live) {}

  [[nodiscard]] std::string image(const std::string& given, const char* kind, const std::string& name, const std::string& otherwise) const {
    if (!given.empty()) return given;
    // Pinned by observation: what once ran well stays, whatever becomes of a single pod's pull, an upgrade of the operator, or an image
    // that was put into the spec and out again without ever running.
    if (std::string proven = proven_image(object_, platform_.child_name(name)); !proven.empty()) return proven;
    // A status that was lost with a restore, or an install that is under way.
    const Object* workload = find(live_, "apps/v1", kind, platform_.child_name(name));
    if (workload == nullptr) return otherwise;
    // An edit takes the field away from us; the name of a container of ours is that of its workload.
    const bool ours =
        object::owns(*workload, kManagedBy,
                     {"f:spec", "f:template", "f:spec", "f:containers", Object({{"name", name}}).dump().insert(0, "k:"), "f:image"});
    const std::string kept = ours ? image_of(*workload, name) : "";
    return kept.empty() || cannot_be_pulled(platform_, live_, name, kept) ? otherwise : kept;
  }

 private:
  const Object& object_;
  const crds::Platform& platform_;
  const Snapshot& live_;
};

/// What the spec says of the runtime, or "".
std::string asked_runtime(const crds::Spec& spec, const Settings& settings) {
  if (!spec.image.empty() || spec.version.empty() || settings.runtime_image.empty()) return spec.image;
  return repository_of(settings.runtime_image) + ":" + spec.version;
}

/// What retained data was last run with, or the operator's default.
std::string mysql_default(const crds::Platform& platform, const Snapshot& live, const Settings& settings) {
  const Object* claim = find(live, "v1", "PersistentVolumeClaim", platform.child_name(database::kClaim));
  const std::string ran = claim == nullptr ? "" : database::ran_with(*claim);
  return ran.empty() ? settings.mysql_image : ran;
}

}  // namespace

Images resolve_images(const Object& object, const crds::Platform& platform, const Snapshot& live, const Settings& settings) {
  const Resolver resolver(object, platform, live);
  return {resolver.image(asked_runtime(platform.spec, settings), "Deployment", "payment-service", settings.runtime_image),
          resolver.image(platform.mysql().image, "StatefulSet", "mysql", mysql_default(platform, live, settings)),
          resolver.image(platform.redis().image, "Deployment", "redis", settings.redis_image)};
}

}  // namespace controllers
