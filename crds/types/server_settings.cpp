#include "crds/types/server_settings.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace crds {
namespace {

constexpr std::array<std::string_view, 26> kReserved = {
    // Rendered from fields or fixed by the operator.
    "character_set_server",
    "default_time_zone",
    "innodb_buffer_pool_size",
    "max_connect_errors",
    "max_connections",
    "skip_name_resolve",
    // What keeps an answered payment through a crash.
    "autocommit",
    "completion_type",
    "init_connect",
    "innodb_doublewrite",
    "innodb_flush_log_at_trx_commit",
    "innodb_flush_method",
    "sync_binlog",
    // Where data lie and who runs the server: volumes, mounts and the pod's user say so.
    "datadir",
    "innodb_data_home_dir",
    "innodb_log_group_home_dir",
    "innodb_undo_directory",
    "pid_file",
    "tmpdir",
    "user",
    // The way in: Services and probes lead to one port, and passwords are asked for.
    "bind_address",
    "init_file",
    "port",
    "skip_grant_tables",
    "skip_networking",
    "socket",
};

std::string with_underscores(std::string name) {
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

/// Without the words by which option files modify a setting.
std::string_view bare(std::string_view name) {
  constexpr std::array<std::string_view, 5> kModifiers = {"loose_", "skip_", "enable_", "disable_", "maximum_"};
  for (bool again = true; again;) {
    again = false;
    for (const std::string_view modifier : kModifiers) {
      if (name.substr(0, modifier.size()) != modifier) continue;
      name.remove_prefix(modifier.size());
      again = true;
    }
  }
  return name;
}

}  // namespace

std::string reserved_settings_rule() {
  std::string names;
  const auto add = [&names](const std::string& name) { names += (names.empty() ? "'" : ", '") + name + "'"; };
  for (const std::string_view name : kReserved) {
    add(std::string(name));
    std::string dashed(name);
    std::replace(dashed.begin(), dashed.end(), '_', '-');
    if (dashed != name) add(dashed);
  }
  // Looking names up in the map, not the map's names in the list: its size is bounded, the length of its names is not.
  return "!has(self.config) || ![" + names + "].exists(name, name in self.config)";
}

std::string reserved_settings_message() {
  std::string names;
  for (const std::string_view name : kReserved) names += (names.empty() ? "" : ", ") + std::string(name);
  return "config must not set what the operator manages: " + names;
}

bool names_reserved_setting(const std::string& name) {
  return std::find(kReserved.begin(), kReserved.end(), with_underscores(name)) != kReserved.end();
}

bool is_reserved_setting(const std::string& name) {
  const std::string plain = with_underscores(name);
  const std::string_view asked = bare(plain);
  return std::any_of(kReserved.begin(), kReserved.end(), [asked](std::string_view reserved) {
    return bare(reserved).substr(0, asked.size()) == asked;      // options may be abbreviated
  });
}

}  // namespace crds
