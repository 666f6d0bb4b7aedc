#include "controllers/platform/names.hpp"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "controllers/component/objects.hpp"
#include "controllers/database/database.hpp"

namespace controllers {
namespace {

std::optional<Refusal> refuse_unserved(const crds::Platform& platform, const Settings& settings) {
  const std::string& prefix = platform.spec.name_prefix;
  if (prefix.empty() || std::find(settings.name_prefixes.begin(), settings.name_prefixes.end(), prefix) != settings.name_prefixes.end()) {
    return std::nullopt;
  }
  return Refusal{Reason::NamePrefixNotServed,
                 fmt::format("spec.namePrefix \"{}\" is not one that the operator serves: add it to the chart's value namePrefixes (flag "
                             "--name-prefix), by which the operator also gets its rights to Secret {}",
                             prefix, platform.child_name(kGeneratedSecret))};
}

/// The API server refuses a changed prefix where it has our schema. Carried out, it would be a second set of everything, on an empty
/// volume.
std::optional<Refusal> refuse_changed(const crds::Platform& platform, const Snapshot& live) {
  for (const auto& [ref, child] : live.children) {
    const bool database = ref.kind == "StatefulSet" && object::label_of(child, "app") == database::kName;
    if (!database || object::controller_uid(child) != platform.uid || ref.name == platform.child_name(database::kName)) continue;
    return Refusal{Reason::InvalidSpec,
                   fmt::format("spec.namePrefix cannot be changed after creation: StatefulSet {} has the database; put it back, or "
                               "make another platform",
                               ref.name)};
  }
  return std::nullopt;
}

std::optional<Refusal> refuse_neighbour(const Object& object, const crds::Platform& platform, const Snapshot& live) {
  const std::string created = object::text_at(object, {"metadata", "creationTimestamp"});
  for (const Neighbour& other : live.neighbours) {
    const bool older = std::tie(other.created, other.name) < std::tie(created, platform.name);
    if (!older || other.name_prefix != platform.spec.name_prefix) continue;
    return Refusal{
        Reason::NameConflict,
        fmt::format("PaymentPlatform {} is older and its objects have the same names; make this one anew with a spec.namePrefix of its "
                    "own, or in another namespace",
                    other.name)};
  }
  return std::nullopt;
}

}  // namespace

std::optional<Refusal> refuse_names(const Object& object, const crds::Platform& platform, const Snapshot& live, const Settings& settings) {
  if (auto refusal = refuse_unserved(platform, settings)) return refusal;
  if (auto refusal = refuse_changed(platform, live)) return refusal;
  return refuse_neighbour(object, platform, live);
}

}  // namespace controllers
