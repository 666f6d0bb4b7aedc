#include "payment-runtime/services/payment/create.hpp"

#include <thread>

#include <gtest/gtest.h>

#include "payment-runtime/services/payment/resolve.hpp"
#include "payment-runtime/services/testing/world.hpp"

namespace pay::services::payment {
namespace {

using domain::State;
using stores::memory::Contents;
using stores::memory::Fault;
using testing::ChannelFault;
using testing::World;

CreatePayment order(std::string business_no = "ORDER-1", std::string amount = "100.00") {
  return {std::move(business_no), std::move(amount), "wechat", "tea"};
}
base::Result<Created> create_in(World& world, CreatePayment command = order()) {
  return testing::run(create(std::move(command), world.ports(), world.deadline()));
}

TEST(CreatePayment, GivesACodeToPayAndStoresThePaymentItsAccountAndNoMoney) {
  World world;
  const auto created = create_in(world);
  ASSERT_TRUE(created);
  EXPECT_TRUE(created->first);
  EXPECT_EQ(created->payment.state, State::AwaitingPayer);
  EXPECT_EQ(created->payment.amount, (domain::Money{10000, "CNY"}));
  EXPECT_EQ(created->payment.code_url, "weixin://wxpay/bizpayurl?pr=" + created->payment.payment_no);
  const Contents contents = world.store.contents();
  EXPECT_EQ(contents.payments.at(created->payment.payment_no), created->payment);
  EXPECT_EQ(created->payment.account, "1900000001");
  EXPECT_TRUE(contents.ledger.empty());
}

TEST(CreatePayment, BadInputIsRefusedByFieldAndNothingIsStored) {
  World world;
  const std::vector<std::pair<CreatePayment, std::string>> cases{
      {{"", "1", "wechat", ""}, "businessNo"},         {{std::string(65, 'x'), "1", "wechat", ""}, "businessNo"},
      {{"a b", "1", "wechat", ""}, "businessNo"},      {{"a", "0", "wechat", ""}, "amount"},
      {{"a", "-1", "wechat", ""}, "amount"},           {{"a", "1.234", "wechat", ""}, "amount"},
      {{"a", "100000000", "wechat", ""}, "amount"},    {{"a", "1e2", "wechat", ""}, "amount"},
      {{"a", "1", "cash", ""}, "paymentChannel"},      {{"a", "1", "", ""}, "paymentChannel"},
      {{"a", "1", "wechat", "line\nfeed"}, "subject"},
  };
  for (const auto& [command, field] : cases) {
    const auto created = create_in(world, command);
    ASSERT_FALSE(created);
    EXPECT_EQ(created.error().code, base::Code::InvalidArgument);
    EXPECT_EQ(created.error().field, field);
  }
  EXPECT_TRUE(world.store.contents().payments.empty());
  EXPECT_TRUE(world.wechat.orders.empty());
  EXPECT_TRUE(world.cache.keys.empty());
}

TEST(CreatePayment, SecondRequestForTheSameBusinessNoIsTheFirstPaymentAndHasNoEffect) {
  for (const bool cache_down : {false, true}) {
    World world;
    world.cache.down = cache_down;
    const auto first = create_in(world);
    const Contents before = world.store.contents();

    const auto second = create_in(world, order("ORDER-1", "55.00"));

    ASSERT_TRUE(second);
    EXPECT_FALSE(second->first);
    EXPECT_EQ(second->payment, first->payment);
    EXPECT_EQ(world.store.contents().payments, before.payments);
    EXPECT_EQ(world.wechat.orders.size(), 1U);
    EXPECT_EQ(world.wechat.orders.begin()->second.created, 1);
  }
}

TEST(CreatePayment, ASecondRequestAfterFailureIsStillADuplicate) {
  World world;
  world.wechat.fail_next("create", {ChannelFault::Declined});
  const auto first = create_in(world);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->payment.state, State::Failed);
  EXPECT_EQ(first->payment.reason, "declined by the channel");

  const auto second = create_in(world);
  ASSERT_TRUE(second);
  EXPECT_FALSE(second->first);
  EXPECT_EQ(second->payment.payment_no, first->payment.payment_no);
}

TEST(CreatePayment, ARememberedKeyWithoutAPaymentDoesNotBlockTheRetry) {
  World world;
  world.store.fail_next("begin_payment", {Fault::Unavailable});
  const auto failed = create_in(world);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, base::Code::Unavailable);
  EXPECT_TRUE(failed.error().retry_after);
  ASSERT_TRUE(world.cache.keys.contains("payment:idempotent:ORDER-1"));

  const auto retried = create_in(world);
  ASSERT_TRUE(retried);
  EXPECT_TRUE(retried->first);
}

TEST(CreatePayment, AWipedCacheLetsNoDuplicateThrough) {
  World world;
  ASSERT_TRUE(create_in(world));
  world.cache.keys.clear();
  const auto second = create_in(world);
  ASSERT_TRUE(second);
  EXPECT_FALSE(second->first);
}

TEST(CreatePayment, StoreDownIsUnavailableAndTheChannelIsNeverCalled) {
  World world;
  world.store.set_down(true);
  const auto created = create_in(world);
  ASSERT_FALSE(created);
  EXPECT_EQ(created.error().code, base::Code::Unavailable);
  EXPECT_TRUE(created.error().retry_after);
  EXPECT_TRUE(world.wechat.orders.empty());
}

TEST(CreatePayment, LostReplyOfTheFirstTransactionNeverBecomesASecondPayment) {
  World world;
  world.store.fail_next("begin_payment", {Fault::LostReply});
  ASSERT_FALSE(create_in(world));
  const auto retried = create_in(world);
  ASSERT_TRUE(retried);
  EXPECT_FALSE(retried->first);
  EXPECT_EQ(world.store.contents().payments.size(), 1U);

  world.clock.advance(std::chrono::minutes{1});
  const auto round = testing::run(resolve_due(world.ports(), world.deadline()));
  ASSERT_TRUE(round);
  EXPECT_EQ(world.store.payment_of("ORDER-1").state, State::AwaitingPayer);
  EXPECT_FALSE(world.store.payment_of("ORDER-1").code_url.empty());
}

TEST(CreatePayment, ChannelOutOfReachLeavesAPaymentThatTheResolverMakesPayable) {
  World world;
  world.wechat.fail_next("create", {ChannelFault::Unavailable});
  const auto created = create_in(world);
  ASSERT_TRUE(created);
  EXPECT_EQ(created->payment.state, State::PendingChannel);

  world.clock.advance(std::chrono::seconds{15});
  ASSERT_TRUE(testing::run(resolve_due(world.ports(), world.deadline())));
  EXPECT_EQ(world.store.payment_of("ORDER-1").state, State::AwaitingPayer);
  EXPECT_EQ(world.wechat.orders.size(), 1U);
}

TEST(CreatePayment, NoAnswerFromTheChannelIsUnknownWhetherOrNotItHappened) {
  for (const ChannelFault fault : {ChannelFault::LostReply, ChannelFault::LostRequest}) {
    World world;
    world.wechat.fail_next("create", {fault});
    const auto created = create_in(world);
    ASSERT_TRUE(created);
    EXPECT_EQ(created->payment.state, State::Unknown);
    EXPECT_EQ(domain::status_code(created->payment.state), 0);

    world.clock.advance(std::chrono::seconds{5});
    ASSERT_TRUE(testing::run(resolve_due(world.ports(), world.deadline())));
    const domain::Payment resolved = world.store.payment_of("ORDER-1");
    EXPECT_EQ(resolved.state, State::AwaitingPayer);
    EXPECT_EQ(resolved.code_url, "weixin://wxpay/bizpayurl?pr=" + resolved.out_trade_no);
    EXPECT_EQ(world.wechat.orders.size(), 1U);
  }
}

TEST(CreatePayment, StoreLostBetweenTheTransactionsStillAnswersWithThePayment) {
  for (const Fault fault : {Fault::Unavailable, Fault::LostReply}) {
    World world;
    world.store.fail_next("apply", {fault});
    const auto created = create_in(world);
    ASSERT_TRUE(created);
    EXPECT_TRUE(created->first);
    world.clock.advance(std::chrono::minutes{1});
    ASSERT_TRUE(testing::run(resolve_due(world.ports(), world.deadline())));
    EXPECT_EQ(world.store.payment_of("ORDER-1").state, State::AwaitingPayer);
    EXPECT_FALSE(world.store.payment_of("ORDER-1").code_url.empty());
  }
}

TEST(CreatePayment, EvidenceThatOvertookTheReplyWins) {
  World world;
  world.store.before_next("apply", [&world](Contents& contents) {
    auto& [payment_no, payment] = *contents.payments.begin();
    static_cast<void>(world.wechat.pay(payment.out_trade_no));
    const auto verdict = domain::on_evidence(
        payment, {payment.out_trade_no, domain::TradeState::Succeeded, "T1", payment.amount, "1900000001", world.clock.now()},
        world.clock.now());
    payment = domain::after(payment, *verdict.step);
  });
  const auto created = create_in(world);
  ASSERT_TRUE(created);
  EXPECT_EQ(created->payment.state, State::Succeeded);
  EXPECT_EQ(domain::status_code(created->payment.state), 1);
}

// A crash at any await, then a restart: one payment at most, one order at the channel at most, and it becomes payable.
TEST(CreatePayment, ACrashAtAnyAwaitLosesNothingAndDoublesNothing) {
  bool finished = false;
  int crashes = 0;
  for (int turns = 0; !finished; ++turns) {
    ASSERT_LT(turns, 200);
    World world;
    finished = testing::run_and_crash(create(order(), world.ports(), world.deadline()), turns).has_value();
    crashes += !finished;

    for (int round = 0; round < 3; ++round) {   // the restarted process
      world.clock.advance(std::chrono::minutes{1});
      ASSERT_TRUE(testing::run(resolve_due(world.ports(), world.deadline())));
    }
    const auto retried = create_in(world);   // the caller tries again
    ASSERT_TRUE(retried) << "after " << turns << " turns";
    EXPECT_EQ(retried->payment.state, State::AwaitingPayer);
    EXPECT_FALSE(retried->payment.code_url.empty());
    EXPECT_EQ(world.store.contents().payments.size(), 1U);
    EXPECT_EQ(world.wechat.orders.size(), 1U);
  }
  EXPECT_GE(crashes, 5);   // before the cache, the first transaction, the channel, the second transaction, the reply
}

TEST(CreatePayment, SixtyFourAtOnceMakeOnePayment) {
  for (const bool cache_down : {false, true}) {
    World world;
    world.cache.down = cache_down;
    boost::asio::io_context io{1};
    std::vector<std::optional<base::Result<Created>>> results(64);
    for (auto& result : results) {
      boost::asio::co_spawn(io, testing::keep(create(order(), world.ports(), world.deadline()), &result), boost::asio::detached);
    }
    io.run();
    int firsts = 0;
    for (const auto& result : results) {
      ASSERT_TRUE(result && *result);
      firsts += (*result)->first;
      EXPECT_EQ((*result)->payment.payment_no, (*results.front())->payment.payment_no);
    }
    EXPECT_EQ(firsts, 1);
    EXPECT_EQ(world.wechat.orders.size(), 1U);
    EXPECT_EQ(world.wechat.orders.begin()->second.created, 1);
  }
}

// Two shards, one store: what the thread sanitizer looks at.
TEST(CreatePayment, TwoThreadsOnOneStoreMakeOnePaymentABusinessNumber) {
  constexpr int kNumbers = 50;
  stores::memory::MemoryStore store;
  std::atomic<int> firsts{0};
  const auto shard = [&store, &firsts](std::uint64_t seed) {
    base::ManualClock clock{base::TimePoint{}};
    base::SeededRng rng{seed};
    testing::FakeChannel wechat{"wechat", clock};
    const Channels channels{{"wechat", &wechat}};
    const Ports ports{&store, nullptr, &channels, &clock, &rng};
    for (int i = 0; i < kNumbers; ++i) {
      const auto created =
          testing::run(create(order("N" + std::to_string(i)), ports, base::Deadline::after(clock, std::chrono::seconds{10})));
      if (created && created->first) ++firsts;
    }
  };
  std::thread one{shard, 1};
  std::thread two{shard, 2};
  one.join();
  two.join();
  EXPECT_EQ(firsts, kNumbers);
  EXPECT_EQ(store.contents().payments.size(), static_cast<std::size_t>(kNumbers));
}

TEST(QueryPayment, FindsByBusinessNumberAndSaysNotFoundOtherwise) {
  World world;
  ASSERT_TRUE(create_in(world));
  const auto found = testing::run(query("ORDER-1", world.ports(), world.deadline()));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->business_no, "ORDER-1");
  for (const char* absent : {"ORDER-2", "", "not a number"}) {
    const auto missing = testing::run(query(absent, world.ports(), world.deadline()));
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, base::Code::NotFound);
  }
}

}  // namespace
}  // namespace pay::services::payment
