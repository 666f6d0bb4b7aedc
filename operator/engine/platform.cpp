#include "operator/engine/platform.hpp"

namespace engine {

using controllers::Object;
namespace object = controllers::object;

Platform platform_of(const Key& key, const Object& from) {
  Platform platform{key, object::uid_of(from), object::text_at(from, {"metadata", "resourceVersion"}), {}};
  for (const Object& finalizer : object::list_at(from, {"metadata", "finalizers"})) {
    if (finalizer.is_string()) platform.finalizers.push_back(finalizer.get<std::string>());
  }
  platform.generation = object::number_at(from, {"metadata", "generation"});
  if (auto created = base::parse_rfc3339(object::text_at(from, {"metadata", "creationTimestamp"}))) platform.created = *created;
  platform.ready = object::condition_is_true(from, "Ready");
  platform.observed_generation = object::number_at(from, {"status", "observedGeneration"}, -1);
  platform.pending_changes = object::list_at(from, {"status", "pendingChanges"}).size();
  return platform;
}

}  // namespace engine
