#include "common/net/client.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <mutex>
#include <optional>

#include <sys/socket.h>

#include <fmt/format.h>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>

#include "common/net/shards.hpp"

namespace net {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::uint32_t kResponseHeaderBytesMax = 32 * 1024;
constexpr std::size_t kAuthoritiesMax = 64;   // pools of one shard; a client talks to few servers

using TlsStream = asio::ssl::stream<beast::tcp_stream>;

struct Connection {
  explicit Connection(const asio::any_io_executor& executor) : plain(std::in_place, executor) {}
  Connection(const asio::any_io_executor& executor, asio::ssl::context& context) : tls(std::in_place, executor, context) {}

  beast::tcp_stream& lowest() { return tls ? tls->next_layer() : *plain; }

  std::optional<beast::tcp_stream> plain;
  std::optional<TlsStream> tls;
  beast::flat_buffer buffer;
  base::SteadyPoint idle_since;
};
using ConnectionPtr = std::unique_ptr<Connection>;

/// Idle connections of one shard, by "scheme://host:port"; touched by that shard only.
struct Pool {
  std::map<std::string, std::deque<ConnectionPtr>> idle;
  std::size_t count = 0;
};

using TlsContextPtr = std::shared_ptr<asio::ssl::context>;

/// Trusts the certificates of `ca_file`, or the system's when it is empty.
base::Result<TlsContextPtr> make_tls(const std::string& ca_file) {
  auto tls = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
  error_code ec;
  if (ca_file.empty()) {
    tls->set_default_verify_paths(ec);
  } else {
    tls->load_verify_file(ca_file, ec);
  }
  if (ec) return base::fail(base::Code::InvalidArgument, "cannot read certificates: " + ec.message(), "ca_file");
  tls->set_verify_mode(asio::ssl::verify_peer, ec);
  if (!ec) tls->set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1, ec);
  if (ec) return base::fail(base::Code::Internal, "cannot prepare TLS: " + ec.message());
  return tls;
}

/// Reading the system's certificates takes some 30 ms and 0.9 MB, so all clients of the process share them, and one that never speaks
/// https does without.
base::Result<TlsContextPtr> system_tls() {
  static std::mutex mutex;
  static std::weak_ptr<asio::ssl::context> shared;
  const std::lock_guard lock{mutex};
  if (TlsContextPtr known = shared.lock()) return known;
  auto made = make_tls({});
  if (made) shared = *made;
  return made;
}

/// A quiet connection has nothing to read; an end of file or a stray byte means that it is of no more use.
bool still_quiet(Connection& connection) {
  char byte = 0;
  const ssize_t got = ::recv(connection.lowest().socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

}  // namespace

struct HttpClient::Impl {
  ClientOptions options;
  std::mutex tls_mutex;   // taken for each new https connection only
  TlsContextPtr tls;
  std::array<Pool, kShardsMax> pools;
};

namespace {

using ImplPtr = std::shared_ptr<HttpClient::Impl>;

base::Result<TlsContextPtr> tls_of(HttpClient::Impl& impl) {
  const std::lock_guard lock{impl.tls_mutex};
  if (!impl.tls) {
    auto made = system_tls();
    if (!made) return made;
    impl.tls = std::move(*made);
  }
  return impl.tls;
}

base::Error not_sent(std::string why) { return {base::Code::Unavailable, std::move(why), {}, std::nullopt}; }
base::Error maybe_sent(std::string why) { return {base::Code::Unknown, std::move(why), {}, std::nullopt}; }

std::string words(const error_code& ec) { return ec == beast::error::timeout ? "timed out" : ec.message(); }

/// Name resolution runs on a thread of the library's and cannot be cut short, so this waits for it or for the deadline.
struct Resolving {
  explicit Resolving(const asio::any_io_executor& executor) : resolver(executor), timer(executor) {}
  tcp::resolver resolver;
  asio::steady_timer timer;
  error_code ec;
  tcp::resolver::results_type results;
  bool done = false;
};

struct Resolved {
  std::shared_ptr<Resolving> state;
  void operator()(const error_code& ec, tcp::resolver::results_type results) const {
    state->done = true;
    state->ec = ec;
    state->results = std::move(results);
    state->timer.cancel();
  }
};

base::Task<base::Result<std::vector<tcp::endpoint>>> resolve(std::string host, std::uint16_t port, base::SteadyPoint until) {
  error_code ec;
  const auto address = asio::ip::make_address(host, ec);
  if (!ec) co_return std::vector<tcp::endpoint>{tcp::endpoint{address, port}};

  const auto state = std::make_shared<Resolving>(co_await asio::this_coro::executor);
  state->timer.expires_at(until);
  state->resolver.async_resolve(host, std::to_string(port), tcp::resolver::numeric_service, Resolved{state});
  error_code ignored;
  co_await state->timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  if (!state->done) {
    state->resolver.cancel();
    co_return base::fail(not_sent("looking up " + host + " took too long"));
  }
  if (state->ec) co_return base::fail(not_sent("cannot look up " + host + ": " + state->ec.message()));
  std::vector<tcp::endpoint> endpoints;
  for (const auto& entry : state->results) endpoints.push_back(entry.endpoint());
  co_return endpoints;
}

base::Task<base::Result<ConnectionPtr>> connect(ImplPtr impl, Url url, base::SteadyPoint until) {
  const auto endpoints = co_await resolve(url.host, url.port, until);
  if (!endpoints) co_return base::fail(endpoints.error());

  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  ConnectionPtr connection;
  if (url.tls()) {
    const auto tls = tls_of(*impl);
    if (!tls) co_return base::fail(not_sent(tls.error().message));
    connection = std::make_unique<Connection>(executor, **tls);
  } else {
    connection = std::make_unique<Connection>(executor);
  }
  connection->lowest().expires_at(until);
  error_code ec;
  co_await connection->lowest().async_connect(*endpoints, asio::redirect_error(asio::use_awaitable, ec));
  if (ec) co_return base::fail(not_sent(fmt::format("cannot connect to {}: {}", url.authority(), words(ec))));
  error_code ignored;
  connection->lowest().socket().set_option(tcp::no_delay(true), ignored);
  if (connection->tls) {
    connection->tls->set_verify_callback(asio::ssl::host_name_verification(url.host), ec);
    if (!ec && SSL_set_tlsext_host_name(connection->tls->native_handle(), url.host.c_str()) != 1) ec = asio::error::invalid_argument;
    if (!ec) co_await connection->tls->async_handshake(asio::ssl::stream_base::client, asio::redirect_error(asio::use_awaitable, ec));
    if (ec) co_return base::fail(not_sent(fmt::format("no TLS with {}: {}", url.authority(), words(ec))));
  }
  co_return connection;
}

ConnectionPtr take_idle(HttpClient::Impl& impl, const std::string& key) {
  Pool& pool = impl.pools[current_shard()];
  const auto found = pool.idle.find(key);
  if (found == pool.idle.end()) return nullptr;
  const auto oldest = base::system_clock().steady_now() - impl.options.idle_time;
  ConnectionPtr taken;
  while (!taken && !found->second.empty()) {
    ConnectionPtr candidate = std::move(found->second.back());   // the freshest first; the others may grow old
    found->second.pop_back();
    --pool.count;
    if (candidate->idle_since > oldest && still_quiet(*candidate)) taken = std::move(candidate);
  }
  if (found->second.empty()) pool.idle.erase(found);
  return taken;
}

void keep_idle(HttpClient::Impl& impl, const std::string& key, ConnectionPtr connection) {
  Pool& pool = impl.pools[current_shard()];
  const bool known = pool.idle.contains(key);
  if (pool.count >= impl.options.idle_per_shard || (!known && pool.idle.size() >= kAuthoritiesMax)) return;
  connection->lowest().expires_never();
  connection->idle_since = base::system_clock().steady_now();
  auto& idle = pool.idle[key];
  idle.push_back(std::move(connection));
  ++pool.count;
  const auto oldest = base::system_clock().steady_now() - impl.options.idle_time;
  while (!idle.empty() && idle.front()->idle_since <= oldest) {
    idle.pop_front();
    --pool.count;
  }
}

std::string make_head(const ClientRequest& request, const std::string& user_agent) {
  std::string head = fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: {}\r\n", request.method, request.url.target,
                                 request.url.authority(), user_agent);
  for (const Header& header : request.headers) head += fmt::format("{}: {}\r\n", header.name, header.value);
  if (!request.body.empty() || (request.method != "GET" && request.method != "DELETE" && request.method != "HEAD")) {
    head += fmt::format("Content-Length: {}\r\n", request.body.size());
  }
  return head + "\r\n";
}

bool has_line_end(const ClientRequest& request) {
  const auto bad = [](std::string_view text) { return text.find_first_of(std::string_view{"\r\n\0", 3}) != std::string_view::npos; };
  if (bad(request.method) || bad(request.url.target)) return true;
  return std::any_of(request.headers.begin(), request.headers.end(), [&](const Header& h) { return bad(h.name) || bad(h.value); });
}

struct Exchange {
  ClientResponse response;
  bool reusable = false;
};

template <typename Stream>
base::Task<base::Result<Exchange>> exchange(Stream* stream, beast::flat_buffer* buffer, std::string head, std::string body, bool is_head,
                                            std::uint64_t body_max) {
  const std::array<asio::const_buffer, 2> buffers{asio::buffer(head), asio::buffer(body)};
  error_code ec;
  const std::size_t written = co_await asio::async_write(*stream, buffers, asio::redirect_error(asio::use_awaitable, ec));
  if (ec && written == 0) co_return base::fail(not_sent("cannot send: " + words(ec)));
  // A server may refuse early and close: its answer is still worth reading after a failed write, unless time is up.
  if (ec == beast::error::timeout) co_return base::fail(maybe_sent("timed out while sending"));

  http::response_parser<http::string_body> parser;
  parser.header_limit(kResponseHeaderBytesMax);
  parser.body_limit(body_max);
  parser.skip(is_head);
  error_code read_ec;
  co_await http::async_read(*stream, *buffer, parser, asio::redirect_error(asio::use_awaitable, read_ec));
  if (!read_ec && parser.get().result_int() < 200) {
    co_return base::fail(maybe_sent("the server sent an interim answer that was not asked for"));
  }
  if (read_ec) co_return base::fail(maybe_sent("no whole answer: " + words(read_ec)));

  Exchange result;
  auto message = parser.release();
  result.response.status = static_cast<int>(message.result_int());
  for (const auto& field : message) {
    std::string name{field.name_string()};
    std::transform(name.begin(), name.end(), name.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    result.response.headers.push_back({std::move(name), std::string{field.value()}});
  }
  result.reusable = !ec && message.keep_alive() && buffer->size() == 0;
  result.response.body = std::move(message.body());
  co_return result;
}

base::Task<base::Result<ClientResponse>> send_request(ImplPtr impl, ClientRequest request, base::Deadline deadline) {
  if (has_line_end(request)) {
    co_return base::fail(base::Code::InvalidArgument, "a header or the target of the request has a line end in it");
  }
  if (deadline.passed(base::system_clock())) co_return base::fail(not_sent("the time for this request is over"));
  const std::string key = request.url.scheme + "://" + request.url.authority();
  ConnectionPtr connection = take_idle(*impl, key);
  if (!connection) {
    const base::SteadyPoint until = deadline.capped(base::system_clock(), impl->options.connect_time).when();
    auto made = co_await connect(impl, request.url, until);
    if (!made) co_return base::fail(std::move(made.error()));
    connection = std::move(*made);
  }
  connection->lowest().expires_at(deadline.when());
  std::string head = make_head(request, impl->options.user_agent);
  const bool is_head = request.method == "HEAD";
  base::Result<Exchange> result = base::fail(base::Code::Internal, "not run");
  if (connection->tls) {
    result = co_await exchange(&*connection->tls, &connection->buffer, std::move(head), std::move(request.body), is_head,
                               impl->options.response_bytes);
  } else {
    result = co_await exchange(&*connection->plain, &connection->buffer, std::move(head), std::move(request.body), is_head,
                               impl->options.response_bytes);
  }
  if (!result) co_return base::fail(std::move(result.error()));
  if (result->reusable) keep_idle(*impl, key, std::move(connection));
  co_return std::move(result->response);
}

}  // namespace

base::Result<HttpClient> HttpClient::make(ClientOptions options) {
  auto impl = std::make_shared<Impl>();
  if (!options.ca_file.empty()) {
    auto tls = make_tls(options.ca_file);
    if (!tls) return base::fail(std::move(tls.error()));
    impl->tls = std::move(*tls);
  }
  impl->options = std::move(options);
  return HttpClient{std::move(impl)};
}

base::Task<base::Result<ClientResponse>> HttpClient::send(ClientRequest request, base::Deadline deadline) const {
  return send_request(impl_, std::move(request), deadline);
}

}  // namespace net
