// A TCP proxy that can lose a reply: the request reaches the server, the answer never comes back, the connection is cut.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace testing_servers {

class Proxy {
 public:
  explicit Proxy(std::uint16_t target);
  ~Proxy();
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  /// The answer to the next request that contains `marker` is dropped, and its connection with it.
  void lose_reply_to(std::string marker);
  [[nodiscard]] int lost() const { return lost_; }

 private:
  struct Link;
  void accept();
  void read_client(const std::shared_ptr<Link>& link);
  void read_server(const std::shared_ptr<Link>& link);

  std::uint16_t target_;
  boost::asio::io_context io_{1};
  boost::asio::ip::tcp::acceptor acceptor_;
  std::uint16_t port_;
  std::string marker_;
  std::atomic<int> lost_{0};
  std::thread thread_;
};

}  // namespace testing_servers
