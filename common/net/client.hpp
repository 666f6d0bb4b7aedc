// HTTP/1.1 client with a keep-alive pool a shard. It never tries twice by itself, as only the caller knows whether that is safe;
// instead every failure says what may have happened at the other end:
//   Unavailable   not a byte of the request was sent
//   Unknown       the request, or a part of it, was sent and no whole answer came back
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/base/deadline.hpp"
#include "common/base/result.hpp"
#include "common/base/task.hpp"
#include "common/net/http.hpp"
#include "common/net/url.hpp"

namespace net {

struct ClientOptions {
  std::chrono::milliseconds connect_time{3'000};   // name, connection and TLS together, within the deadline
  std::chrono::milliseconds idle_time{8'000};      // below what servers allow, so that a connection is not closed as we use it
  std::size_t idle_per_shard = 64;
  std::uint64_t response_bytes = 1U << 20;         // a longer body is Unknown
  std::string ca_file = {};                        // empty: the system's certificates, read when https first needs them
  std::string user_agent = "payment-runtime";
};

struct ClientRequest {
  std::string method = "GET";
  Url url;
  std::vector<Header> headers;   // Host, Content-Length, Connection and User-Agent are set by the client
  std::string body;
};

struct ClientResponse {
  int status = 0;
  std::vector<Header> headers;   // names in lower case
  std::string body;              // raw bytes

  [[nodiscard]] std::string_view header(std::string_view name) const { return find_header(headers, name); }
};

class HttpClient {
 public:
  /// InvalidArgument when the CA file cannot be read. Peers' certificates and host names are always verified.
  [[nodiscard]] static base::Result<HttpClient> make(ClientOptions options);

  /// On a shard (or any single-threaded context). Ends by `deadline` at the latest.
  base::Task<base::Result<ClientResponse>> send(ClientRequest request, base::Deadline deadline) const;

  struct Impl;

 private:
  explicit HttpClient(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<Impl> impl_;
};

}  // namespace net
