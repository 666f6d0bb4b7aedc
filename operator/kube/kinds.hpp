// The kinds that the operator handles, and where their objects lie. All are namespaced.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace kube {

struct Kind {
  std::string_view api_version;    // "apps/v1"
  std::string_view kind;           // "Deployment"
  std::string_view plural;         // "deployments"
  /// Only objects of this name, with each of the prefixes that platforms have, are listed and watched; empty: every object with our label.
  /// The permission to list can then be given for those names alone.
  std::string_view only_name;
};

inline constexpr std::string_view kManagedByLabel = "app.kubernetes.io/managed-by";
inline constexpr std::string_view kInstanceLabel = "app.kubernetes.io/instance";
inline constexpr std::string_view kManagedByValue = "payment-operator";

/// PaymentPlatform itself.
[[nodiscard]] const Kind& platform_kind();
/// What a platform consists of, and the pods that come from it.
[[nodiscard]] std::span<const Kind> child_kinds();
/// One of the above, or null.
[[nodiscard]] const Kind* find_kind(std::string_view api_version, std::string_view kind);

/// "/apis/apps/v1/namespaces/shop/deployments/redis"; without name the collection, without namespace that of all namespaces.
[[nodiscard]] std::string path_of(const Kind& kind, std::string_view name_space, std::string_view name = {});
/// The same from a group and version, for kinds that are only written (events, leases).
[[nodiscard]] std::string path_of(std::string_view api_version, std::string_view plural, std::string_view name_space,
                                  std::string_view name);

/// Percent-encoding for one path segment or query value.
[[nodiscard]] std::string encode(std::string_view text);

}  // namespace kube
