// The server meets a hostile network: raw bytes over a real loopback socket.
#include "common/net/server.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include "common/net/wait.hpp"

namespace net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using namespace std::chrono_literals;
using namespace std::string_literals;

std::atomic<int> handled{0};
std::atomic<bool> hold{false};
std::atomic<unsigned> shards_seen{0};   // a bit each

base::Task<Response> echo(Request request) {
  ++handled;
  shards_seen |= 1U << current_shard();
  Response response;
  response.content_type = "text/plain";
  response.body = request.method + " " + request.target + " " + request.body;
  response.headers.push_back({"X-Evil", "a\r\nSet-Cookie: b"});
  co_return response;
}

base::Task<Response> held(Request) {
  ++handled;
  while (hold) co_await wait_for(5ms);
  co_return Response{};
}

base::Task<Response> throwing(Request) {
  throw std::runtime_error("a bug");
  co_return Response{};
}

base::Task<Response> silent(Request) {
  Response response;
  response.drop_connection = true;
  co_return response;
}

class Server : public ::testing::Test {
 protected:
  void start(ServerLimits limits = {}, std::size_t shards = 1) {
    handled = 0;
    hold = false;
    shards_ = std::make_unique<Shards>(shards);
    Router router;
    router.add("GET", "/echo", echo);
    router.add("POST", "/echo", echo);
    router.add("GET", "/held", held);
    router.add("GET", "/bug", throwing);
    router.add("GET", "/silent", silent);
    router.add("GET", "/health", echo, Admission::Always);
    auto server = HttpServer::listen(*shards_, std::move(router),
                                     {.service = "test", .address = "127.0.0.1", .port = 0, .limits = limits, .metrics = &metrics_});
    ASSERT_TRUE(server.has_value()) << server.error().message;
    server_ = std::move(*server);
    shards_->start();
  }
  void TearDown() override { hold = false; }

  tcp::socket connect() {
    tcp::socket socket{client_};
    socket.connect({asio::ip::address_v4::loopback(), server_->port()});
    return socket;
  }

  /// Sends, and reads until the server closes.
  std::string converse(const std::string& bytes) {
    tcp::socket socket = connect();
    boost::system::error_code ec;
    asio::write(socket, asio::buffer(bytes), ec);
    return read_all(socket);
  }

  static std::string read_all(tcp::socket& socket) {
    std::string answer;
    boost::system::error_code ec;
    asio::read(socket, asio::dynamic_buffer(answer), ec);
    return answer;
  }

  static std::size_t count(const std::string& text, const std::string& part) {
    std::size_t found = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++found;
    return found;
  }

  obs::Metrics metrics_;
  asio::io_context client_;
  std::unique_ptr<Shards> shards_;
  std::unique_ptr<HttpServer> server_;
};

constexpr const char* kClose = "Host: x\r\nConnection: close\r\n";

TEST_F(Server, AnswersAndEchoesTheRequestId) {
  start();
  const std::string answer =
      converse(std::string{"POST /echo?a=b HTTP/1.1\r\nX-Request-Id: abc-1\r\nContent-Length: 5\r\n"} + kClose + "\r\nhello");
  EXPECT_EQ(answer.substr(0, 17), "HTTP/1.1 200 OK\r\n") << answer;
  EXPECT_NE(answer.find("\r\nX-Request-Id: abc-1\r\n"), std::string::npos);
  EXPECT_NE(answer.find("\r\nContent-Length: 20\r\n"), std::string::npos);
  EXPECT_NE(answer.find("\r\n\r\nPOST /echo?a=b hello"), std::string::npos);
  EXPECT_EQ(answer.find("\r\nSet-Cookie"), std::string::npos) << "a header value must not become a header";
  EXPECT_NE(metrics_.expose().find(R"(http_requests_total{method="POST",route="/echo",service="test",status="200"} 1)"), std::string::npos)
      << metrics_.expose();
}

TEST_F(Server, AnIllFormedRequestIdIsReplaced) {
  start();
  const std::string answer = converse(std::string{"GET /echo HTTP/1.1\r\nX-Request-Id: a b\"c\r\n"} + kClose + "\r\n");
  EXPECT_EQ(answer.find("a b\"c"), std::string::npos);
  EXPECT_NE(answer.find("X-Request-Id: "), std::string::npos);
}

TEST_F(Server, PipelinedRequestsAreAnsweredInOrder) {
  start();
  const std::string answer =
      converse(std::string{"GET /echo?1 HTTP/1.1\r\nHost: x\r\n\r\nPOST /echo?2 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
                           "GET /echo?3 HTTP/1.1\r\n"} +
               kClose + "\r\n");
  EXPECT_EQ(count(answer, "HTTP/1.1 200 OK"), 3U);
  EXPECT_LT(answer.find("?1"), answer.find("?2 abc"));
  EXPECT_LT(answer.find("?2 abc"), answer.find("?3"));
}

TEST_F(Server, ChunkedBodiesAreJoinedAndTrailersAddNoHeaders) {
  start();
  const std::string answer = converse(std::string{"POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n"} + kClose +
                                      "\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX-Request-Id: late\r\n\r\n");
  EXPECT_NE(answer.find("POST /echo abcde"), std::string::npos) << answer;
  EXPECT_EQ(answer.find("late"), std::string::npos);
}

struct Hostile {
  const char* name;
  std::string bytes;
  const char* status;
};

TEST_F(Server, RequestsWithTwoMeaningsNeverReachAHandler) {
  start();
  const std::string host = "Host: x\r\n";
  const Hostile cases[] = {
      {"CL and TE",
       "POST /echo HTTP/1.1\r\n" + host + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /echo HTTP/1.1\r\n\r\n",
       "400"},
      {"TE and CL", "POST /echo HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n", "400"},
      {"two lengths", "POST /echo HTTP/1.1\r\n" + host + "Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde", "400"},
      {"two equal lengths", "POST /echo HTTP/1.1\r\n" + host + "Content-Length: 4\r\nContent-Length: 4\r\n\r\nabcd", "400"},
      {"list of lengths", "POST /echo HTTP/1.1\r\n" + host + "Content-Length: 4, 4\r\n\r\nabcd", "400"},
      {"signed length", "POST /echo HTTP/1.1\r\n" + host + "Content-Length: +4\r\n\r\nabcd", "400"},
      {"negative length", "POST /echo HTTP/1.1\r\n" + host + "Content-Length: -1\r\n\r\n", "400"},
      {"hex length", "POST /echo HTTP/1.1\r\n" + host + "Content-Length: 0x4\r\n\r\nabcd", "400"},
      {"huge length", "POST /echo HTTP/1.1\r\n" + host + "Content-Length: 99999999999999999999\r\n\r\n", "400"},
      {"TE gzip", "POST /echo HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip\r\n\r\n", "501"},
      {"TE gzip and CL", "POST /echo HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", "400"},
      {"TE list", "POST /echo HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "501"},
      {"TE twice", "POST /echo HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n", "400"},
      {"TE with a tab", "POST /echo HTTP/1.1\r\n" + host + "Transfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n", "400"},
      {"TE in 1.0", "POST /echo HTTP/1.0\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"},
      {"space before colon", "POST /echo HTTP/1.1\r\n" + host + "Content-Length : 4\r\n\r\nabcd", "400"},
      {"bare LF", "GET /echo HTTP/1.1\nHost: x\n\n", "400"},
      {"no host", "GET /echo HTTP/1.1\r\n\r\n", "400"},
      {"two hosts", "GET /echo HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"},
      {"absolute form", "GET http://other/echo HTTP/1.1\r\n" + host + "\r\n", "400"},
      {"connect", "CONNECT other:443 HTTP/1.1\r\n" + host + "\r\n", "400"},
      {"NUL in target", "GET /echo\0x HTTP/1.1\r\nHost: x\r\n\r\n"s, "400"},
      {"byte above 127", "GET /echo\xc3\xa9 HTTP/1.1\r\n" + host + "\r\n", "400"},
      {"NUL in header", "GET /echo HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n"s, "400"},
      {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400"},
      {"HTTP/0.9", "GET /echo\r\n\r\n", "400"},
      {"bad chunk size", "POST /echo HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n", "400"},
      {"chunk without its end", "POST /echo HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n", "400"},
      {"chunk size overflow", "POST /echo HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\na\r\n0\r\n\r\n",
       "400"},
      {"binary noise", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s, "400"},
      {"long target", "GET /" + std::string(5000, 'a') + " HTTP/1.1\r\n" + host + "\r\n", "400"},
      {"headers above the limit", "GET /echo HTTP/1.1\r\n" + host + "A: " + std::string(9000, 'a') + "\r\n\r\n", "431"},
      {"body above the limit", "POST /echo HTTP/1.1\r\n" + host + "Content-Length: 1048577\r\n\r\n", "413"},
  };
  for (const Hostile& hostile : cases) {
    const std::string answer = converse(hostile.bytes);
    EXPECT_EQ(answer.substr(0, 12), std::string{"HTTP/1.1 "} + hostile.status) << hostile.name << "\n" << answer;
    EXPECT_EQ(count(answer, "HTTP/1.1 "), 1U) << hostile.name << ": one answer, then the connection ends";
    EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos) << hostile.name;
  }
  EXPECT_EQ(handled, 0);
}

TEST_F(Server, AChunkedBodyAboveTheLimitIsRefusedWhileItComes) {
  start({.body_bytes = 1000});
  std::string bytes = "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 20; ++i) bytes += "64\r\n" + std::string(100, 'x') + "\r\n";
  EXPECT_EQ(converse(bytes).substr(0, 12), "HTTP/1.1 413");
  EXPECT_EQ(handled, 0);
}

TEST_F(Server, TheFirstByteOfAHugeBodyIsNotReadBeforeItIsAskedFor) {
  start();
  tcp::socket socket = connect();
  asio::write(socket, asio::buffer(std::string{"POST /echo HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n"} + kClose + "\r\n"));
  std::string interim;
  asio::read_until(socket, asio::dynamic_buffer(interim), "\r\n\r\n");
  EXPECT_EQ(interim, "HTTP/1.1 100 Continue\r\n\r\n");
  asio::write(socket, asio::buffer(std::string{"ok"}));
  EXPECT_NE(read_all(socket).find("POST /echo ok"), std::string::npos);
}

TEST_F(Server, ASlowHeaderIsCutOff) {
  start({.header_time = 150ms});
  tcp::socket socket = connect();
  const auto begin = std::chrono::steady_clock::now();
  std::atomic<bool> stop{false};
  std::thread drip{[&] {
    boost::system::error_code ec;
    for (int i = 0; i < 200 && !ec && !stop; ++i) {
      asio::write(socket, asio::buffer(i == 0 ? std::string{"GET /echo HTTP/1.1\r\nHost: x\r\n"} : std::string{"a"}), ec);
      std::promise<void>().get_future().wait_for(10ms);
    }
  }};
  std::string answer;
  boost::system::error_code ec;
  char buffer[256];
  while (!ec) answer.append(buffer, socket.read_some(asio::buffer(buffer), ec));
  stop = true;
  drip.join();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 1500ms);
  EXPECT_EQ(handled, 0);
  EXPECT_TRUE(answer.empty()) << answer;
}

TEST_F(Server, ASlowBodyIsCutOff) {
  start({.body_time = 100ms});
  EXPECT_EQ(converse("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc"), "");
  EXPECT_EQ(handled, 0);
}

TEST_F(Server, AnIdleConnectionIsClosed) {
  start({.header_time = 5s, .idle_time = 100ms});
  tcp::socket socket = connect();
  asio::write(socket, asio::buffer(std::string{"GET /echo HTTP/1.1\r\nHost: x\r\n\r\n"}));
  EXPECT_EQ(count(read_all(socket), "HTTP/1.1 200"), 1U);
}

TEST_F(Server, AConnectionServesABoundedNumberOfRequests) {
  start({.requests_per_connection = 3});
  std::string bytes;
  for (int i = 0; i < 5; ++i) bytes += "GET /echo HTTP/1.1\r\nHost: x\r\n\r\n";
  const std::string answer = converse(bytes);
  EXPECT_EQ(count(answer, "HTTP/1.1 200"), 3U);
  EXPECT_EQ(count(answer, "Connection: close"), 1U);
}

TEST_F(Server, AboveTheLimitInFlightItSays503WithRetryAfterAndProbesStillAnswer) {
  start({.in_flight_per_shard = 1});
  hold = true;
  tcp::socket first = connect();
  asio::write(first, asio::buffer(std::string{"GET /held HTTP/1.1\r\n"} + kClose + "\r\n"));
  while (handled == 0) std::this_thread::yield();
  const std::string refused = converse(std::string{"GET /echo HTTP/1.1\r\n"} + kClose + "\r\n");
  EXPECT_EQ(refused.substr(0, 12), "HTTP/1.1 503") << refused;
  EXPECT_NE(refused.find("Retry-After: 1\r\n"), std::string::npos);
  EXPECT_EQ(converse(std::string{"GET /health HTTP/1.1\r\n"} + kClose + "\r\n").substr(0, 12), "HTTP/1.1 200");
  hold = false;
  EXPECT_EQ(read_all(first).substr(0, 12), "HTTP/1.1 200");
}

TEST_F(Server, WrongRoutesMethodsAndBugsHaveTheirAnswers) {
  start();
  EXPECT_EQ(converse(std::string{"GET /none HTTP/1.1\r\n"} + kClose + "\r\n").substr(0, 12), "HTTP/1.1 404");
  const std::string method = converse(std::string{"DELETE /echo HTTP/1.1\r\n"} + kClose + "\r\n");
  EXPECT_EQ(method.substr(0, 12), "HTTP/1.1 405");
  EXPECT_NE(method.find("Allow: GET, POST\r\n"), std::string::npos) << method;
  const std::string bug = converse(std::string{"GET /bug HTTP/1.1\r\n"} + kClose + "\r\n");
  EXPECT_EQ(bug.substr(0, 12), "HTTP/1.1 500");
  EXPECT_EQ(bug.find("a bug"), std::string::npos) << "an internal message is not for callers";
  EXPECT_EQ(converse(std::string{"GET /silent HTTP/1.1\r\n"} + kClose + "\r\n"), "");
  const std::string head = converse(std::string{"HEAD /echo HTTP/1.1\r\n"} + kClose + "\r\n");
  EXPECT_NE(head.find("Content-Length: "), std::string::npos);
  EXPECT_EQ(head.substr(head.size() - 4), "\r\n\r\n");
}

TEST_F(Server, DrainAnswersWhatIsInFlightAndRefusesNewConnections) {
  start({}, 2);
  hold = true;
  tcp::socket busy = connect();
  asio::write(busy, asio::buffer(std::string{"GET /held HTTP/1.1\r\nHost: x\r\n\r\n"}));
  while (handled == 0) std::this_thread::yield();
  tcp::socket idle = connect();
  asio::write(idle, asio::buffer(std::string{"GET /echo HTTP/1.1\r\nHost: x\r\n\r\n"}));
  std::string first;
  asio::read_until(idle, asio::dynamic_buffer(first), "/echo ");

  auto drained = std::async(std::launch::async, [&] { return server_->drain(5s); });
  // Once the listener is closed a connection is refused; before that it is accepted and served.
  boost::system::error_code ec;
  while (!ec) {
    tcp::socket probe{client_};
    probe.connect({asio::ip::address_v4::loopback(), server_->port()}, ec);
  }
  asio::write(idle, asio::buffer(std::string{"GET /echo?again HTTP/1.1\r\nHost: x\r\n\r\n"}));
  const std::string second = read_all(idle);
  EXPECT_NE(second.find("/echo?again"), std::string::npos) << "an idle client's last request is still served";
  EXPECT_NE(second.find("Connection: close\r\n"), std::string::npos);
  hold = false;
  const std::string answer = read_all(busy);
  EXPECT_EQ(answer.substr(0, 12), "HTTP/1.1 200");
  EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos);
  EXPECT_TRUE(drained.get());
}

TEST_F(Server, DrainEndsAtItsDeadline) {
  start();
  hold = true;
  tcp::socket busy = connect();
  asio::write(busy, asio::buffer(std::string{"GET /held HTTP/1.1\r\nHost: x\r\n\r\n"}));
  while (handled == 0) std::this_thread::yield();
  EXPECT_FALSE(server_->drain(100ms));
}

TEST_F(Server, ATakenPortIsAnErrorWithItsNumber) {
  start();
  // Without SO_REUSEPORT on both sides the port cannot be shared.
  tcp::acceptor other{client_, tcp::endpoint{asio::ip::address_v4::loopback(), 0}};
  const auto second =
      HttpServer::listen(*shards_, Router{}, {.service = "x", .address = "127.0.0.1", .port = other.local_endpoint().port()});
  ASSERT_FALSE(second.has_value());
  EXPECT_NE(second.error().message.find(std::to_string(other.local_endpoint().port())), std::string::npos);
}

TEST_F(Server, TwoServersNeverShareAPort) {
  start({}, 2);
  for (const std::size_t shards : {std::size_t{1}, std::size_t{2}}) {
    Shards others{shards};
    const auto second = HttpServer::listen(others, Router{}, {.service = "x", .address = "127.0.0.1", .port = server_->port()});
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().field, "port");
  }
  ASSERT_TRUE(server_->drain(100ms));
  EXPECT_TRUE(HttpServer::listen(*shards_, Router{}, {.service = "x", .address = "127.0.0.1", .port = server_->port()}).has_value())
      << "a successor may have it at once";
}

TEST_F(Server, APortHeldOnOneAddressIsTakenForAllOfThem) {
  const tcp::acceptor other{client_, tcp::endpoint{asio::ip::address_v4::loopback(), 0}};
  Shards shards{2};
  EXPECT_FALSE(HttpServer::listen(shards, Router{}, {.service = "x", .port = other.local_endpoint().port()}).has_value());
}

TEST_F(Server, ManyConnectionsOverTwoShardsAreAllServedByBoth) {
  start({}, 2);
  shards_seen = 0;
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      asio::io_context context;
      for (int i = 0; i < 25; ++i) {
        tcp::socket socket{context};
        socket.connect({asio::ip::address_v4::loopback(), server_->port()});
        asio::write(socket, asio::buffer(std::string{"GET /echo HTTP/1.1\r\n"} + kClose + "\r\n"));
        if (read_all(socket).substr(0, 12) == "HTTP/1.1 200") ++good;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(good, 100);
  EXPECT_EQ(shards_seen, 0b11U);
}

}  // namespace
}  // namespace net
