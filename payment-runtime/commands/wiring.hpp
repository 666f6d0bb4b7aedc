// The adapters behind the ports, made from the configuration: what `serve` and `reconcile` share.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/net/shards.hpp"
#include "common/obs/metrics.hpp"
#include "payment-runtime/cache/redis.hpp"
#include "payment-runtime/channels/wechat_v3/channel.hpp"
#include "payment-runtime/commands/counting_cache.hpp"
#include "payment-runtime/config/config.hpp"
#include "payment-runtime/services/ports.hpp"
#include "payment-runtime/stores/mysql/store.hpp"

namespace pay::commands {

/// Loads the configuration and sets up the log; an error has been printed to standard error.
std::optional<config::Config> load(const std::filesystem::path& file, std::string_view service);
void complain(const base::Error& error);

[[nodiscard]] stores::mysql::Options store_options(const config::Config& config);

struct Adapters {
  std::unique_ptr<stores::mysql::MysqlStore> store;
  std::shared_ptr<channels::wechat_v3::ReloadingKeys> wechat_keys;
  std::unique_ptr<channels::wechat_v3::WechatV3> wechat;
  services::Channels channels;
  std::vector<std::unique_ptr<cache::RedisCache>> redis;            // one a shard
  std::vector<std::unique_ptr<CountingCache>> caches;

  [[nodiscard]] services::Ports ports(std::size_t shard) const;
};

/// `shards` may be null: then without a cache.
[[nodiscard]] base::Result<Adapters> make_adapters(const config::Config& config, net::Shards* shards, obs::Metrics* metrics);

}  // namespace pay::commands
