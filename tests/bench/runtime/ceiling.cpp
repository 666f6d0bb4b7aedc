#include "tests/bench/runtime/ceiling.hpp"

#include <atomic>
#include <condition_variable>
#include <ctime>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>

#include "common/base/ids.hpp"
#include "common/base/rng.hpp"
#include "common/crypto/rsa.hpp"
#include "payment-runtime/domain/payment.hpp"
#include "payment-runtime/stores/mysql/steps.hpp"

namespace bench {
namespace {

using Clock = std::chrono::steady_clock;
using pay::domain::Payment;
using pay::stores::mysql::Connection;

enum class Stage { WarmUp, Measured, Ending };

Payment fresh_payment() {
  Payment payment;
  payment.created_at = payment.updated_at = base::system_clock().now();
  payment.payment_no = payment.out_trade_no = payment.business_no = base::ulid(payment.created_at, base::system_rng());
  payment.channel = "wechat";
  payment.account = "1900000001";
  payment.amount.minor = 10000;
  payment.subject = "bench";
  payment.expires_at = payment.created_at + pay::domain::kPayableFor;
  return payment;
}

/// One transaction, as MysqlStore::begin_payment does it; empty when it went well.
std::string begin_one(Connection& connection, const Payment& payment) {
  const auto begun = pay::stores::mysql::begin(connection, payment);
  if (!begun) return begun.error().message;
  return begun->first ? "" : "a fresh payment was there already";
}

/// The other one, as MysqlStore::apply does it.
std::string move_one(Connection& connection, const Payment& payment) {
  const pay::domain::Step step =
      pay::domain::on_prepay(payment, "weixin://wxpay/bizpayurl?pr=" + payment.out_trade_no, base::system_clock().now());
  const auto moved = pay::stores::mysql::move(connection, step, std::nullopt);
  if (!moved) return moved.error().message;
  return *moved ? "" : "a fresh payment had moved already";
}

double thread_cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

/// Waits until `until` without polling; nobody notifies.
void wait_until(Clock::time_point until) {
  std::mutex mutex;
  std::condition_variable never;
  std::unique_lock lock{mutex};
  while (never.wait_until(lock, until) != std::cv_status::timeout) {
  }
}

}  // namespace

StatementsResult statement_creates(const testing_servers::MariaDb& server, int connections, const Window& window) {
  std::atomic<Stage> stage{Stage::WarmUp};
  std::vector<StatementsResult> results(static_cast<std::size_t>(connections));
  const auto work = [&](StatementsResult& result, Connection& connection) {
    while (result.failure.empty()) {
      const Stage began = stage;
      if (began == Stage::Ending) return;
      const Clock::time_point since = Clock::now();
      const Payment payment = fresh_payment();
      result.failure = begin_one(connection, payment);
      if (result.failure.empty()) ++result.created;
      if (result.failure.empty()) result.failure = move_one(connection, payment);
      if (stage == Stage::Measured) {
        result.latencies_us.push_back(
            static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - since).count()));
      }
    }
  };
  std::vector<Connection> opened;
  for (int i = 0; i < connections; ++i) opened.push_back(server.connect("payment_app", "mysql-application-password"));
  std::vector<std::thread> threads;
  const Clock::time_point start = Clock::now();
  for (std::size_t i = 0; i < results.size(); ++i) threads.emplace_back([&, i] { work(results[i], opened[i]); });
  wait_until(start + window.warm_up);
  const Clock::time_point opens = Clock::now();
  stage = Stage::Measured;
  window.opened();
  wait_until(opens + window.measured);
  stage = Stage::Ending;
  const double seconds = std::chrono::duration<double>(Clock::now() - opens).count();
  window.closed();
  for (std::thread& thread : threads) thread.join();

  StatementsResult all;
  all.seconds = seconds;
  for (const StatementsResult& one : results) {
    all.created += one.created;
    all.latencies_us.insert(all.latencies_us.end(), one.latencies_us.begin(), one.latencies_us.end());
    if (all.failure.empty()) all.failure = one.failure;
  }
  return all;
}

Signatures sign_for(std::chrono::milliseconds time, int threads) {
  const auto pair = crypto::generate_rsa();
  if (!pair) throw std::runtime_error{pair.error().message};
  const auto key = crypto::RsaPrivateKey::from_pem(pair->private_pem);
  if (!key) throw std::runtime_error{key.error().message};
  const std::string message(400, 'm');   // method, path, time, nonce and a body of about 300 bytes
  std::vector<std::uint64_t> counts(static_cast<std::size_t>(threads));
  std::vector<double> cpu(counts.size());
  const Clock::time_point start = Clock::now();
  const auto work = [&](std::size_t i) {
    const double before = thread_cpu_seconds();
    while (Clock::now() < start + time) {
      if (!key->sign_sha256(message)) return;
      ++counts[i];
    }
    cpu[i] = thread_cpu_seconds() - before;
  };
  std::vector<std::thread> workers;
  for (std::size_t i = 0; i < counts.size(); ++i) workers.emplace_back(work, i);
  for (std::thread& worker : workers) worker.join();
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  std::uint64_t signatures = 0;
  double cpu_total = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    signatures += counts[i];
    cpu_total += cpu[i];
  }
  if (signatures == 0) throw std::runtime_error{"signing failed"};
  return {static_cast<double>(signatures) / seconds, cpu_total / static_cast<double>(signatures) * 1e3};
}

}  // namespace bench
