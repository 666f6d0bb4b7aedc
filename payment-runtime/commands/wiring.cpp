#include "payment-runtime/commands/wiring.hpp"

#include <cstdio>

#include <fmt/format.h>

#include "common/obs/log.hpp"

namespace pay::commands {

void complain(const base::Error& error) { std::fprintf(stderr, "payment-runtime: %s\n", error.message.c_str()); }

std::optional<config::Config> load(const std::filesystem::path& file, std::string_view service) {
  auto config = config::load_config(file);
  if (!config) {
    complain(config.error());
    return std::nullopt;
  }
  obs::log().set_common({{"platform", config->platform}, {"service", service}});
  obs::log().set_level(config->log_level);
  return std::move(*config);
}

stores::mysql::Options store_options(const config::Config& config) {
  stores::mysql::Options options;
  options.endpoint = {config.database->host, config.database->port, config.database->name};
  options.password_file = config.secrets_directory / "mysql-application-password";
  options.connections = config.database->connections;
  return options;
}

services::Ports Adapters::ports(std::size_t shard) const {
  services::Ports ports;
  ports.store = store.get();
  ports.cache = caches.empty() ? nullptr : caches.at(shard).get();
  ports.channels = &channels;
  ports.clock = &base::system_clock();
  ports.rng = &base::system_rng();
  return ports;
}

base::Result<Adapters> make_adapters(const config::Config& config, net::Shards* shards, obs::Metrics* metrics) {
  Adapters adapters;
  const config::SecretFiles secrets{config.secrets_directory};
  if (const auto password = secrets.read({"mysql-application-password"}); !password) return base::fail(password.error());
  if (config.wechat) {
    auto keys =
        channels::wechat_v3::ReloadingKeys::load(secrets, channels::wechat_v3::key_files(), channels::wechat_v3::keys_of_one_merchant());
    if (!keys) return base::fail(std::move(keys.error()));
    adapters.wechat_keys = std::move(*keys);
    auto wechat = channels::wechat_v3::WechatV3::make({config.wechat->base_url, config.wechat->notify_url, adapters.wechat_keys, metrics},
                                                      base::system_clock(), base::system_rng());
    if (!wechat) {
      const base::Error& problem = wechat.error();
      return base::fail(problem.code, fmt::format("{}: {}: {}", config.file, problem.field, problem.message), problem.field);
    }
    adapters.wechat = std::move(*wechat);
    adapters.channels.emplace("wechat", adapters.wechat.get());
  }
  if (config.redis && shards != nullptr) {
    auto& hits = metrics->counter("idempotency_cache_hits_total", "Repetitions that the cache already knew.");
    for (std::size_t i = 0; i < shards->size(); ++i) {
      adapters.redis.push_back(std::make_unique<cache::RedisCache>(shards->context(i).get_executor(),
                                                                   cache::RedisOptions{config.redis->host, config.redis->port},
                                                                   base::system_clock(), base::system_rng()));
      adapters.caches.push_back(std::make_unique<CountingCache>(*adapters.redis.back(), hits));
    }
  }
  adapters.store = std::make_unique<stores::mysql::MysqlStore>(store_options(config), base::system_clock());
  return adapters;
}

}  // namespace pay::commands
