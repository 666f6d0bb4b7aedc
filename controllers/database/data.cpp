#include <charconv>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "controllers/component/objects.hpp"
#include "controllers/database/database.hpp"

namespace controllers::database {
namespace {

/// What the name of an image tells of the server in it.
struct Server {
  std::string family;  // "MariaDB", "MySQL", or the image's own name
  std::optional<int> major;
  std::optional<int> minor;  // MariaDB 10.11, MySQL 8.4: the release series is both
};

/// Takes a number off the front.
std::optional<int> number(std::string_view& text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || value < 0) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

Server server_in(const std::string& image) {
  const std::string repository = repository_of(image);
  const std::string name = repository.substr(repository.rfind('/') + 1);
  const auto has = [&name](std::string_view word) { return name.find(word) != std::string::npos; };
  Server server{has("mariadb") ? "MariaDB" : has("mysql") || has("percona") ? "MySQL" : name, {}, {}};
  const std::string tag = tag_of(image);
  std::string_view version = tag;
  if (version.starts_with('v')) version.remove_prefix(1);
  server.major = number(version);
  if (server.major && version.starts_with('.')) {
    version.remove_prefix(1);
    server.minor = number(version);
  }
  return server;
}

bool is_older(const Server& one, const Server& other) {
  if (!one.major || !other.major) return false;
  if (one.major != other.major) return one.major < other.major;
  return one.minor && other.minor && one.minor < other.minor;
}

}  // namespace

std::string risk_to_data(const std::string& ran_with, const std::string& wanted) {
  if (ran_with.empty() || ran_with == wanted) return {};
  const Server before = server_in(ran_with);
  const Server after = server_in(wanted);
  if (before.family != after.family) {
    return fmt::format("the data was last run with {}; {} is, by its name, another server, which may not read it or may spoil it", ran_with,
                       wanted);
  }
  if (!is_older(after, before)) return {};
  return fmt::format("the data was last run with {}; {} is an older release, which may not read it or may spoil it", ran_with, wanted);
}

}  // namespace controllers::database
