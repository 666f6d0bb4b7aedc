#include "tests/integration/runtime/proxy.hpp"

#include <array>
#include <future>

#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

namespace testing_servers {

using boost::asio::ip::tcp;
using boost::system::error_code;

struct Proxy::Link {
  explicit Link(boost::asio::io_context& io) : client(io), server(io) {}
  void close() {
    error_code ignored;
    client.close(ignored);
    server.close(ignored);
  }
  tcp::socket client;
  tcp::socket server;
  std::array<char, 65536> from_client{};
  std::array<char, 65536> from_server{};
  bool losing = false;
};

Proxy::Proxy(std::uint16_t target)
    : target_(target),
      acceptor_(io_, {boost::asio::ip::address_v4::loopback(), 0}),
      port_(acceptor_.local_endpoint().port()) {
  accept();
  thread_ = std::thread{[this] { io_.run(); }};
}

Proxy::~Proxy() {
  io_.stop();
  thread_.join();
}

void Proxy::lose_reply_to(std::string marker) {
  std::promise<void> armed;
  boost::asio::post(io_, [this, &marker, &armed] {
    marker_ = std::move(marker);
    armed.set_value();
  });
  armed.get_future().wait();
}

void Proxy::accept() {
  auto link = std::make_shared<Link>(io_);
  acceptor_.async_accept(link->client, [this, link](error_code error) {
    if (!error) {
      link->server.connect({boost::asio::ip::address_v4::loopback(), target_}, error);
      if (error) {
        link->close();
      } else {
        link->client.set_option(tcp::no_delay{true}, error);
        link->server.set_option(tcp::no_delay{true}, error);
        read_client(link);
        read_server(link);
      }
    }
    accept();
  });
}

void Proxy::read_client(const std::shared_ptr<Link>& link) {
  link->client.async_read_some(boost::asio::buffer(link->from_client), [this, link](error_code error, std::size_t size) {
    if (error) return link->close();
    if (!marker_.empty() && std::string_view{link->from_client.data(), size}.find(marker_) != std::string_view::npos) {
      marker_.clear();
      link->losing = true;
    }
    boost::asio::write(link->server, boost::asio::buffer(link->from_client.data(), size), error);
    if (error) return link->close();
    read_client(link);
  });
}

void Proxy::read_server(const std::shared_ptr<Link>& link) {
  link->server.async_read_some(boost::asio::buffer(link->from_server), [this, link](error_code error, std::size_t size) {
    if (error) return link->close();
    if (link->losing) {
      ++lost_;
      return link->close();
    }
    boost::asio::write(link->client, boost::asio::buffer(link->from_server.data(), size), error);
    if (error) return link->close();
    read_server(link);
  });
}

}  // namespace testing_servers
