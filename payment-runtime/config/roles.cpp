#include "payment-runtime/config/roles.hpp"

#include <fmt/format.h>

namespace pay::config {

base::Result<std::vector<Part>> parts_of(const Config& config, std::string_view role) {
  const auto wrong = [](std::string_view place, std::string_view key, const std::string& what) {
    return base::fail(base::Code::InvalidArgument, fmt::format("{}: {}: {}", place, key, what), std::string{key});
  };
  const Listener* open = config.listener(Routes::Public);
  if (open == nullptr) return wrong(config.file, "listeners", fmt::format("role {} needs a listener with routes: public", role));
  if (needs_database(role) && !config.database) return wrong(config.file, "database", fmt::format("is missing; role {} needs it", role));

  std::vector<Part> parts;
  for (const Role& candidate : kRoles) {
    if (plays(role, candidate.name)) parts.push_back({candidate, open->port});
  }
  if (open->port == 0) return parts;
  const int last = open->port + static_cast<int>(parts.size()) - 1;
  if (last > kPortMax) {
    return wrong(open->place, "listeners[].port",
                 fmt::format("expected at most {}, not '{}': role {} opens {} ports counted from this one",
                             kPortMax - static_cast<int>(parts.size()) + 1, open->port, role, parts.size()));
  }
  const Listener* management = config.listener(Routes::Management);
  if (management != nullptr && management->port >= open->port && management->port <= last) {
    return wrong(
        management->place, "listeners[].port",
        fmt::format("expected a port outside {} to {}, which role {} opens itself, not '{}'", open->port, last, role, management->port));
  }
  for (std::size_t i = 0; i < parts.size(); ++i) parts[i].port = static_cast<std::uint16_t>(open->port + i);
  return parts;
}

}  // namespace pay::config
