// store_bench [seconds per figure]: durable creates a second (two transactions each: begin, prepay accepted) on a private MariaDB with full
// durability, as JSON lines. `statements` is the ceiling: one thread a connection, no coroutine, no queue. `store` is ports::Store.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "common/base/ids.hpp"
#include "payment-runtime/stores/mysql/steps.hpp"
#include "tests/integration/runtime/servers.hpp"

namespace pay {
namespace {

using Microseconds = std::vector<std::int64_t>;
using SteadyClock = std::chrono::steady_clock;

domain::Payment fresh(base::Rng& rng) {
  domain::Payment payment;
  const base::TimePoint now = base::system_clock().now();
  payment.payment_no = payment.out_trade_no = payment.business_no = base::ulid(now, rng);
  payment.channel = "wechat";
  payment.account = "1900000001";
  payment.amount.minor = 10000;
  payment.subject = "tea";
  payment.created_at = payment.updated_at = now;
  payment.expires_at = now + domain::kPayableFor;
  return payment;
}

domain::Step accepted(const domain::Payment& payment) {
  return domain::on_prepay(payment, "weixin://wxpay/bizpayurl?pr=" + payment.out_trade_no, base::system_clock().now());
}

void report(const char* path, int connections, double seconds, const std::vector<Microseconds>& parts, int failed) {
  Microseconds all;
  for (const Microseconds& part : parts) all.insert(all.end(), part.begin(), part.end());
  std::ranges::sort(all);
  const auto quantile = [&all](double q) {
    return all.empty() ? 0 : all[static_cast<std::size_t>(q * static_cast<double>(all.size() - 1))];
  };
  fmt::print(
      "{{\"bench\":\"store\",\"path\":\"{}\",\"connections\":{},\"creates_per_second\":{:.0f},\"p50_us\":{},\"p99_us\":{},\"failed\":{}}}"
      "\n",
      path, connections, static_cast<double>(all.size()) / seconds, quantile(0.5), quantile(0.99), failed);
  std::fflush(stdout);
}

std::int64_t since(SteadyClock::time_point start) {
  return std::chrono::duration_cast<std::chrono::microseconds>(SteadyClock::now() - start).count();
}

void bench_statements(const testing_servers::MariaDb& server, int connections, std::chrono::seconds duration) {
  std::vector<Microseconds> times(static_cast<std::size_t>(connections));
  std::atomic<int> failed{0};
  std::vector<std::thread> threads;
  const auto until = SteadyClock::now() + duration;
  for (Microseconds& mine : times) {
    threads.emplace_back([&server, &mine, &failed, until] {
      auto connection = server.connect("payment_app", "mysql-application-password");
      base::SeededRng rng{base::system_rng().next_u64()};
      while (SteadyClock::now() < until) {
        const auto start = SteadyClock::now();
        const domain::Payment payment = fresh(rng);
        const auto begun = stores::mysql::begin(connection, payment);
        const auto moved = stores::mysql::move(connection, accepted(payment), std::nullopt);
        if (begun && moved) {
          mine.push_back(since(start));
        } else {
          ++failed;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  report("statements", connections, static_cast<double>(duration.count()), std::move(times), failed);
}

base::Task<void> caller(ports::Store* store, base::Rng* rng, SteadyClock::time_point until, Microseconds* times, std::atomic<int>* failed) {
  while (SteadyClock::now() < until) {
    const auto start = SteadyClock::now();
    const domain::Payment payment = fresh(*rng);
    const base::Deadline deadline = base::Deadline::after(base::system_clock(), std::chrono::seconds{10});
    const auto begun = co_await store->begin_payment(payment, deadline);
    domain::Step step = accepted(payment);
    const auto moved = co_await store->apply(std::move(step), std::nullopt, deadline);
    if (begun && moved) {
      times->push_back(since(start));
    } else {
      ++*failed;
    }
  }
}

/// Two io shards, as the runtime has on two cores, and twice as many callers as connections, so that the queue is never empty.
void bench_store(const testing_servers::MariaDb& server, int connections, std::chrono::seconds duration) {
  stores::mysql::MysqlStore store{server.store_options(connections), base::system_clock()};
  constexpr std::size_t kShards = 2;
  std::vector<Microseconds> times(kShards);
  std::atomic<int> failed{0};
  std::vector<std::thread> threads;
  const auto until = SteadyClock::now() + duration;
  for (Microseconds& mine : times) {
    threads.emplace_back([&store, &mine, &failed, until, connections] {
      boost::asio::io_context io{1};
      base::SeededRng rng{base::system_rng().next_u64()};
      for (int i = 0; i < connections; ++i) boost::asio::co_spawn(io, caller(&store, &rng, until, &mine, &failed), boost::asio::detached);
      io.run();
    });
  }
  for (std::thread& thread : threads) thread.join();
  report("store", connections, static_cast<double>(duration.count()), std::move(times), failed);
}

}  // namespace
}  // namespace pay

int main(int argc, char** argv) {
  const std::chrono::seconds duration{argc > 1 ? std::atoi(argv[1]) : 5};
  if (duration.count() < 1) {
    fmt::print(stderr, "usage: store_bench [seconds per figure]\n");
    return 2;
  }
  testing_servers::MariaDb& server = testing_servers::shared_mariadb();
  for (const int connections : {8, 32, 64}) {
    pay::bench_statements(server, connections, duration);
    pay::bench_store(server, connections, duration);
  }
  return 0;
}
