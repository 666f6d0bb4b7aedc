// HTTP messages as plain structs, so that nobody but this folder meets the HTTP library.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/deadline.hpp"
#include "common/base/task.hpp"

namespace net {

struct Header {
  std::string name;    // lower case in everything received
  std::string value;

  friend bool operator==(const Header&, const Header&) = default;
};

/// The first header of this name (lower case); empty when there is none.
[[nodiscard]] std::string_view find_header(const std::vector<Header>& headers, std::string_view name);

struct Request {
  std::string method;
  std::string target;                                        // as sent: path, and query when there is one
  std::string path;
  std::string query;                                         // without the question mark, still encoded
  std::vector<Header> headers;
  std::string body;                                          // raw bytes
  std::vector<std::pair<std::string, std::string>> params;   // of the route's {names}, decoded
  std::string peer;                                          // address of the other end
  std::string id;                                            // X-Request-Id of the caller when it is well formed, else a new ULID
  base::Deadline deadline = base::Deadline::at({});          // by when the answer is due

  [[nodiscard]] std::string_view header(std::string_view name) const { return find_header(headers, name); }
  [[nodiscard]] std::string_view param(std::string_view name) const;
  /// Decoded value of a query parameter; nullopt when it is absent or wrongly encoded.
  [[nodiscard]] std::optional<std::string> query_param(std::string_view name) const;
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";   // left out when empty
  std::string body;
  std::vector<Header> headers;
  std::function<void()> after_sent;   // called once the last byte was handed to the kernel; also when the peer is gone
  bool drop_connection = false;       // close without a byte of answer (the simulator's lost replies)
};

/// Runs on the connection's shard. Must be a free function or member coroutine with parameters by value, or a plain lambda
/// that returns the task of one; never a capturing lambda that is itself a coroutine.
using Handler = std::function<base::Task<Response>(Request)>;

/// "%41+b" to "A+b"; nullopt for a stray percent sign or a decoded NUL.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text);
/// Everything except unreserved characters (RFC 3986) as %XX.
[[nodiscard]] std::string percent_encode(std::string_view text);
[[nodiscard]] std::string_view reason_phrase(int status);

}  // namespace net
