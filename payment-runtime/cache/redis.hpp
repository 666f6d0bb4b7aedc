// ports::Cache on Redis: one pipelined connection, hiredis as the RESP codec, Asio as the transport. Belongs to one io shard: construct one
// per shard, and call it only from coroutines of that shard's executor.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "common/base/clock.hpp"
#include "common/base/rng.hpp"
#include "payment-runtime/ports/cache.hpp"

namespace pay::cache {

constexpr auto kConnectTimeout = std::chrono::seconds{1};
constexpr auto kReplyTimeout = std::chrono::milliseconds{50};  // slower than this is not faster than the database
constexpr auto kReconnectFirst = std::chrono::milliseconds{100};
constexpr auto kReconnectMax = std::chrono::seconds{5};
constexpr std::size_t kPipelinedMax = 1024;  // commands in flight; more are refused at once
constexpr std::size_t kReplyBytesMax = 1U << 16;

struct RedisOptions {
  std::string host;
  std::uint16_t port = 6379;
  std::chrono::milliseconds reply_timeout = kReplyTimeout;
};

/// While Redis is away every call fails at once (circuit open) and one background coroutine reconnects with jittered backoff; a reply that
/// is later than reply_timeout closes the connection and opens the circuit.
class RedisCache final : public ports::Cache {
 public:
  RedisCache(boost::asio::any_io_executor executor, RedisOptions options, const base::Clock& clock, base::Rng& rng);
  ~RedisCache() override;
  RedisCache(const RedisCache&) = delete;
  RedisCache& operator=(const RedisCache&) = delete;

  base::Task<base::Result<bool>> set_if_absent(std::string key, std::string value, std::chrono::seconds time_to_live,
                                               base::Deadline deadline) override;

  /// Redis answered the last time it was asked (metric redis_up). Safe from any thread.
  [[nodiscard]] bool up() const;

 private:
  class Connection;
  std::shared_ptr<Connection> connection_;
};

}  // namespace pay::cache
