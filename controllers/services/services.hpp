// The three services of a platform. They differ in a row of a table; everything else is said once.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "controllers/component/part.hpp"
#include "controllers/component/pod.hpp"

namespace controllers::services {

struct Role {
  const char* name;                    // "payment-service"
  const char* role;                    // payment-runtime serve --role
  std::int32_t port;
  std::int32_t management;
  const char* spec;                    // spec.services.<this>
  crds::Service crds::Services::* field;
  /// A further name and port under which the source documents know the service; 0: none.
  const char* alias;
  std::int32_t alias_port;
};

inline constexpr std::array<Role, 3> kRoles = {{
    {"payment-service", "payment", 8086, 8087, "payment", &crds::Services::payment, "payment-gateway", 40003},
    {"callback-service", "callback", 8088, 8089, "callback", &crds::Services::callback, "", 0},
    {"reconciliation-service", "reconciliation", 8090, 8091, "reconciliation", &crds::Services::reconciliation, "reconciliation-service",
     40020},
}};

[[nodiscard]] const crds::Service& spec_of(const Context& ctx, const Role& role);
/// Replicas that there are at least, whoever decides.
[[nodiscard]] std::int32_t least_replicas(const crds::Service& service);

[[nodiscard]] Objects desired(const Context& ctx);
[[nodiscard]] std::vector<ComponentStatus> health(const Context& ctx);

/// `replicas` to be set by payment-operator-scale: at creation, and whenever they differ where no HPA decides. Deployments only.
[[nodiscard]] std::vector<Apply> scale(const Context& ctx);

// Shared with the jobs, which run the same image.
/// Waits until the database has the schema that this release needs.
[[nodiscard]] Container wait_for_schema(const Context& ctx);
[[nodiscard]] Object runtime_mounts();
[[nodiscard]] Object runtime_volumes(const Context& ctx, const std::string& config_map, const std::vector<std::string>& keys);

}  // namespace controllers::services
