// The parts that all our objects share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "controllers/component/context.hpp"

namespace controllers {

inline constexpr std::string_view kManagedBy = "payment-operator";
inline constexpr std::string_view kStatusManagedBy = "payment-operator-status";
inline constexpr std::string_view kManagedByLabel = "app.kubernetes.io/managed-by";
inline constexpr std::string_view kInstanceLabel = "app.kubernetes.io/instance";
inline constexpr std::string_view kVersionLabel = "app.kubernetes.io/version";
inline constexpr const char* kGeneratedSecret = "payment-generated";
inline constexpr const char* kUserSecretDefault = "payment-service-secret";

/// Which component an object belongs to: `app` is the label that people select by.
struct Part {
  std::string app;          // "payment-service"
  std::string component;    // "payment"
};

enum class Owned { ByPlatform, Outlives };    // volumes and generated Secrets outlive the platform unless it says otherwise

[[nodiscard]] Object labels(const Context& ctx, const Part& part, const std::string& image = {});
/// What selectors match: the app and the instance, so that two platforms never select each other's pods.
[[nodiscard]] Object selector(const Context& ctx, const Part& part);
/// `name` without the platform's prefix.
[[nodiscard]] Object object_of(const Context& ctx, const char* api_version, const char* kind, const std::string& name, const Part& part,
                               const std::string& image = {}, Owned owned = Owned::ByPlatform);

[[nodiscard]] Object service_account(const Context& ctx, const Part& part);
[[nodiscard]] Object config_map(const Context& ctx, const Part& part, const std::string& key, const std::string& text);

struct Port {
  std::string name;
  std::int32_t number = 0;
  std::string target;       // name of the container's port
};
[[nodiscard]] Object service(const Context& ctx, const std::string& name, const Part& part, const std::vector<Port>& ports);

/// "0.1.0" of "host/payment-runtime:0.1.0@sha256:..."; "" when the reference has no tag.
[[nodiscard]] std::string tag_of(const std::string& image);

/// "host:5000/payment-runtime" of "host:5000/payment-runtime:0.1.0@sha256:...".
[[nodiscard]] std::string repository_of(const std::string& image);

/// First 16 digits of the SHA-256: enough to tell configurations apart.
[[nodiscard]] std::string short_hash(const std::string& text);

}  // namespace controllers
