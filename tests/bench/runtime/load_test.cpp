#include "tests/bench/runtime/load.hpp"

#include <atomic>

#include <gtest/gtest.h>

#include "common/net/server.hpp"

namespace bench {
namespace {

constexpr auto kShort = std::chrono::milliseconds{60};

/// A service that answers 200, or what a number in the sequence of requests says.
struct Counted {
  std::atomic<std::uint64_t> asked{0};
  std::atomic<std::uint64_t> created{0};
  std::atomic<std::uint64_t> refused{0};
  std::atomic<std::uint64_t> dropped{0};
  std::uint64_t refuse_every = 0;
  std::uint64_t drop_every = 0;
};

base::Task<net::Response> answer(Counted* counted, net::Request request) {
  const std::uint64_t number = ++counted->asked;
  net::Response response;
  if (counted->refuse_every != 0 && number % counted->refuse_every == 0) {
    ++counted->refused;
    response.status = 503;
    response.body = "later";
  } else if (counted->drop_every != 0 && number % counted->drop_every == 0) {
    ++counted->dropped;
    response.drop_connection = true;
  } else {
    ++counted->created;
    response.body = request.body;
  }
  co_return response;
}

class LoadTest : public ::testing::Test {
 protected:
  LoadResult load(int connections, std::size_t requests_per_connection = 10'000) {
    net::Router router;
    Counted* counted = &counted_;
    router.add("POST", "/api/payment/create", [counted](net::Request request) { return answer(counted, std::move(request)); });
    net::ServerOptions options;
    options.address = "127.0.0.1";
    options.limits.requests_per_connection = requests_per_connection;
    const auto server = net::HttpServer::listen(shards_, std::move(router), std::move(options));
    shards_.start();
    LoadResult result = load_creates((*server)->port(), connections, "test", {kShort, kShort});
    (*server)->drain(std::chrono::seconds{1});
    shards_.stop();
    return result;
  }

  net::Shards shards_{2};
  Counted counted_;
};

TEST_F(LoadTest, CountsAnAnswerForEveryRequestThatWasServed) {
  const LoadResult result = load(8);

  EXPECT_GT(result.created(), 0U);
  EXPECT_EQ(result.created(), counted_.created);
  EXPECT_EQ(result.failed(), 0U);
  EXPECT_FALSE(result.latencies_us.empty());
  EXPECT_LT(result.latencies_us.size(), result.created());   // the warm-up is counted, not measured
}

TEST_F(LoadTest, NamesRefusalsAndLostConnectionsAsFailures) {
  counted_.refuse_every = 5;
  counted_.drop_every = 7;
  const LoadResult result = load(8);

  EXPECT_EQ(result.created(), counted_.created);
  EXPECT_EQ(result.statuses.at(503), counted_.refused);
  EXPECT_EQ(result.unanswered, counted_.dropped);
  EXPECT_EQ(result.failed(), counted_.refused + counted_.dropped);
  EXPECT_EQ(result.first_failure, "later");
}

TEST_F(LoadTest, ComesBackWhenTheServerAsksTo) {
  const LoadResult result = load(4, 3);

  EXPECT_EQ(result.created(), counted_.created);
  EXPECT_EQ(result.failed(), 0U);
  EXPECT_GT(result.created(), 4U * 3U);
}

TEST(Load, RefusesAPortThatNobodyListensOn) {
  EXPECT_THROW(static_cast<void>(load_creates(1, 1, "test", {kShort, kShort})), std::runtime_error);
}

}  // namespace
}  // namespace bench
