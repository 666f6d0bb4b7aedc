// The configuration file of payment-runtime, as docs/reference/runtime-configuration.md defines it. The same input gives the same bytes.
#pragma once

#include <cstdint>
#include <string>

#include "controllers/component/context.hpp"

namespace controllers::services {

inline constexpr const char* kConfigKey = "runtime.yaml";

struct Listeners {
  std::int32_t port;
  std::int32_t management;
};

/// For the services and for `reconcile`.
[[nodiscard]] std::string service_config(const Context& ctx, Listeners listeners, const std::string& log_level);
/// For `migrate`: nothing but the way to the database, so that only a change of that runs a new Job.
[[nodiscard]] std::string migrate_config(const Context& ctx);
[[nodiscard]] std::string simulator_config(const Context& ctx, Listeners listeners);

/// Database connections of one process, so that all processes at once stay below maxConnections. 0: not even one each.
[[nodiscard]] std::int32_t connections_per_process(const crds::Platform& platform);

/// Where clients and channels reach the platform.
[[nodiscard]] std::string payment_endpoint(const Context& ctx);
[[nodiscard]] std::string callback_endpoint(const Context& ctx);

}  // namespace controllers::services
