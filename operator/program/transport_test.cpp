// The real transport against a server of a few lines, over loopback.
#include <array>
#include <set>

#include <gtest/gtest.h>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

#include "operator/engine/asio_loop.hpp"
#include "operator/kube/transport_cpprest.hpp"

namespace program {
namespace {

using boost::asio::ip::tcp;
using std::chrono::milliseconds;

constexpr std::chrono::seconds kPatience{30};

/// Answers the first request with this text, and says no more.
class Server {
 public:
  Server(boost::asio::io_context& context, std::string answer)
      : acceptor_(context, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)),
        socket_(context),
        answer_(std::move(answer)) {
    acceptor_.async_accept(socket_, [this](const boost::system::error_code& error) {
      if (!error) read();
    });
  }
  [[nodiscard]] std::string address() const { return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()); }
  [[nodiscard]] bool asked() const { return asked_; }

 private:
  void read() {
    socket_.async_read_some(boost::asio::buffer(request_), [this](const boost::system::error_code& error, std::size_t) {
      if (error) return;
      asked_ = true;
      boost::asio::async_write(socket_, boost::asio::buffer(answer_), [](const boost::system::error_code&, std::size_t) {});
    });
  }

  tcp::acceptor acceptor_;
  tcp::socket socket_;
  std::array<char, 4096> request_{};
  const std::string answer_;
  bool asked_ = false;
};

/// Knows how many timers are set.
class CountingLoop final : public kube::Loop {
 public:
  explicit CountingLoop(boost::asio::io_context& context) : loop_(context) {}
  [[nodiscard]] const base::Clock& clock() const override { return loop_.clock(); }
  void post(kube::Task task) override { loop_.post(std::move(task)); }
  TimerId start_timer(milliseconds delay, kube::Task task) override {
    const auto id = std::make_shared<TimerId>();
    *id = loop_.start_timer(delay, [this, id, task = std::move(task)] {
      set_.erase(*id);
      task();
    });
    set_.insert(*id);
    return *id;
  }
  void cancel_timer(TimerId id) override {
    set_.erase(id);
    loop_.cancel_timer(id);
  }
  [[nodiscard]] std::size_t timers() const { return set_.size(); }

 private:
  engine::AsioLoop loop_;
  std::set<TimerId> set_;
};

class Transport : public testing::Test {
 protected:
  static void SetUpTestSuite() { kube::initialize_transport({}); }
  void serve(const std::string& answer) {
    server.emplace(context, answer);
    kube::ClientConfig config;
    config.server = server->address();
    config.insecure = true;
    transport = std::move(*kube::make_cpprest_transport(config, loop));
  }
  static kube::Request get(milliseconds timeout) {
    kube::Request request;
    request.method = "GET";
    request.path = "/api/v1/pods";
    request.timeout = timeout;
    return request;
  }
  void open(milliseconds timeout) {
    stream = transport->open(get(timeout), {[] {}, [this](std::string_view piece) { heard += piece; },
                                            [this](base::Status status) { end = std::move(status); }});
  }
  void run_until(const std::function<bool()>& holds) {
    const auto late = loop.clock().steady_now() + kPatience;
    while (!holds() && loop.clock().steady_now() < late) context.run_one_for(kPatience);
    EXPECT_TRUE(holds());
  }

  boost::asio::io_context context{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> more_comes{
      context.get_executor()};      // from the library's threads
  CountingLoop loop{context};
  std::optional<Server> server;
  std::unique_ptr<kube::Transport> transport;
  std::unique_ptr<kube::Stream> stream;
  std::string heard;
  std::optional<base::Status> end;
};

TEST_F(Transport, AStreamIsNotEndedForBeingSilent) {
  serve("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nhello\n\r\n");
  open(milliseconds(0));
  run_until([this] { return !heard.empty() || end; });
  EXPECT_EQ(heard, "hello\n");
  EXPECT_FALSE(end);
  EXPECT_EQ(loop.timers(), 0U) << "its owner has one";
}

TEST_F(Transport, ARefusedStreamTellsWhenToComeAgain) {
  serve("HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nslow");
  open(kube::kRequestTimeout);
  run_until([this] { return end.has_value(); });
  ASSERT_FALSE(end->has_value());
  EXPECT_EQ(end->error().code, base::Code::ResourceExhausted);
  EXPECT_EQ(end->error().retry_after, milliseconds(7'000));
}

TEST_F(Transport, LeavesNothingOnTheLoopOfARequestThatItDoesNotOutlive) {
  serve("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nthe first words");
  bool answered = false;
  transport->send(get(kube::kRequestTimeout), [&answered](const base::Result<kube::Response>&) { answered = true; });
  run_until([this] { return server->asked(); });
  EXPECT_EQ(loop.timers(), 1U);
  transport.reset();
  EXPECT_EQ(loop.timers(), 0U);
  context.poll();
  EXPECT_FALSE(answered);
}

TEST_F(Transport, AnAnswerThatDoesNotEndInTimeIsNone) {
  serve("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nthe first words");
  std::optional<base::Result<kube::Response>> answer;
  transport->send(get(milliseconds(1)), [&answer](base::Result<kube::Response> result) { answer = std::move(result); });
  run_until([&answer] { return answer.has_value(); });
  ASSERT_FALSE(answer->has_value());
  EXPECT_EQ(answer->error().code, base::Code::Unknown);
  EXPECT_EQ(loop.timers(), 0U);
}

}  // namespace
}  // namespace program
