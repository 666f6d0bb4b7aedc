// One connection of HttpServer. Private to this folder: the only header here that knows the HTTP library.
#pragma once

#include <ctime>
#include <map>
#include <memory>
#include <string>
#include <unordered_set>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>

#include "common/net/gate.hpp"
#include "common/net/server.hpp"

namespace net::detail {

/// What all shards share; immutable after the start.
struct Service {
  Service(Router table, ServerOptions given, const base::Clock& time) : router(std::move(table)), options(std::move(given)), clock(time) {}
  Router router;
  ServerOptions options;
  const base::Clock& clock;
};

struct Connection {
  explicit Connection(boost::asio::ip::tcp::socket socket) : stream(std::move(socket)) {}
  void close() {
    boost::system::error_code ignored;
    stream.socket().close(ignored);
  }

  boost::beast::tcp_stream stream;
  boost::beast::flat_buffer buffer;   // holds what a pipelining client sent ahead
  std::string peer;
  bool idle = false;                  // between two requests: may be closed without loss
};

/// One shard's part of a server; touched by that shard's thread only.
struct ShardState {
  ShardState(boost::asio::io_context& loop, std::shared_ptr<const Service> what)
      : context(loop),
        acceptor(loop),
        service(std::move(what)),
        gate(service->options.limits.in_flight_per_shard) {}

  boost::asio::io_context& context;
  boost::asio::ip::tcp::acceptor acceptor;
  std::shared_ptr<const Service> service;
  std::unordered_set<Connection*> connections;
  Gate gate;
  bool draining = false;

  std::time_t date_second = 0;
  std::string date;   // "Date: ...\r\n" of that second

  struct Handles {
    prometheus::Counter* count;
    prometheus::Histogram* seconds;
  };
  std::map<std::tuple<std::size_t, std::string, int>, Handles> handles;   // by route, method, status: found once a shard
};

base::Task<void> serve_connection(std::shared_ptr<ShardState> state, boost::asio::ip::tcp::socket socket);

}  // namespace net::detail
