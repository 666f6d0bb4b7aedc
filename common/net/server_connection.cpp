#include "common/net/server_connection.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>

#include "common/base/ids.hpp"
#include "common/base/rng.hpp"
#include "common/obs/log.hpp"

namespace net::detail {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;
using Parser = http::request_parser<http::string_body>;

namespace {

constexpr std::size_t kTargetBytesMax = 4096;
constexpr std::size_t kRequestIdMax = 64;
constexpr std::size_t kReadAhead = 4096;
constexpr std::size_t kLingerBytesMax = 1U << 18;            // what is read and thrown away before a refused client is cut off
constexpr std::chrono::milliseconds kLingerTime{1'000};
constexpr std::size_t kNoRoute = static_cast<std::size_t>(-1);

/// A problem that HTTP itself has with a request: the answer, and the end of the connection.
struct Refusal {
  int status;
  const char* why;
};

bool is_token_list_of_digits(std::string_view text) {
  return !text.empty() && text.size() <= 18 && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// Framing must have one meaning only, for us and for every proxy before us.
std::optional<Refusal> check_framing(const http::request<http::string_body>& head) {
  const std::size_t lengths = head.count(http::field::content_length);
  const std::size_t encodings = head.count(http::field::transfer_encoding);
  if (lengths > 0 && encodings > 0) return Refusal{400, "Content-Length and Transfer-Encoding together"};
  if (lengths > 1) return Refusal{400, "Content-Length stands twice"};
  if (lengths == 1 && !is_token_list_of_digits(head[http::field::content_length])) return Refusal{400, "Content-Length is not one number"};
  if (encodings > 1) return Refusal{400, "Transfer-Encoding stands twice"};
  if (encodings == 1) {
    if (head.version() < 11) return Refusal{400, "Transfer-Encoding in HTTP/1.0"};
    if (!beast::iequals(head[http::field::transfer_encoding], "chunked")) return Refusal{501, "Transfer-Encoding other than chunked"};
  }
  const std::size_t hosts = head.count(http::field::host);
  if (hosts > 1 || (hosts == 0 && head.version() >= 11)) return Refusal{400, "exactly one Host is required"};
  return std::nullopt;
}

std::optional<Refusal> check_target(std::string_view target) {
  if (target.size() > kTargetBytesMax) return Refusal{400, "the request target is too long"};
  if (target.empty() || target.front() != '/') return Refusal{400, "the request target must be a path"};
  const bool clean = std::all_of(target.begin(), target.end(), [](char c) { return c > ' ' && c < 0x7F && c != '#' && c != '\\'; });
  if (!clean) return Refusal{400, "the request target has bad characters"};
  return std::nullopt;
}

/// What to answer to a request that could not be read; nothing when the other end is gone or too slow.
std::optional<Refusal> refusal_of(const error_code& ec) {
  if (ec == http::error::header_limit || ec == http::error::buffer_overflow) return Refusal{431, "the headers are too large"};
  if (ec == http::error::body_limit) return Refusal{413, "the body is too large"};
  if (ec == http::error::end_of_stream || ec == http::error::partial_message) return std::nullopt;
  if (ec.category() == http::make_error_code(http::error::bad_method).category()) return Refusal{400, "malformed HTTP request"};
  return std::nullopt;
}

bool well_formed_id(std::string_view id) {
  return !id.empty() && id.size() <= kRequestIdMax && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
  });
}

/// Everything of the head; called before the body is read, so that trailers cannot add or replace a header.
Request make_request(const http::request<http::string_body>& head, const Connection& connection, const Service& service) {
  Request request;
  request.method = std::string{head.method_string()};
  request.target = std::string{head.target()};
  const std::size_t mark = request.target.find('?');
  request.path = request.target.substr(0, mark);
  if (mark != std::string::npos) request.query = request.target.substr(mark + 1);
  for (const auto& field : head) {
    std::string name{field.name_string()};
    std::transform(name.begin(), name.end(), name.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    request.headers.push_back({std::move(name), std::string{field.value()}});
  }
  request.peer = connection.peer;
  const std::string_view id = request.header("x-request-id");
  request.id = well_formed_id(id) ? std::string{id} : base::ulid(service.clock.now(), base::system_rng());
  return request;
}

const std::string& date_header(ShardState& state) {
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(state.service->clock.now().time_since_epoch()).count();
  if (state.date.empty() || state.date_second != now) {
    state.date_second = static_cast<std::time_t>(now);
    std::tm utc{};
    ::gmtime_r(&state.date_second, &utc);
    std::array<char, 64> text{};
    const std::size_t size = std::strftime(text.data(), text.size(), "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &utc);
    state.date.assign(text.data(), size);
  }
  return state.date;
}

/// A value with a line end in it would be a second header.
void append_header(std::string& head, std::string_view name, std::string_view value) {
  head += name;
  head += ": ";
  for (const char c : value) head += c == '\r' || c == '\n' || c == '\0' ? ' ' : c;
  head += "\r\n";
}

std::string make_head(ShardState& state, const Response& response, std::string_view request_id, bool keep_alive) {
  std::string head;
  head.reserve(256);
  head += fmt::format("HTTP/1.1 {} {}\r\n", response.status, reason_phrase(response.status));
  head += date_header(state);
  const bool bodiless = response.status == 204 || response.status == 304;
  if (!bodiless) head += fmt::format("Content-Length: {}\r\n", response.body.size());
  if (!bodiless && !response.content_type.empty()) append_header(head, "Content-Type", response.content_type);
  for (const Header& header : response.headers) append_header(head, header.name, header.value);
  if (!request_id.empty()) append_header(head, "X-Request-Id", request_id);
  head += keep_alive ? "\r\n" : "Connection: close\r\n\r\n";
  return head;
}

std::string refusal_body(const Refusal& refusal) { return fmt::format(R"({{"code":{}00,"message":"{}"}})", refusal.status, refusal.why); }

void observe(ShardState& state, std::size_t route, const std::string& method, int status, base::SteadyPoint since) {
  const ServerOptions& options = state.service->options;
  if (options.metrics == nullptr) return;
  static constexpr std::array<std::string_view, 7> kMethods{"GET", "POST", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"};
  const bool known = std::find(kMethods.begin(), kMethods.end(), method) != kMethods.end();
  const std::string label = known ? method : "other";
  auto [place, is_new] = state.handles.try_emplace({route, label, status});
  if (is_new) {
    const std::string pattern = route == kNoRoute ? "none" : state.service->router.routes()[route].pattern;
    place->second.count = &options.metrics->counter(
        "http_requests_total", "HTTP requests answered.",
        {{"service", options.service}, {"route", pattern}, {"method", label}, {"status", std::to_string(status)}});
    place->second.seconds = &options.metrics->histogram("http_request_duration_seconds", "Time from the last header to the answer.",
                                                        {{"service", options.service}, {"route", pattern}, {"method", label}});
  }
  place->second.count->Increment();
  place->second.seconds->Observe(std::chrono::duration<double>(state.service->clock.steady_now() - since).count());
}

base::Task<Response> run_handler(const Route* route, Request request) {
  std::string problem;
  const std::string id = request.id;
  try {
    co_return co_await route->handler(std::move(request));
  } catch (const std::exception& thrown) {
    problem = thrown.what();
  }
  obs::error("handler_failed", {{"route", route->pattern}, {"request_id", id}, {"problem", problem}});
  Response response;
  response.status = 500;
  response.body = R"({"code":50000,"message":"internal error"})";
  co_return response;
}

Response no_route(const Router::Match& match) {
  Response response;
  response.status = match.status;
  const char* why = match.status == 405 ? "method not allowed" : match.status == 400 ? "the path is wrongly encoded" : "no such route";
  response.body = refusal_body({match.status, why});
  if (!match.allow.empty()) response.headers.push_back({"Allow", match.allow});
  return response;
}

Response too_busy() {
  Response response;
  response.status = 503;
  response.body = R"({"code":50300,"message":"too many requests in flight; try again"})";
  response.headers.push_back({"Retry-After", "1"});
  return response;
}

/// One connection, from its first byte to its last; a coroutine of the shard runs it.
class Conversation {
 public:
  Conversation(std::shared_ptr<ShardState> state, asio::ip::tcp::socket socket) : state_(std::move(state)), connection_(std::move(socket)) {
    state_->connections.insert(&connection_);
  }
  ~Conversation() { state_->connections.erase(&connection_); }
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;

  base::Task<void> run();

 private:
  enum class Next { KeepAlive, Close };

  base::Task<bool> wait_for_request(bool first);
  base::Task<Next> serve_request(bool last);
  base::Task<std::optional<Next>> read_body();
  base::Task<Response> answer(const Route* route, Request request);
  base::Task<Next> refuse(Refusal refusal);
  base::Task<bool> write_response(Response response, std::string request_id, bool head_only, bool keep_alive);
  base::Task<void> linger();

  [[nodiscard]] const ServerLimits& limits() const { return state_->service->options.limits; }

  std::shared_ptr<ShardState> state_;
  Connection connection_;
  std::optional<Parser> parser_;   // of the request that is being served
};

base::Task<void> Conversation::run() {
  error_code ec;
  const auto remote = connection_.stream.socket().remote_endpoint(ec);
  if (ec) co_return;
  connection_.peer = remote.address().to_string();
  const std::size_t max = limits().requests_per_connection;
  for (std::size_t served = 0; served < max; ++served) {
    if (!co_await wait_for_request(served == 0)) co_return;
    const Next next = co_await serve_request(served + 1 == max);
    parser_.reset();   // an idle connection keeps no headers
    if (next == Next::Close) co_return;
  }
}

/// Waits for the first byte of a request without counting that time as slowness. False: nothing came.
base::Task<bool> Conversation::wait_for_request(bool first) {
  if (connection_.buffer.size() > 0) co_return true;
  connection_.idle = true;
  connection_.stream.expires_after(first ? limits().header_time : limits().idle_time);
  error_code ec;
  const std::size_t size =
      co_await connection_.stream.async_read_some(connection_.buffer.prepare(kReadAhead), asio::redirect_error(asio::use_awaitable, ec));
  connection_.buffer.commit(size);
  connection_.idle = false;
  co_return !ec;
}

base::Task<Conversation::Next> Conversation::serve_request(bool last) {
  const Service& service = *state_->service;
  Parser& parser = parser_.emplace();
  parser.header_limit(limits().header_bytes);
  parser.body_limit(limits().body_bytes);
  connection_.stream.expires_after(limits().header_time);
  error_code ec;
  co_await http::async_read_header(connection_.stream, connection_.buffer, parser, asio::redirect_error(asio::use_awaitable, ec));
  std::optional<Refusal> refusal;
  if (ec) {
    refusal = refusal_of(ec);
    if (!refusal) co_return Next::Close;
  }
  if (!refusal) refusal = check_framing(parser.get());
  if (!refusal) refusal = check_target(parser.get().target());
  if (refusal) co_return co_await refuse(*refusal);

  const base::SteadyPoint since = service.clock.steady_now();
  Request request = make_request(parser.get(), connection_, service);
  const bool wants_more = parser.get().keep_alive();
  if (!parser.is_done()) {
    const std::optional<Next> ended = co_await read_body();
    if (ended) co_return *ended;
  }
  request.body = std::move(parser.get().body());
  request.deadline = base::Deadline::after(service.clock, limits().handler_time);

  Router::Match match = service.router.find(request.method, request.path);
  request.params = std::move(match.params);
  const std::string method = request.method;
  std::string id = request.id;
  Response response;
  if (match.route == nullptr) {
    response = no_route(match);
  } else {
    response = co_await answer(match.route, std::move(request));
  }
  if (response.drop_connection) {
    if (response.after_sent) response.after_sent();
    co_return Next::Close;
  }
  const int status = response.status;
  const bool keep_alive = wants_more && !last && !state_->draining;
  const bool sent = co_await write_response(std::move(response), std::move(id), method == "HEAD", keep_alive);
  observe(*state_, match.route == nullptr ? kNoRoute : match.index, method, status, since);
  if (!sent) co_return Next::Close;
  if (!keep_alive) co_await linger();
  co_return keep_alive ? Next::KeepAlive : Next::Close;
}

/// The body, after telling a client that asks first to go on. Nothing: the request is whole.
base::Task<std::optional<Conversation::Next>> Conversation::read_body() {
  error_code ec;
  if (beast::iequals(parser_->get()[http::field::expect], "100-continue") && !parser_->is_done()) {
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    connection_.stream.expires_after(limits().write_time);
    co_await asio::async_write(connection_.stream, asio::buffer(kContinue), asio::redirect_error(asio::use_awaitable, ec));
    if (ec) co_return Next::Close;
  }
  connection_.stream.expires_after(limits().body_time);
  co_await http::async_read(connection_.stream, connection_.buffer, *parser_, asio::redirect_error(asio::use_awaitable, ec));
  if (!ec) co_return std::nullopt;
  const auto refusal = refusal_of(ec);
  if (!refusal) co_return Next::Close;
  co_return co_await refuse(*refusal);
}

base::Task<Response> Conversation::answer(const Route* route, Request request) {
  if (route->admission == Admission::Always) co_return co_await run_handler(route, std::move(request));
  const std::optional<Gate::Pass> pass = state_->gate.enter();
  if (!pass) co_return too_busy();
  co_return co_await run_handler(route, std::move(request));
}

/// Answers a request that HTTP itself refuses, and ends the connection.
base::Task<Conversation::Next> Conversation::refuse(Refusal refusal) {
  const base::SteadyPoint now = state_->service->clock.steady_now();
  Response response;
  response.status = refusal.status;
  response.body = refusal_body(refusal);
  const bool sent = co_await write_response(std::move(response), {}, false, false);
  observe(*state_, kNoRoute, "other", refusal.status, now);
  if (sent) co_await linger();
  co_return Next::Close;
}

/// False when the other end is gone.
base::Task<bool> Conversation::write_response(Response response, std::string request_id, bool head_only, bool keep_alive) {
  const std::string head = make_head(*state_, response, request_id, keep_alive);
  const bool bodiless = head_only || response.status == 204 || response.status == 304;
  const std::array<asio::const_buffer, 2> buffers{asio::buffer(head), bodiless ? asio::const_buffer{} : asio::buffer(response.body)};
  connection_.stream.expires_after(limits().write_time);
  error_code ec;
  co_await asio::async_write(connection_.stream, buffers, asio::redirect_error(asio::use_awaitable, ec));
  if (response.after_sent) response.after_sent();
  co_return !ec;
}

/// Says goodbye so that the answer arrives: closing with unread input would make the kernel reset the connection.
base::Task<void> Conversation::linger() {
  error_code ec;
  connection_.stream.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ec);
  std::array<char, kReadAhead> waste{};
  connection_.stream.expires_after(kLingerTime);
  for (std::size_t total = 0; !ec && total < kLingerBytesMax;) {
    total += co_await connection_.stream.async_read_some(asio::buffer(waste), asio::redirect_error(asio::use_awaitable, ec));
  }
}

}  // namespace

base::Task<void> serve_connection(std::shared_ptr<ShardState> state, asio::ip::tcp::socket socket) {
  Conversation conversation{std::move(state), std::move(socket)};
  co_await conversation.run();
}

}  // namespace net::detail
