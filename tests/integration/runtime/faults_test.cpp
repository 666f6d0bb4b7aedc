// The real store and cache under the real use cases, while their servers die.
#include <atomic>
#include <mutex>
#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "payment-runtime/cache/redis.hpp"
#include "payment-runtime/services/payment/create.hpp"
#include "payment-runtime/services/payment/resolve.hpp"
#include "payment-runtime/services/testing/world.hpp"
#include "tests/integration/runtime/servers.hpp"

namespace pay::services {
namespace {

using stores::mysql::MysqlStore;
using testing::FakeChannel;
using testing::run;

base::Deadline soon() { return base::Deadline::after(base::system_clock(), std::chrono::seconds{5}); }

/// One io shard of a payment service: its own channel and loop, the store shared.
struct Shard {
  explicit Shard(ports::Store* store, ports::Cache* cache = nullptr)
      : ports{store, cache, &channels, &base::system_clock(), &base::system_rng()} {}
  base::Result<payment::Created> create(const std::string& business_no) {
    return run(payment::create({business_no, "1.00", "wechat", ""}, ports, soon()));
  }

  FakeChannel wechat{"wechat", base::system_clock()};
  Channels channels{{"wechat", &wechat}};
  Ports ports;
};

TEST(DatabaseKilledUnderLoad, EveryAnsweredPaymentIsThereOnceAndServiceReturnsByItself) {
  testing_servers::MariaDb& server = testing_servers::shared_mariadb();
  testing_servers::clear_tables(server);
  MysqlStore store{server.store_options(8), base::system_clock()};

  constexpr int kThreads = 8;
  std::atomic<bool> stop{false};
  std::atomic<int> answered_count{0};
  std::atomic<int> refused_count{0};
  std::mutex mutex;
  std::map<std::string, std::string> answered;   // business number -> payment number, as the caller was told
  std::vector<std::thread> callers;
  for (int t = 0; t < kThreads; ++t) {
    callers.emplace_back([&, t] {
      Shard shard{&store};
      for (int i = 0; !stop; ++i) {
        const std::string business_no = "T" + std::to_string(t) + "-" + std::to_string(i);
        // A caller that is refused tries the same number again, as callers do.
        for (bool done = false; !done && !stop;) {
          const auto created = shard.create(business_no);
          if (!created) {
            EXPECT_EQ(created.error().code, base::Code::Unavailable) << base::describe(created.error());
            EXPECT_TRUE(created.error().retry_after);
            ++refused_count;
            std::this_thread::yield();
            continue;
          }
          done = true;
          ++answered_count;
          const std::scoped_lock lock{mutex};
          answered[business_no] = created->payment.payment_no;
        }
      }
    });
  }
  const auto wait_for_count = [](std::atomic<int>& counter, int target) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{60};
    while (counter < target && std::chrono::steady_clock::now() < until) std::this_thread::yield();
    return counter >= target;
  };
  for (int death = 0; death < 3; ++death) {
    ASSERT_TRUE(wait_for_count(answered_count, answered_count + 300));
    server.kill();
    ASSERT_TRUE(wait_for_count(refused_count, refused_count + 20));   // 503, not silence
    server.start();
  }
  ASSERT_TRUE(wait_for_count(answered_count, answered_count + 300));   // back by itself
  stop = true;
  for (std::thread& caller : callers) caller.join();

  auto connection = server.root();
  const auto rows = connection.query("SELECT business_no, payment_no FROM payment_records");
  ASSERT_TRUE(rows);
  std::map<std::string, std::string> stored;
  for (const auto& row : rows->rows) EXPECT_TRUE(stored.emplace(*row[0], *row[1]).second) << "twice: " << *row[0];
  for (const auto& [business_no, payment_no] : answered) {
    ASSERT_TRUE(stored.contains(business_no)) << "answered and lost: " << business_no;
    EXPECT_EQ(stored[business_no], payment_no);
  }
  EXPECT_EQ(server.scalar(
                "SELECT COUNT(*) FROM payment_records p LEFT JOIN payment_attempts a ON a.payment_no = p.payment_no WHERE a.id IS NULL"),
            "0");
  std::cout << answered.size() << " payments answered, " << refused_count << " requests refused, " << store.stats().reconnects
            << " connections made\n";
}

TEST(DatabaseDown, IsUnavailableQuicklyAndNothingReachesTheChannel) {
  testing_servers::MariaDb& server = testing_servers::shared_mariadb();
  MysqlStore store{server.store_options(2), base::system_clock()};
  Shard shard{&store};
  ASSERT_TRUE(run(store.ping(soon())));
  server.kill();
  EXPECT_FALSE(shard.create("DOWN-0"));   // notices
  const auto start = std::chrono::steady_clock::now();
  const auto refused = shard.create("DOWN-1");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds{3});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, base::Code::Unavailable);
  EXPECT_TRUE(refused.error().retry_after);
  EXPECT_TRUE(shard.wechat.orders.empty());
  server.start();
  base::Result<payment::Created> created = shard.create("DOWN-1");
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{30};
  while (!created && std::chrono::steady_clock::now() < until) created = shard.create("DOWN-1");
  ASSERT_TRUE(created);
  EXPECT_EQ(created->payment.state, domain::State::AwaitingPayer);
}

TEST(DatabaseFrozen, EndsWithinTheStatementsTimeoutAndTheStepIsFoundAgain) {
  testing_servers::MariaDb& server = testing_servers::shared_mariadb();
  MysqlStore store{server.store_options(1), base::system_clock()};
  Shard shard{&store};
  ASSERT_TRUE(run(store.ping(soon())));
  server.freeze();
  const auto start = std::chrono::steady_clock::now();
  const auto refused = shard.create("FROZEN");
  EXPECT_LT(std::chrono::steady_clock::now() - start,
            stores::mysql::kStatementTimeout + stores::mysql::kConnectTimeout + std::chrono::seconds{3});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, base::Code::Unavailable);
  server.thaw();
  base::Result<payment::Created> created = shard.create("FROZEN");
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{30};
  while (!created && std::chrono::steady_clock::now() < until) created = shard.create("FROZEN");
  ASSERT_TRUE(created);
  EXPECT_EQ(server.scalar("SELECT COUNT(*) FROM payment_records WHERE business_no = 'FROZEN'"), "1");
}

TEST(PasswordChanged, ConnectionsAreMadeWithTheOneThatTheDatabaseHasBeforeAndAfterItIsSet) {
  testing_servers::MariaDb server;
  const auto migrated = [&server] { return migrate(server.migrate_options(), base::system_clock(), soon()); };
  ASSERT_TRUE(migrated());
  MysqlStore store{server.store_options(2), base::system_clock()};
  Shard shard{&store};
  const auto all_connections_end = [&server] { return server.root().query("KILL HARD USER payment_app"); };
  ASSERT_TRUE(run(store.ping(soon())));
  server.write_secret("mysql-application-password", "another one");
  ASSERT_TRUE(all_connections_end());
  EXPECT_TRUE(shard.create("BEFORE")) << "the file is ahead of the database";
  const auto set = migrated();
  ASSERT_TRUE(set) << base::describe(set.error());
  EXPECT_EQ(set->users_changed, std::vector<std::string>{"payment_app"});
  ASSERT_TRUE(all_connections_end());
  EXPECT_TRUE(shard.create("AFTER"));
}

TEST(RedisStopped, DuplicatesAreStillRefusedAndPaymentsGoOn) {
  testing_servers::MariaDb& server = testing_servers::shared_mariadb();
  testing_servers::clear_tables(server);
  MysqlStore store{server.store_options(4), base::system_clock()};
  testing_servers::Redis redis;
  boost::asio::io_context io{1};
  auto cache = std::make_unique<cache::RedisCache>(io.get_executor(), cache::RedisOptions{"127.0.0.1", redis.port()}, base::system_clock(),
                                                   base::system_rng());
  Shard shard{&store, cache.get()};
  const auto create = [&io, &shard](const std::string& business_no) {
    std::optional<base::Result<payment::Created>> result;
    boost::asio::co_spawn(io, testing::keep(payment::create({business_no, "1.00", "wechat", ""}, shard.ports, soon()), &result),
                          boost::asio::detached);
    while (!result) io.run_one();
    return *result;
  };
  while (!cache->up()) io.run_one();

  ASSERT_TRUE(create("WITH-REDIS")->first);
  EXPECT_FALSE(create("WITH-REDIS")->first);
  redis.kill();
  EXPECT_FALSE(create("WITH-REDIS")->first);
  ASSERT_TRUE(create("WITHOUT-REDIS")->first);
  EXPECT_FALSE(create("WITHOUT-REDIS")->first);
  redis.start();   // empty: wiped
  while (!cache->up()) io.run_one();
  EXPECT_FALSE(create("WITH-REDIS")->first);
  EXPECT_FALSE(create("WITHOUT-REDIS")->first);
  EXPECT_EQ(server.scalar("SELECT COUNT(*) FROM payment_records"), "2");
  EXPECT_EQ(shard.wechat.orders.size(), 2U);
  cache.reset();
}

}  // namespace
}  // namespace pay::services
