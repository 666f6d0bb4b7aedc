#include "common/net/server.hpp"

#include <future>
#include <unordered_set>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/net/server_connection.hpp"
#include "common/obs/log.hpp"

namespace net {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using detail::ShardState;

struct HttpServer::Impl {
  Shards* shards = nullptr;
  std::shared_ptr<const detail::Service> service;
  std::vector<std::shared_ptr<ShardState>> states;
  std::uint16_t port = 0;
};

namespace {

constexpr int kBacklog = 1024;
constexpr std::chrono::milliseconds kAcceptPause{50};      // when files or memory are short
constexpr std::chrono::milliseconds kDrainStep{10};
constexpr std::chrono::milliseconds kDrainLinger{1'000};   // how long idle clients may still send a request

using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

/// The first listener of a port decides: it takes the port alone, so that another process (or another server of this one) that listens
/// there makes it fail. It shares only when it listens: between bind and listen two of them would not notice each other.
error_code open_listener(tcp::acceptor& acceptor, const tcp::endpoint& endpoint, bool first) {
  error_code ec;
  acceptor.open(endpoint.protocol(), ec);
  if (ec) return ec;
  acceptor.set_option(asio::socket_base::reuse_address(true), ec);
  if (!ec && !first) acceptor.set_option(ReusePort(true), ec);
  if (!ec && endpoint.protocol() == tcp::v6()) acceptor.set_option(asio::ip::v6_only(false), ec);
  if (!ec) acceptor.bind(endpoint, ec);
  if (!ec) acceptor.listen(kBacklog, ec);
  if (!ec && first) acceptor.set_option(ReusePort(true), ec);
  return ec;
}

void admit(const std::shared_ptr<ShardState>& state, tcp::socket socket) {
  if (state->connections.size() >= state->service->options.limits.connections_per_shard) return;   // closes it
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  spawn(state->context, detail::serve_connection(state, std::move(socket)), "http_connection");
}

base::Task<void> accept_loop(std::shared_ptr<ShardState> state) {
  for (;;) {
    error_code ec;
    tcp::socket socket{state->context};
    co_await state->acceptor.async_accept(socket, asio::redirect_error(asio::use_awaitable, ec));
    if (state->draining && ec) co_return;
    if (ec == asio::error::operation_aborted || ec == asio::error::bad_descriptor) co_return;
    if (ec) {
      obs::warn("accept_failed", {{"problem", ec.message()}});
      asio::steady_timer pause{state->context};
      pause.expires_after(kAcceptPause);
      error_code ignored;
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
      continue;
    }
    admit(state, std::move(socket));
  }
}

/// On the shard: no new connections, except those that the kernel has already accepted for us.
void stop_accepting(const std::shared_ptr<ShardState>& state) {
  state->draining = true;
  error_code ec;
  state->acceptor.non_blocking(true, ec);
  for (std::size_t i = 0; !ec && i < static_cast<std::size_t>(kBacklog); ++i) {
    tcp::socket socket{state->context};
    state->acceptor.accept(socket, ec);
    if (!ec) admit(state, std::move(socket));
  }
  error_code ignored;
  state->acceptor.close(ignored);
}

void close_connections(const std::shared_ptr<ShardState>& state, bool idle_only) {
  for (detail::Connection* connection : state->connections) {
    if (!idle_only || connection->idle) connection->close();
  }
}

template <typename Result, typename Function>
Result on_shard(const std::shared_ptr<ShardState>& state, Function function) {
  auto done = std::make_shared<std::promise<Result>>();
  auto result = done->get_future();
  asio::post(state->context, [done, function = std::move(function)] {
    if constexpr (std::is_void_v<Result>) {
      function();
      done->set_value();
    } else {
      done->set_value(function());
    }
  });
  return result.get();
}

}  // namespace

base::Result<std::unique_ptr<HttpServer>> HttpServer::listen(Shards& shards, Router router, ServerOptions options,
                                                             const base::Clock& clock) {
  auto impl = std::make_shared<Impl>();
  impl->shards = &shards;
  std::uint16_t port = options.port;
  std::vector<tcp::endpoint> candidates;
  if (options.address.empty()) {
    candidates = {{tcp::v6(), port}, {tcp::v4(), port}};   // a machine without IPv6 takes the second
  } else {
    error_code ec;
    const auto address = asio::ip::make_address(options.address, ec);
    if (ec) return base::fail(base::Code::InvalidArgument, "'" + options.address + "' is not an IP address", "address");
    candidates = {{address, port}};
  }
  impl->service = std::make_shared<const detail::Service>(std::move(router), std::move(options), clock);
  for (std::size_t i = 0; i < shards.size(); ++i) {
    auto state = std::make_shared<ShardState>(shards.context(i), impl->service);
    error_code ec;
    for (const tcp::endpoint& candidate : candidates) {
      ec = open_listener(state->acceptor, {candidate.address(), port}, i == 0);
      if (!ec) {
        candidates = {candidate};
        break;
      }
      error_code ignored;
      state->acceptor.close(ignored);
      if (ec == asio::error::address_in_use) break;
    }
    if (ec) {
      return base::fail(base::Code::Unavailable, "cannot listen on port " + std::to_string(port) + ": " + ec.message(), "port");
    }
    port = state->acceptor.local_endpoint().port();
    impl->states.push_back(std::move(state));
  }
  impl->port = port;
  for (const auto& state : impl->states) spawn(state->context, accept_loop(state), "http_accept");
  return std::unique_ptr<HttpServer>{new HttpServer{std::move(impl)}};
}

HttpServer::HttpServer(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() = default;

std::uint16_t HttpServer::port() const { return impl_->port; }

bool HttpServer::drain(std::chrono::milliseconds budget) {
  const auto end = base::system_clock().steady_now() + budget;
  const auto linger_end = base::system_clock().steady_now() + std::min(kDrainLinger, budget / 2);
  for (const auto& state : impl_->states) on_shard<void>(state, [state] { stop_accepting(state); });

  const auto left = [&] {
    std::size_t count = 0;
    for (const auto& state : impl_->states) count += on_shard<std::size_t>(state, [state] { return state->connections.size(); });
    return count;
  };
  std::size_t open = left();
  while (open > 0 && base::system_clock().steady_now() < end) {
    // Nothing to do here but to look again: this thread only waits, shards do the work.
    std::promise<void> never;
    never.get_future().wait_for(kDrainStep);
    if (base::system_clock().steady_now() >= linger_end) {
      for (const auto& state : impl_->states) on_shard<void>(state, [state] { close_connections(state, true); });
    }
    open = left();
  }
  if (open == 0) return true;
  for (const auto& state : impl_->states) on_shard<void>(state, [state] { close_connections(state, false); });
  return false;
}

}  // namespace net
