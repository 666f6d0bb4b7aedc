#include "payment-runtime/stores/mysql/store.hpp"

#include <functional>
#include <set>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "common/base/ids.hpp"
#include "payment-runtime/services/testing/world.hpp"
#include "tests/integration/runtime/proxy.hpp"
#include "tests/integration/runtime/servers.hpp"

namespace pay::stores::mysql {
namespace {

using domain::Payment;
using domain::State;
using services::testing::keep;
using services::testing::run;
using testing_servers::clear_tables;
using testing_servers::MariaDb;
using testing_servers::Proxy;
using testing_servers::shared_mariadb;

base::Deadline soon() { return base::Deadline::after(base::system_clock(), std::chrono::seconds{20}); }

bool eventually(const std::function<bool()>& condition) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{30};
  while (!condition() && std::chrono::steady_clock::now() < until) std::this_thread::yield();
  return condition();
}

class MysqlStoreTest : public ::testing::Test {
 protected:
  void SetUp() override { clear_tables(server_); }

  Payment fresh(std::string business_no, std::int64_t minor = 10000) {
    Payment payment;
    payment.payment_no = payment.out_trade_no = base::ulid(now_, rng_);
    payment.business_no = std::move(business_no);
    payment.channel = "wechat";
    payment.account = "1900000109/wx5a8f3c1d9e2b7046";
    payment.amount.minor = minor;
    payment.subject = "茶 'tea' \\ 𝄞";
    payment.created_at = payment.updated_at = now_;
    payment.expires_at = now_ + domain::kPayableFor;
    return payment;
  }
  Payment begun(std::string business_no, std::int64_t minor = 10000) {
    auto result = run(store_.begin_payment(fresh(std::move(business_no), minor), soon()));
    EXPECT_TRUE(result && result->first) << (result ? "" : base::describe(result.error()));
    return result->payment;
  }
  domain::Step success(const Payment& payment) {
    const auto verdict = domain::on_evidence(
        payment,
        {payment.out_trade_no, domain::TradeState::Succeeded, "4200", payment.amount, payment.account, now_ + std::chrono::microseconds{7}},
        now_);
    return *verdict.step;
  }

  MariaDb& server_ = shared_mariadb();
  base::SeededRng rng_{static_cast<std::uint64_t>(base::system_clock().now().time_since_epoch().count())};
  base::TimePoint now_ = base::system_clock().now();
  MysqlStore store_{server_.store_options(16), base::system_clock()};
};

TEST_F(MysqlStoreTest, APaymentIsReadBackAsItWasWritten) {
  const Payment payment = begun("A|b*c.d:e-f_1");
  EXPECT_EQ(*run(store_.find_by_business_no("A|b*c.d:e-f_1", soon())), payment);
  EXPECT_EQ(*run(store_.find_by_out_trade_no(payment.out_trade_no, soon())), payment);
  EXPECT_EQ(*run(store_.find_by_business_no("absent", soon())), std::nullopt);
  EXPECT_EQ(server_.scalar("SELECT CONCAT_WS('/', amount, status, notify_status, create_time <= UTC_TIMESTAMP()) FROM payment_records"),
            "100.00/0/0/1");
  EXPECT_EQ(server_.scalar("SELECT account FROM payment_attempts"), payment.account);
}

TEST_F(MysqlStoreTest, BusinessNumbersAreComparedByBytes) {
  begun("abc");
  begun("ABC");
  begun("aBC");
  EXPECT_EQ(server_.scalar("SELECT COUNT(*) FROM payment_records"), "3");
}

TEST_F(MysqlStoreTest, TheSecondOwnerOfABusinessNumberGetsTheFirstPayment) {
  const Payment first = begun("N");
  const auto second = run(store_.begin_payment(fresh("N", 5), soon()));
  ASSERT_TRUE(second);
  EXPECT_FALSE(second->first);
  EXPECT_EQ(second->payment, first);
  EXPECT_EQ(server_.scalar("SELECT COUNT(*) FROM payment_attempts"), "1");
}

TEST_F(MysqlStoreTest, SixtyFourAtOnceHaveOneFirst) {
  boost::asio::io_context io{1};
  std::vector<std::optional<base::Result<ports::Begun>>> results(64);
  for (auto& result : results) {
    boost::asio::co_spawn(io, keep(store_.begin_payment(fresh("CROWD"), soon()), &result), boost::asio::detached);
  }
  io.run();
  int firsts = 0;
  for (const auto& result : results) {
    ASSERT_TRUE(result && *result) << base::describe(result->error());
    firsts += (*result)->first;
    EXPECT_EQ((*result)->payment.payment_no, (*results.front())->payment.payment_no);
  }
  EXPECT_EQ(firsts, 1);
  EXPECT_EQ(server_.scalar("SELECT COUNT(*) FROM payment_records"), "1");
}

TEST_F(MysqlStoreTest, AStepIsTakenOnceAndWithAllThatBelongsToIt) {
  Payment payment = begun("N");
  const domain::Step prepay = domain::on_prepay(payment, "weixin://x?a=b&c='d'", now_);
  ASSERT_TRUE(*run(store_.apply(prepay, std::nullopt, soon())));
  payment = domain::after(payment, prepay);
  EXPECT_EQ(*run(store_.find_by_business_no("N", soon())), payment);

  const domain::Step paid = success(payment);
  const ports::InboxEntry inbox{"event-1", "wechat", payment.out_trade_no, std::string{"{\0raw}", 6}, "applied", now_};
  ASSERT_TRUE(*run(store_.apply(paid, inbox, soon())));
  EXPECT_FALSE(*run(store_.apply(paid, inbox, soon())));   // the same step again: the payment has moved on
  payment = domain::after(payment, paid);
  payment.notified = true;
  EXPECT_EQ(*run(store_.find_by_business_no("N", soon())), payment);

  EXPECT_EQ(server_.scalar("SELECT GROUP_CONCAT(account, '=', owner, '=', amount_minor, currency ORDER BY line) FROM ledger_entries"),
            "channel_receivable=wechat=10000CNY,merchant_pending=default=-10000CNY");
  EXPECT_EQ(server_.scalar("SELECT HEX(body) FROM inbox"), "7B007261777D");
  EXPECT_EQ(server_.scalar("SELECT CONCAT_WS('/', status, notify_status, state, check_at IS NULL) FROM payment_records"),
            "1/1/SUCCEEDED/1");
}

TEST_F(MysqlStoreTest, ARacedStepIsTakenByOneOnly) {
  const Payment payment = begun("N");
  const domain::Step paid = success(payment);
  boost::asio::io_context io{1};
  std::vector<std::optional<base::Result<bool>>> results(32);
  for (auto& result : results) boost::asio::co_spawn(io, keep(store_.apply(paid, std::nullopt, soon()), &result), boost::asio::detached);
  io.run();
  int moved = 0;
  for (const auto& result : results) {
    ASSERT_TRUE(result && *result) << base::describe(result->error());
    moved += **result;
  }
  EXPECT_EQ(moved, 1);
  EXPECT_EQ(server_.scalar("SELECT COUNT(*) FROM ledger_entries"), "2");
}

TEST_F(MysqlStoreTest, EntriesThatDoNotBalanceAreRefusedByTheDatabaseToo) {
  const Payment payment = begun("N");
  Connection application = server_.connect("payment_app", "mysql-application-password");
  const auto refused = application.query(fmt::format(
      "CALL move_payment('{0}', '{0}', 'PENDING_CHANNEL', 'SUCCEEDED', 1, UTC_TIMESTAMP(6), '', '', '', UTC_TIMESTAMP(6), NULL, "
      "'[{{\"account\":\"a\",\"owner\":\"o\",\"amountMinor\":5,\"currency\":\"CNY\"}},{{\"account\":\"b\",\"owner\":\"o\",\"amountMinor\":-"
      "4,"
      "\"currency\":\"CNY\"}}]', NULL, NULL, NULL, NULL, NULL)",
      payment.payment_no));
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("sum to zero"), std::string::npos);
  EXPECT_EQ(server_.scalar("SELECT COUNT(*) FROM ledger_entries"), "0");
  EXPECT_EQ(server_.scalar("SELECT state FROM payment_records"), "PENDING_CHANNEL");
}

TEST_F(MysqlStoreTest, ACallbackIsRecordedOnce) {
  const ports::InboxEntry entry{"event-1", "wechat", "stranger", "body", "no_such_payment", now_};
  EXPECT_TRUE(*run(store_.record_callback(entry, soon())));
  EXPECT_FALSE(*run(store_.record_callback(entry, soon())));
  EXPECT_EQ(server_.scalar("SELECT COUNT(*) FROM inbox"), "1");
}

TEST_F(MysqlStoreTest, EachDuePaymentIsTakenByOneTakerAndLaterAgain) {
  for (int i = 0; i < 40; ++i) begun("N" + std::to_string(i));
  EXPECT_TRUE(run(store_.take_unresolved(now_, 100, soon()))->empty());
  const base::TimePoint due = now_ + std::chrono::minutes{1};
  boost::asio::io_context io{1};
  std::vector<std::optional<base::Result<std::vector<Payment>>>> results(8);
  for (auto& result : results) boost::asio::co_spawn(io, keep(store_.take_unresolved(due, 7, soon()), &result), boost::asio::detached);
  io.run();
  std::set<std::string> taken;
  std::size_t count = 0;
  for (const auto& result : results) {
    ASSERT_TRUE(result && *result) << base::describe(result->error());
    count += (*result)->size();
    for (const Payment& payment : **result) {
      taken.insert(payment.payment_no);
      EXPECT_EQ(payment.checks, 1);
    }
  }
  EXPECT_EQ(taken.size(), count);   // nobody twice
  while (true) {                    // those that were locked by a neighbour a moment ago
    const auto rest = run(store_.take_unresolved(due, 7, soon()));
    if (rest->empty()) break;
    count += rest->size();
  }
  EXPECT_EQ(count, 40U);
  EXPECT_EQ(run(store_.take_unresolved(due + domain::check_delay(1), 100, soon()))->size(), 40U);
}

TEST_F(MysqlStoreTest, ListingsAreWindowedAndPaged) {
  std::vector<std::string> paid;
  for (int i = 0; i < 5; ++i) {
    const Payment payment = begun("N" + std::to_string(i));
    if (i == 4) break;
    ASSERT_TRUE(*run(store_.apply(success(payment), std::nullopt, soon())));
    paid.push_back(payment.payment_no);
  }
  const ports::Window window{"wechat", now_, now_ + std::chrono::seconds{1}};
  std::ranges::sort(paid);
  const auto all = run(store_.list_paid(window, {}, soon()));
  ASSERT_TRUE(all) << base::describe(all.error());
  ASSERT_EQ(all->size(), 4U);
  for (std::size_t i = 0; i < paid.size(); ++i) EXPECT_EQ((*all)[i].payment_no, paid[i]);
  const auto rest = run(store_.list_paid(window, {*(*all)[1].succeeded_at, (*all)[1].payment_no}, soon()));
  ASSERT_EQ(rest->size(), 2U);
  EXPECT_EQ((*rest)[0].payment_no, paid[2]);
  EXPECT_TRUE(run(store_.list_paid({"alipay", window.from, window.to}, {}, soon()))->empty());
  EXPECT_TRUE(run(store_.list_paid({"wechat", window.to, window.to + std::chrono::hours{1}}, {}, soon()))->empty());
  ASSERT_EQ(run(store_.list_open(window, {}, soon()))->size(), 1U);
  EXPECT_EQ(run(store_.list_open(window, {}, soon()))->front().business_no, "N4");
}

TEST_F(MysqlStoreTest, AReconciliationRunIsSavedOnce) {
  domain::Difference difference;
  difference.type = domain::DifferenceType::AmountMismatch;
  difference.channel = "wechat";
  difference.day = "2026-01-31";
  difference.out_trade_no = "N";
  difference.local_amount = domain::Money{1, "CNY"};
  difference.channel_amount = domain::Money{2, "CNY"};
  std::string words = "x";
  for (int i = 0; i < 200; ++i) words += "付";
  difference.detail = words;
  const ports::ReconciliationRun report{"RUN-1", now_, now_, "2026-01-25", "2026-01-31", {1, 1, 1, 2, 0}, 1, {difference}};
  ASSERT_TRUE(run(store_.save_reconciliation(report, soon())));
  ASSERT_TRUE(run(store_.save_reconciliation(report, soon())));
  EXPECT_EQ(server_.scalar("SELECT CONCAT_WS('/', COUNT(*), MAX(type), MAX(local_minor), MAX(channel_minor), MAX(detail)) FROM "
                           "reconciliation_differences"),
            "1/AmountMismatch/1/2/" + words.substr(0, 511));
  EXPECT_EQ(server_.scalar("SELECT COUNT(*) FROM reconciliation_runs"), "1");
}

TEST_F(MysqlStoreTest, ADeadlockIsRunAgain) {
  const Payment payment = fresh("DEADLOCK");
  // The other side has changed much (so that the server picks our step as the victim) and holds our attempt's key.
  Connection other = server_.root();
  ASSERT_TRUE(other.query("START TRANSACTION"));
  for (int i = 0; i < 50; ++i)
    ASSERT_TRUE(other.query(fmt::format(
        "INSERT INTO inbox (channel, event_id, out_trade_no, outcome, body, received_at) VALUES ('c', 'e{}', 'o', 'o', '', NOW())", i)));
  ASSERT_TRUE(
      other.query(fmt::format("INSERT INTO payment_attempts (payment_no, attempt, out_trade_no, account, created_at, updated_at) VALUES "
                              "('other', 1, '{}', 'a', NOW(), NOW())",
                              payment.out_trade_no)));

  std::optional<base::Result<ports::Begun>> result;
  std::thread step{[&] { result = run(store_.begin_payment(payment, soon())); }};
  EXPECT_TRUE(eventually([this] {
    return server_.scalar(
               "SELECT variable_value FROM information_schema.global_status WHERE variable_name = 'INNODB_ROW_LOCK_CURRENT_WAITS'") != "0";
  }));
  ASSERT_TRUE(other.query("SELECT * FROM payment_records WHERE business_no = 'DEADLOCK' FOR UPDATE"));   // now each waits for the other
  ASSERT_TRUE(other.query("ROLLBACK"));
  step.join();

  ASSERT_TRUE(result && *result) << base::describe(result->error());
  EXPECT_TRUE((*result)->first);
  EXPECT_GE(store_.stats().collisions, 1U);
  EXPECT_EQ(server_.scalar("SELECT COUNT(*) FROM payment_records"), "1");
  EXPECT_EQ(server_.scalar("SELECT COUNT(*) FROM payment_attempts"), "1");
}

TEST_F(MysqlStoreTest, ALostCommitReplyIsResolvedByKey) {
  Proxy proxy{server_.port()};
  Options options = server_.store_options(1);
  options.endpoint.port = proxy.port();
  MysqlStore store{options, base::system_clock()};
  ASSERT_TRUE(run(store.ping(soon())));

  const Payment payment = fresh("LOST-REPLY");
  proxy.lose_reply_to(payment.payment_no);
  const auto begun = run(store.begin_payment(payment, soon()));
  ASSERT_TRUE(begun) << base::describe(begun.error());
  EXPECT_TRUE(begun->first);   // ours, although the second attempt found it there
  EXPECT_EQ(begun->payment, payment);
  EXPECT_EQ(proxy.lost(), 1);
  EXPECT_EQ(server_.scalar("SELECT COUNT(*) FROM payment_records"), "1");

  const domain::Step paid = success(payment);
  proxy.lose_reply_to(payment.payment_no);
  const auto moved = run(store.apply(paid, std::nullopt, soon()));
  ASSERT_TRUE(moved) << base::describe(moved.error());
  EXPECT_FALSE(*moved);   // "has moved on": the reader decides again and finds it done
  EXPECT_EQ(proxy.lost(), 2);
  EXPECT_EQ(run(store.find_by_business_no("LOST-REPLY", soon()))->value().state, State::Succeeded);
  EXPECT_EQ(server_.scalar("SELECT COUNT(*) FROM ledger_entries"), "2");
}

TEST_F(MysqlStoreTest, MoreThanTheQueueHoldsIsShedWithRetryAfter) {
  MysqlStore narrow{server_.store_options(1), base::system_clock()};
  ASSERT_TRUE(run(narrow.ping(soon())));
  const Payment payment = begun("N");
  Connection other = server_.root();
  ASSERT_TRUE(other.query("START TRANSACTION; SELECT * FROM payment_records WHERE business_no = 'N' FOR UPDATE"));

  boost::asio::io_context io{1};
  std::vector<std::optional<base::Result<bool>>> results(kQueuedPerConnectionMax + 10);
  for (auto& result : results)
    boost::asio::co_spawn(io, keep(narrow.apply(success(payment), std::nullopt, soon()), &result), boost::asio::detached);
  std::thread loop{[&io] { io.run(); }};
  EXPECT_TRUE(eventually([&narrow] { return narrow.stats().shed > 0; }));
  ASSERT_TRUE(other.query("ROLLBACK"));
  loop.join();
  std::size_t shed = 0;
  for (const auto& result : results) {
    if (*result) continue;
    ++shed;
    EXPECT_EQ(result->error().code, base::Code::Unavailable);
    EXPECT_TRUE(result->error().retry_after);
  }
  EXPECT_GE(shed, 9U);
  EXPECT_EQ(shed, narrow.stats().shed);
}

}  // namespace
}  // namespace pay::stores::mysql
