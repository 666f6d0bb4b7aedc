#include "operator/cli/platforms.hpp"

#include <nlohmann/json.hpp>

#include "crds/types/platform.hpp"

namespace cli {

using base::Code;
using controllers::Object;
using controllers::object::text_at;

std::string name_space_of(const Session& session, const Cluster& cluster) {
  return session.flags.name_space.empty() ? cluster.name_space() : session.flags.name_space;
}

kube::PlatformKey key_of(const Object& platform) {
  return {text_at(platform, {"metadata", "namespace"}), text_at(platform, {"metadata", "name"})};
}

Place place_of(const Session& session, const kube::PlatformKey& key) { return {key.name_space, session.flags.context}; }

base::Result<Object> find_platform(const Session& session, Cluster& cluster, const std::string& name) {
  const std::string name_space = name_space_of(session, cluster);
  if (!name.empty()) {
    auto found = cluster.find({name_space, &kube::platform_kind(), name});
    if (!found) return base::fail(found.error());
    if (*found) return std::move(**found);
    return base::fail(Code::NotFound, "there is no PaymentPlatform " + name + " in namespace " + name_space + "; -n names another one");
  }
  const auto items = cluster.list(kube::path_of(kube::platform_kind(), name_space), "", "list PaymentPlatforms in namespace " + name_space);
  if (!items) return base::fail(items.error());
  if (items->empty())
    return base::fail(Code::NotFound, "there is no PaymentPlatform in namespace " + name_space + "; -n names another one");
  if (items->size() > 1) {
    std::string names;
    for (const Object& item : *items) names += (names.empty() ? "" : ", ") + text_at(item, {"metadata", "name"});
    return base::fail(Code::InvalidArgument, "namespace " + name_space + " has several PaymentPlatforms, so name one: " + names);
  }
  Object platform = items->front();
  platform["apiVersion"] = crds::kApiVersion;
  platform["kind"] = crds::kKind;
  return platform;
}

}  // namespace cli
