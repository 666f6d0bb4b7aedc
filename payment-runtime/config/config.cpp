#include "payment-runtime/config/config.hpp"

#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "common/codec/yaml.hpp"
#include "common/net/url.hpp"
#include "payment-runtime/config/reader.hpp"

namespace pay::config {
namespace {

constexpr std::size_t kNameMax = 253;    // DNS
constexpr std::size_t kUrlMax = 256;     // WeChat Pay's limit for notify_url
constexpr std::size_t kPathMax = 1024;
constexpr int kConnectionsMax = 128;
constexpr int kLookbackDaysMax = 31;
constexpr int kTimeoutSecondsMax = 3600;
constexpr int kShardsMax = 16;

std::uint16_t port(MapReader& reader, std::uint16_t fallback) {
  return static_cast<std::uint16_t>(reader.integer("port", fallback, 1, kPortMax));
}

std::vector<Listener> read_listeners(MapReader& top) {
  std::vector<Listener> listeners;
  for (MapReader& entry : top.list_of_maps("listeners", kListenersMax)) {
    Listener listener;
    listener.port = static_cast<std::uint16_t>(entry.required_integer("port", 0, kPortMax));
    listener.place = entry.place("port");
    listener.routes = static_cast<Routes>(entry.choice("routes", {"public", "management"}, -1));
    entry.choice("tls", {"none"}, 0);
    entry.finish();
    for (const Listener& other : listeners) {
      if (other.port == listener.port && listener.port != 0) entry.wrong("port", "expected a port that no other listener has");
      if (other.routes == listener.routes) entry.wrong("routes", "expected at most one listener of each kind");
    }
    listeners.push_back(listener);
  }
  return listeners;
}

std::optional<Database> read_database(MapReader reader) {
  Database database;
  reader.choice("engine", {"mysql"}, 0);
  database.host = reader.required_text("host", kNameMax);
  database.port = port(reader, database.port);
  database.name = reader.text("name", database.name, 64);
  database.connections = static_cast<int>(reader.integer("connections", database.connections, 1, kConnectionsMax));
  reader.finish();
  return reader.present() ? std::optional{database} : std::nullopt;
}

std::optional<Redis> read_redis(MapReader reader) {
  Redis redis;
  redis.host = reader.required_text("host", kNameMax);
  redis.port = port(reader, redis.port);
  reader.finish();
  return reader.present() ? std::optional{redis} : std::nullopt;
}

std::string url(MapReader& reader, std::string_view key) {
  std::string text = reader.required_text(key, kUrlMax);
  if (reader.present() && !text.starts_with("http://") && !text.starts_with("https://"))
    reader.wrong(key, "expected an http:// or https:// address");
  while (text.ends_with('/')) text.pop_back();
  return text;
}

std::optional<WechatChannel> read_wechat(MapReader reader) {
  WechatChannel wechat;
  reader.choice("apiVersion", {"v3"}, 0);
  wechat.base_url = url(reader, "baseUrl");
  wechat.notify_url = url(reader, "notifyUrl");
  if (!reader.present()) return std::nullopt;
  // WeChat Pay speaks https and calls back over nothing else: it refuses every order with another address, or one with a query. Only the
  // simulator is reached by plain http, and calls back by it.
  const auto notify = net::parse_url(wechat.notify_url);
  if (!notify) {
    reader.wrong("notifyUrl", "expected an http:// or https:// address: " + notify.error().message);
  } else if (notify->target.find('?') != std::string::npos) {
    reader.wrong("notifyUrl", "expected an address without a query");
  } else if (wechat.base_url.starts_with("https://") && !notify->tls()) {
    reader.wrong("notifyUrl", "expected an https:// address, as baseUrl is one (only a simulator calls back over http)");
  }
  reader.finish();
  return wechat;
}

Reconciliation read_reconciliation(MapReader reader) {
  Reconciliation reconciliation;
  reconciliation.lookback_days = static_cast<int>(reader.integer("lookbackDays", reconciliation.lookback_days, 1, kLookbackDaysMax));
  reconciliation.timeout_seconds =
      static_cast<int>(reader.integer("timeoutSeconds", reconciliation.timeout_seconds, 1, kTimeoutSecondsMax));
  reader.finish();
  return reconciliation;
}

}  // namespace

const Listener* Config::listener(Routes routes) const {
  for (const Listener& candidate : listeners) {
    if (candidate.routes == routes) return &candidate;
  }
  return nullptr;
}

base::Result<Config> parse_config(std::string_view text, std::string_view file, std::set<std::string>* asked) {
  const auto root = codec::parse_yaml(text, file);
  if (!root) return base::fail(root.error());
  if (root->kind == codec::Yaml::Kind::Null) {
    return base::fail(base::Code::InvalidArgument,
                      fmt::format("{}: is empty; expected a map of keys that begins with configVersion: {}", file, kConfigVersion));
  }
  Reading reading{std::string{file}, std::nullopt, asked};
  MapReader top{reading, &*root, ""};
  Config config;
  config.file = file;
  top.required_integer("configVersion", kConfigVersion, kConfigVersion);
  config.platform = top.required_text("platform", 2 * kNameMax);
  config.log_level = static_cast<obs::Level>(top.choice("logLevel", {"debug", "info", "warn", "error"}, 1));
  config.listeners = read_listeners(top);
  config.shards = static_cast<int>(top.integer("shards", 0, 0, kShardsMax));
  config.secrets_directory = top.text("secretsDirectory", "/etc/payment/secrets", kPathMax);
  config.database = read_database(top.map("database"));
  config.redis = read_redis(top.map("redis"));
  config.authentication = static_cast<Authentication>(top.choice("authentication", {"Development", "Required"}, 1));
  MapReader channels = top.map("channels");
  config.wechat = read_wechat(channels.map("wechat"));
  channels.finish();
  config.reconciliation = read_reconciliation(top.map("reconciliation"));
  top.finish();
  if (reading.mistake) return base::fail(std::move(*reading.mistake));
  return config;
}

base::Result<Config> load_config(const std::filesystem::path& file) {
  std::ifstream stream{file, std::ios::binary};
  std::ostringstream text;
  const bool empty = stream.peek() == std::ifstream::traits_type::eof();   // nothing to copy would be an error to <<
  if (!stream.is_open() || stream.bad() || (!empty && !(text << stream.rdbuf()))) {
    return base::fail(base::Code::InvalidArgument, file.string() + ": cannot be read; give the configuration file with --config");
  }
  return parse_config(text.str(), file.string());
}

}  // namespace pay::config
