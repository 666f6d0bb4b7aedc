// The real transport against a server of a few lines, over loopback.
#include <gtest/gtest.h>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

#include "operator/engine/asio_loop.hpp"
#include "operator/kube/transport_cpprest.hpp"

namespace program {
namespace {

using boost::asio::ip::tcp;
using std::chrono::milliseconds;

constexpr std::chrono::seconds kPatience{30};

/// Answers the first request with the head and one piece of a stream, and says no more.
class FallsSilent {
 public:
  explicit FallsSilent(boost::asio::io_context& context)
      : acceptor_(context, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)),
        socket_(context) {
    acceptor_.async_accept(socket_, [this](const boost::system::error_code& error) {
      if (!error) read();
    });
  }
  [[nodiscard]] std::string address() const { return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()); }

 private:
  void read() {
    socket_.async_read_some(boost::asio::buffer(request_), [this](const boost::system::error_code& error, std::size_t) {
      if (!error) boost::asio::async_write(socket_, boost::asio::buffer(answer_), [](const boost::system::error_code&, std::size_t) {});
    });
  }

  tcp::acceptor acceptor_;
  tcp::socket socket_;
  std::array<char, 4096> request_{};
  const std::string answer_ = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nhello\n\r\n";
};

TEST(Transport, AStreamThatIsSilentForItsTimeoutEnds) {
  boost::asio::io_context context(1);
  engine::AsioLoop loop(context);
  FallsSilent server(context);
  kube::ClientConfig config;
  config.server = server.address();
  config.insecure = true;
  kube::initialize_transport(config);
  const auto transport = kube::make_cpprest_transport(config, loop);
  ASSERT_TRUE(transport.has_value());

  std::optional<base::Status> end;
  kube::Request request;
  request.method = "GET";
  request.path = "/api/v1/pods?watch=1";
  request.timeout = milliseconds(300);
  const auto stream =
      (*transport)->open(request, {[] {}, [](std::string_view) {}, [&end](base::Status status) { end = std::move(status); }});
  const auto late = loop.clock().steady_now() + kPatience;
  while (!end && loop.clock().steady_now() < late) context.run_one_for(kPatience);

  ASSERT_TRUE(end.has_value());
  ASSERT_FALSE(end->has_value());
  EXPECT_EQ(end->error().message, "API server: the stream went silent");
}

}  // namespace
}  // namespace program
