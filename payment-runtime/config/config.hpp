// The runtime's configuration file: docs/reference/runtime-configuration.md lists every key, and a test holds the two together.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"
#include "common/obs/log.hpp"

namespace pay::config {

constexpr int kConfigVersion = 1;
constexpr std::size_t kListenersMax = 4;
constexpr int kPortMax = 65535;

enum class Routes : std::uint8_t { Public, Management };
enum class Authentication : std::uint8_t { Development, Required };

struct Listener {
  std::uint16_t port = 0;   // 0: any free one (tests)
  Routes routes = Routes::Public;
  std::string place = {};   // file:line:column of the port, for messages
};

struct Database {
  std::string host;
  std::uint16_t port = 3306;
  std::string name = "payment";
  int connections = 8;
};

struct Redis {
  std::string host;
  std::uint16_t port = 6379;
};

struct WechatChannel {
  std::string base_url;
  std::string notify_url;
};

struct Reconciliation {
  int lookback_days = 7;
  int timeout_seconds = 600;
};

struct Config {
  std::string file;   // as it was named to us
  std::string platform;
  obs::Level log_level = obs::Level::Info;
  std::vector<Listener> listeners;
  int shards = 0;
  std::filesystem::path secrets_directory = "/etc/payment/secrets";
  std::optional<Database> database;
  std::optional<Redis> redis;
  Authentication authentication = Authentication::Required;
  std::optional<WechatChannel> wechat;
  Reconciliation reconciliation;

  [[nodiscard]] const Listener* listener(Routes routes) const;
};

/// Errors read `file:line:column: key: what was expected`. `asked` collects every key that the loader knows (for the test).
[[nodiscard]] base::Result<Config> parse_config(std::string_view text, std::string_view file, std::set<std::string>* asked = nullptr);
[[nodiscard]] base::Result<Config> load_config(const std::filesystem::path& file);

}  // namespace pay::config
