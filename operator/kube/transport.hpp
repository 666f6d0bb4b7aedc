// HTTP to one API server, as a port. The real one is transport_cpprest.cpp; tests and simulation bring their own.
// Every callback runs on the loop, never inside the call that started it.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/result.hpp"

namespace kube {

// A request that was not answered by then is given up; what it did on the server is unknown.
inline constexpr std::chrono::milliseconds kRequestTimeout{10'000};
// A list page of 100 ConfigMaps near their own limit of 1 MiB could reach it; ours are a hundredth of that.
inline constexpr std::size_t kBodyBytesMax = 64U << 20U;

struct Request {
  std::string method;
  std::string path;            // percent-encoded, with query
  std::string content_type;    // empty without a body
  std::string accept = "application/json";
  std::string body;
  std::chrono::milliseconds timeout = kRequestTimeout;
};

struct Response {
  int status = 0;
  std::string body;
  std::optional<std::chrono::milliseconds> retry_after;
};

/// What the API server or the way to it said, as an error value. Codes: 400 and 422 InvalidArgument (with the field), 401 Unauthenticated,
/// 403 PermissionDenied, 404 NotFound, 409 AlreadyExists or Aborted, 410 OutOfRange, 429 ResourceExhausted, 503 Unavailable,
/// 500 and 504 Unknown: the write may have happened.
[[nodiscard]] base::Error error_of(const Response& response);

/// An open stream. Destroying it closes the connection, and no callback follows.
class Stream {
 public:
  virtual ~Stream() = default;
};

struct StreamEvents {
  std::function<void()> opened;                    // the answer is 200
  std::function<void(std::string_view)> data;      // as it arrives; a piece is neither a line nor an event
  std::function<void(base::Status)> ended;         // last call; an answer other than 200 is error_of() it
};

class Transport {
 public:
  virtual ~Transport() = default;
  /// `done` is called once. Without an answer the error is Unavailable when nothing was sent, Unknown otherwise.
  virtual void send(Request request, std::function<void(base::Result<Response>)> done) = 0;
  /// `request.timeout` does not count: who opens a stream knows how long it may be silent, and closes it then.
  [[nodiscard]] virtual std::unique_ptr<Stream> open(Request request, StreamEvents events) = 0;
};

}  // namespace kube
