#include "controllers/platform/images.hpp"

#include "controllers/component/live.hpp"
#include "controllers/component/objects.hpp"
#include "controllers/object/diff.hpp"

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

std::string reported(const Object& object, const std::string& name) {
  for (const Object& component : object::list_at(object, {"status", "components"})) {
    if (object::text_at(component, {"name"}) == name) return object::text_at(component, {"image"});
  }
  return {};
}

class Resolver {
 public:
  Resolver(const Object& object, const crds::Platform& platform, const Snapshot& live)
      : object_(object),
        platform_(platform),
        live_(live) {}

  [[nodiscard]] std::string image(const std::string& given, const char* kind, const std::string& name, const std::string& otherwise) const {
    if (!given.empty()) return given;
    const Object* workload = find(live_, "apps/v1", kind, name);
    if (workload == nullptr) return otherwise;
    // An edit takes the field away from us; the name of a container of ours is that of its workload.
    const bool ours =
        object::owns(*workload, kManagedBy,
                     {"f:spec", "f:template", "f:spec", "f:containers", Object({{"name", name}}).dump().insert(0, "k:"), "f:image"});
    const std::string kept = ours ? image_of(*workload, name) : reported(object_, name);
    return kept.empty() || cannot_be_pulled(platform_, live_, name, kept) ? otherwise : kept;
  }

 private:
  const Object& object_;
  const crds::Platform& platform_;
  const Snapshot& live_;
};

}  // namespace

Images resolve_images(const Object& object, const crds::Platform& platform, const Snapshot& live, const Settings& settings) {
  const Resolver resolver(object, platform, live);
  return {resolver.image(platform.spec.image, "Deployment", "payment-service", settings.runtime_image),
          resolver.image(platform.mysql().image, "StatefulSet", "mysql", settings.mysql_image),
          resolver.image(platform.redis().image, "Deployment", "redis", settings.redis_image)};
}

}  // namespace controllers
