// HTTP/1.1 server: a listener a shard on one port (SO_REUSEPORT), every connection pinned to the shard that accepted it.
// Hostile input is answered or dropped within the limits below and never reaches a handler. Thread-safe where said.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "common/net/router.hpp"
#include "common/net/shards.hpp"
#include "common/obs/metrics.hpp"

namespace net {

struct ServerLimits {
  std::uint32_t header_bytes = 8 * 1024;                  // request line and all headers
  std::uint64_t body_bytes = 1U << 20;
  std::size_t requests_per_connection = 10'000;           // then the client is asked to come back, so that load spreads again
  std::size_t connections_per_shard = 4096;               // more are closed at once
  std::size_t in_flight_per_shard = 256;                  // more are answered 503 with Retry-After
  std::chrono::milliseconds header_time{5'000};           // from the first byte of a request (or the connection) to its last header
  std::chrono::milliseconds body_time{15'000};
  std::chrono::milliseconds idle_time{15'000};            // between two requests
  std::chrono::milliseconds write_time{15'000};
  std::chrono::milliseconds handler_time{10'000};         // the deadline that a handler is given
};

struct ServerOptions {
  std::string service = {};            // metric label
  std::string address = {};            // empty: every address, IPv6 and IPv4
  std::uint16_t port = 0;              // 0: any free one, see port()
  ServerLimits limits = {};
  obs::Metrics* metrics = nullptr;     // http_requests_total and http_request_duration_seconds; may be null
};

class HttpServer {
 public:
  /// Opens the listeners. Unavailable (field "port") when the port cannot be had alone: shards share it, servers and processes never do.
  /// `shards` need not have started yet.
  [[nodiscard]] static base::Result<std::unique_ptr<HttpServer>> listen(Shards& shards, Router router, ServerOptions options,
                                                                        const base::Clock& clock = base::system_clock());
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  [[nodiscard]] std::uint16_t port() const;

  /// Stops accepting (what the kernel has queued is still served), answers with `Connection: close`, lets idle clients send one
  /// more request for a moment, waits for what is in flight, and after `budget` closes what is left. Blocks; from outside of
  /// shards. True when nothing had to be cut off.
  bool drain(std::chrono::milliseconds budget);

  struct Impl;

 private:
  explicit HttpServer(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace net
