// What `serve --role` opens: a part for each service that the role plays, and its port.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"
#include "payment-runtime/config/config.hpp"

namespace pay::config {

struct Role {
  std::string_view name;
  std::string_view service;   // as metrics and logs call it
};
/// In the order in which role "all" counts their ports.
constexpr std::array<Role, 4> kRoles{{{"payment", "payment-service"},
                                      {"callback", "callback-service"},
                                      {"reconciliation", "reconciliation-service"},
                                      {"channel-simulator", "channel-simulator"}}};

struct Part {
  Role role;
  std::uint16_t port = 0;   // of its public listener; 0: any free one
};

[[nodiscard]] inline bool plays(std::string_view role, std::string_view part) { return role == "all" || role == part; }
[[nodiscard]] inline bool needs_database(std::string_view role) { return role != "channel-simulator"; }

/// The parts of `role`. InvalidArgument, `file:line:column: key: what was expected`, when the configuration lacks what the role needs, or
/// when the ports that "all" counts from the public listener's do not exist or meet the management listener's.
[[nodiscard]] base::Result<std::vector<Part>> parts_of(const Config& config, std::string_view role);

}  // namespace pay::config
