#include "payment-runtime/cache/redis.hpp"

#include <functional>

#include <gtest/gtest.h>
#include <boost/asio/io_context.hpp>

#include "payment-runtime/services/testing/world.hpp"
#include "tests/integration/runtime/servers.hpp"

namespace pay::cache {
namespace {

using services::testing::keep;
using testing_servers::Redis;

constexpr std::chrono::milliseconds kPatient{5000};   // on a busy machine a live server may take longer than a payment would wait
constexpr std::chrono::milliseconds kImpatient{50};

class RedisCacheTest : public ::testing::Test {
 protected:
  void TearDown() override { cache_.reset(); }

  base::Result<bool> set(const std::string& key, std::chrono::milliseconds budget = std::chrono::milliseconds{5000}) {
    std::optional<base::Result<bool>> result;
    boost::asio::co_spawn(
        io_, keep(cache_->set_if_absent(key, "v", std::chrono::seconds{300}, base::Deadline::after(base::system_clock(), budget)), &result),
        boost::asio::detached);
    run_until([&result] { return result.has_value(); });
    return *result;
  }
  bool becomes(bool up) {
    return run_until([this, up] { return cache_->up() == up; });
  }
  bool run_until(const std::function<bool()>& condition) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{30};
    while (!condition() && std::chrono::steady_clock::now() < until) io_.run_one_for(std::chrono::milliseconds{10});
    return condition();
  }

  Redis redis_;
  boost::asio::io_context io_{1};
  std::unique_ptr<RedisCache> cache_ = std::make_unique<RedisCache>(io_.get_executor(), RedisOptions{"127.0.0.1", redis_.port(), kPatient},
                                                                    base::system_clock(), base::system_rng());
};

TEST_F(RedisCacheTest, TheFirstOfAKeyIsToldFromTheSecond) {
  ASSERT_TRUE(becomes(true));
  EXPECT_EQ(set("k"), base::Result<bool>{true});
  EXPECT_EQ(set("k"), base::Result<bool>{false});
  EXPECT_EQ(set("other key with spaces\r\n"), base::Result<bool>{true});
}

TEST_F(RedisCacheTest, AThousandAtOnceShareOneConnectionInOrder) {
  ASSERT_TRUE(becomes(true));
  std::vector<std::optional<base::Result<bool>>> results(1000);
  for (std::size_t i = 0; i < results.size(); ++i) {
    const auto deadline = base::Deadline::after(base::system_clock(), std::chrono::seconds{5});
    boost::asio::co_spawn(io_,
                          keep(cache_->set_if_absent("k" + std::to_string(i / 2), "v", std::chrono::seconds{300}, deadline), &results[i]),
                          boost::asio::detached);
  }
  ASSERT_TRUE(run_until([&results] { return std::ranges::all_of(results, [](const auto& result) { return result.has_value(); }); }));
  for (std::size_t i = 0; i < results.size(); ++i) EXPECT_EQ(*results[i], base::Result<bool>{i % 2 == 0}) << i;
}

TEST_F(RedisCacheTest, AwayIsSaidAtOnceAndTheWayBackIsFound) {
  ASSERT_TRUE(becomes(true));
  redis_.kill();
  ASSERT_TRUE(becomes(false));
  const auto start = std::chrono::steady_clock::now();
  const auto away = set("k");
  ASSERT_FALSE(away);
  EXPECT_EQ(away.error().code, base::Code::Unavailable);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds{1});
  redis_.start();
  ASSERT_TRUE(becomes(true));
  EXPECT_TRUE(set("k"));
}

TEST_F(RedisCacheTest, AServerThatDoesNotAnswerOpensTheCircuit) {
  ASSERT_TRUE(becomes(true));
  redis_.freeze();
  const auto frozen = set("k", kImpatient);
  ASSERT_FALSE(frozen);
  EXPECT_EQ(frozen.error().code, base::Code::Unavailable);
  EXPECT_FALSE(cache_->up());
  EXPECT_FALSE(set("k"));   // at once: nobody waits for the same silence twice in a row
  redis_.thaw();
  ASSERT_TRUE(run_until([this] { return cache_->up() && set("after").has_value(); }));
}

}  // namespace
}  // namespace pay::cache
