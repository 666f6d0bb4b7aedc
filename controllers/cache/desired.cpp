// Redis as a cache: losing it may cost latency, never an outcome. Source: seed documents "Redis 优化" (maxmemory 1gb, allkeys-lru,
// no snapshots, append-only file flushed every second).
#include <fmt/format.h>

#include "controllers/cache/cache.hpp"
#include "controllers/component/pod.hpp"

namespace controllers::cache {
namespace {

const Part kPart{kName, "cache"};
constexpr const char* kConfigKey = "redis.conf";

std::string server_config(const crds::ManagedRedis& redis) {
  std::string text = fmt::format(R"(bind * -::*
protected-mode no
port {}
dir /data
maxmemory {}
maxmemory-policy {}
save ""
)",
                                 kPort, redis.max_memory, redis.max_memory_policy);
  if (redis.append_only == "no") return text + "appendonly no\n";
  return text + fmt::format("appendonly yes\nappendfsync {}\n", redis.append_only);
}

}  // namespace

Objects desired(const Context& ctx) {
  const crds::ManagedRedis redis = ctx.platform.redis();
  const std::string config = server_config(redis);
  Container server{
      .name = kName,
      .image = ctx.images.redis,
      .command = {"redis-server", std::string("/etc/redis/") + kConfigKey},
      .ports = {{"redis", kPort, ""}},
      .resources = {{"requests", {{"cpu", "50m"}, {"memory", "64Mi"}}}},      // its own maxmemory bounds it
      .mounts = Object::array({mount("config", "/etc/redis"), mount("data", "/data", false)}),
      .startup = tcp_probe("redis", 1, 120),
      .liveness = tcp_probe("redis", 10, 3),
      .readiness = tcp_probe("redis", 3, 2),
  };
  Pod pod{.part = kPart, .image = ctx.images.redis, .user = kDataUser, .main = server, .config_hash = short_hash(config)};
  pod.volumes = Object::array({config_volume(ctx, kName, kConfigKey), empty_dir("data", redis.storage.size)});

  Object deployment = object_of(ctx, "apps/v1", "Deployment", kName, kPart, ctx.images.redis);
  deployment["spec"] = {{"replicas", 1},
                        {"revisionHistoryLimit", 3},
                        {"strategy", {{"type", "Recreate"}}},      // one cache, never two that disagree
                        {"selector", {{"matchLabels", selector(ctx, kPart)}}},
                        {"template", pod_template(ctx, pod)}};
  return {service_account(ctx, kPart), config_map(ctx, kPart, kConfigKey, config), service(ctx, kName, kPart, {{"redis", kPort, "redis"}}),
          deployment};
}

}  // namespace controllers::cache
