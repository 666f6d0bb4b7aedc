// Where objects lie in the simulated API server: the operator's own kinds, and those that it writes without watching.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "controllers/object/path.hpp"
#include "operator/kube/kinds.hpp"

namespace sim {

using controllers::Object;

struct Place {
  const kube::Kind* kind = nullptr;
  std::string name_space;
  std::string name;
  auto operator<=>(const Place&) const = default;
};

[[nodiscard]] const kube::Kind* find_kind(std::string_view api_version, std::string_view kind);
/// By kind alone; the simulated world has no two of one name.
[[nodiscard]] const kube::Kind& kind_named(std::string_view kind);
/// A platform or what it consists of: neither an event nor a lease.
[[nodiscard]] bool is_child(const kube::Kind& kind);

/// Where an object belongs by what it says of itself; no kind: unknown to this world.
[[nodiscard]] Place place_of(const Object& object);
/// "Deployment redis"
[[nodiscard]] std::string describe(const Place& place);

/// A request's address, taken apart.
struct Address {
  Place place;                // without a name: the collection
  std::string subresource;    // "status"
};
/// Of "/apis/apps/v1/namespaces/pay/deployments/redis/status"; nothing when no such thing is served.
[[nodiscard]] std::optional<Address> parse_path(std::string_view path);
/// A parameter of the query after "?", decoded; "" when it is not there.
[[nodiscard]] std::string parameter(std::string_view query, std::string_view name);

}  // namespace sim
