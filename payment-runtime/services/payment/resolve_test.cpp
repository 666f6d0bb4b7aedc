#include "payment-runtime/services/payment/resolve.hpp"

#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "payment-runtime/services/payment/create.hpp"
#include "payment-runtime/services/testing/world.hpp"

namespace pay::services::payment {
namespace {

using domain::State;
using testing::ChannelFault;
using testing::World;

domain::Payment created_in(World& world, std::vector<ChannelFault> faults = {}) {
  world.wechat.fail_next("create", std::move(faults));
  return testing::run(create({"ORDER-1", "100", "wechat", ""}, world.ports(), world.deadline()))->payment;
}
base::Result<ResolverRound> round_after(World& world, std::chrono::seconds wait) {
  world.clock.advance(wait);
  return testing::run(resolve_due(world.ports(), world.deadline()));
}

/// A round that refuses the channel's answer about ORDER-1, counts it, and tells it once, with numbers and reason.
void expect_one_refusal(World& world, std::chrono::seconds wait, const std::string& reason) {
  const domain::Payment payment = world.store.payment_of("ORDER-1");
  ::testing::internal::CaptureStderr();
  const auto round = round_after(world, wait);
  const std::string log = ::testing::internal::GetCapturedStderr();
  ASSERT_TRUE(round);
  EXPECT_EQ(round->refused, 1U);
  EXPECT_EQ(round->changed, 0U);
  EXPECT_EQ(round->unanswered, 0U);
  EXPECT_THAT(log,
              ::testing::ContainsRegex(R"("level":"warn","event":"channel_evidence_refused","channel":"wechat","out_trade_no":")" +
                                       payment.out_trade_no + R"(","payment_no":")" + payment.payment_no + R"(","problem":".*)" + reason));
  EXPECT_EQ(log.find("channel_evidence_refused"), log.rfind("channel_evidence_refused")) << log;
}

TEST(Resolver, LeavesAPaymentAloneUntilItsTimeHasCome) {
  World world;
  created_in(world);
  EXPECT_EQ(round_after(world, std::chrono::seconds{29})->taken, 0U);
  EXPECT_EQ(round_after(world, std::chrono::seconds{1})->taken, 1U);
  EXPECT_EQ(round_after(world, std::chrono::seconds{0})->taken, 0U);   // taken: not again before its delay
}

TEST(Resolver, APaymentWhoseCallbackWasLostIsBookedByAsking) {
  World world;
  const domain::Payment payment = created_in(world);
  static_cast<void>(world.wechat.pay(payment.out_trade_no));
  const auto round = round_after(world, std::chrono::seconds{30});
  ASSERT_TRUE(round);
  EXPECT_EQ(round->changed, 1U);
  EXPECT_EQ(world.store.payment_of("ORDER-1").state, State::Succeeded);
  EXPECT_EQ(world.store.contents().ledger.size(), 2U);
}

TEST(Resolver, NoAnswerChangesNothingHoweverLongItLasts) {
  World world;
  created_in(world, {ChannelFault::LostReply});
  for (int day = 0; day < 3; ++day) {
    world.wechat.fail_next("query", {ChannelFault::LostReply});
    const auto round = round_after(world, std::chrono::hours{24});
    ASSERT_TRUE(round);
    EXPECT_EQ(round->unanswered, 1U);
    EXPECT_EQ(world.store.payment_of("ORDER-1").state, State::Unknown);
  }
}

TEST(Resolver, AnOrderThatNobodyPaidInTimeIsClosedAtTheChannelFirst) {
  World world;
  const domain::Payment payment = created_in(world);
  ASSERT_TRUE(round_after(world, domain::kPayableFor));   // expired, but within the margin of clocks: only asked
  EXPECT_EQ(world.store.payment_of("ORDER-1").state, State::AwaitingPayer);
  ASSERT_TRUE(round_after(world, std::chrono::minutes{31}));
  EXPECT_EQ(world.store.payment_of("ORDER-1").state, State::Closed);
  EXPECT_EQ(world.wechat.orders.at(payment.out_trade_no).state, ports::TradeState::Closed);
  EXPECT_TRUE(world.store.contents().ledger.empty());
}

TEST(Resolver, APayerWhoWasFasterThanTheCloseIsBelieved) {
  World world;
  const domain::Payment payment = created_in(world);
  // The first question still hears "awaiting"; the payer pays before the close arrives, and the channel declines that.
  world.wechat.before_next("close", [&] {
    EXPECT_EQ(world.wechat.orders.at(payment.out_trade_no).state, ports::TradeState::AwaitingPayer);
    static_cast<void>(world.wechat.pay(payment.out_trade_no));
  });
  const auto round = round_after(world, domain::kPayableFor + domain::kClockMargin);
  ASSERT_TRUE(round);
  EXPECT_EQ(round->changed, 1U);
  EXPECT_EQ(world.store.payment_of("ORDER-1").state, State::Succeeded);
  EXPECT_EQ(world.store.contents().ledger.size(), 2U);
}

TEST(Resolver, ADeclinedCloseAloneEndsNothing) {
  World world;
  created_in(world);
  world.wechat.fail_next("close", {ChannelFault::Declined});
  ASSERT_TRUE(round_after(world, domain::kPayableFor + domain::kClockMargin));
  EXPECT_EQ(world.store.payment_of("ORDER-1").state, State::AwaitingPayer);
}

TEST(Resolver, AnotherAccountIsNeverAskedAboutAnOrder) {
  World world;
  const domain::Payment payment = created_in(world);
  world.wechat.own_account = world.wechat.paid_account = "1900000777";   // another merchant since the restart, who has no such order
  const auto orders_of_the_first = std::exchange(world.wechat.orders, {});
  const std::size_t calls = world.wechat.calls;
  for (int hour = 0; hour < 3; ++hour) {
    const auto round = round_after(world, std::chrono::hours{1});
    ASSERT_TRUE(round);
    EXPECT_EQ(round->unanswered, 1U);
    EXPECT_EQ(world.store.payment_of("ORDER-1").state, State::AwaitingPayer);
  }
  EXPECT_EQ(world.wechat.calls, calls);
  const auto resolved = testing::run(resolve(world.store.payment_of("ORDER-1"), world.ports(), world.deadline()));
  ASSERT_FALSE(resolved);
  EXPECT_EQ(resolved.error().code, base::Code::FailedPrecondition);

  world.wechat.own_account = world.wechat.paid_account = "1900000001";   // put back
  world.wechat.orders = orders_of_the_first;
  static_cast<void>(world.wechat.pay(payment.out_trade_no));
  ASSERT_TRUE(round_after(world, std::chrono::hours{1}));
  EXPECT_EQ(world.store.payment_of("ORDER-1").state, State::Succeeded);
}

TEST(Resolver, AnAnswerForAnotherAccountMakesNoOrderAgainAndClosesNone) {
  World world;
  const domain::Payment payment = created_in(world, {ChannelFault::LostReply});
  world.wechat.paid_account = "1900000777";   // the channel's mistake: it speaks of another
  expect_one_refusal(world, domain::kPayableFor + domain::kClockMargin, "1900000777");
  EXPECT_EQ(world.store.payment_of("ORDER-1").state, State::Unknown);
  EXPECT_EQ(world.wechat.orders.at(payment.out_trade_no).state, ports::TradeState::AwaitingPayer);
  EXPECT_EQ(world.wechat.orders.at(payment.out_trade_no).created, 1);
}

TEST(Resolver, ARefusedAnswerAfterTheCloseIsTold) {
  World world;
  const domain::Payment payment = created_in(world);
  world.wechat.before_next("close", [&] {
    static_cast<void>(world.wechat.pay(payment.out_trade_no));
    world.wechat.paid_at = base::TimePoint{};   // 1970
  });
  expect_one_refusal(world, domain::kPayableFor + domain::kClockMargin, "1970-01-01");
  EXPECT_EQ(world.store.payment_of("ORDER-1").state, State::AwaitingPayer);
  EXPECT_TRUE(world.store.contents().ledger.empty());
}

TEST(Resolver, ARefusedAnswerAfterADeclinedRepetitionIsToldAndEndsNothing) {
  World world;
  const domain::Payment payment = created_in(world, {ChannelFault::LostReply});
  world.wechat.before_next("create", [&] {
    static_cast<void>(world.wechat.pay(payment.out_trade_no));
    world.wechat.paid_at = base::TimePoint{};
  });
  expect_one_refusal(world, std::chrono::seconds{5}, "1970-01-01");
  EXPECT_EQ(world.store.payment_of("ORDER-1").state, State::Unknown);

  World other;
  created_in(other, {ChannelFault::LostRequest});
  other.wechat.fail_next("create", {ChannelFault::Declined});
  other.wechat.before_next("create", [&] { other.wechat.paid_account = "1900000777"; });   // "no such order", says another account
  expect_one_refusal(other, std::chrono::seconds{5}, "1900000777");
  EXPECT_EQ(other.store.payment_of("ORDER-1").state, State::Unknown);
}

TEST(Resolver, NoAnswerToTheCloseLeavesThePaymentOpen) {
  World world;
  created_in(world);
  world.wechat.fail_next("close", {ChannelFault::LostReply});
  const auto round = round_after(world, domain::kPayableFor + domain::kClockMargin);
  EXPECT_EQ(round->unanswered, 1U);
  EXPECT_EQ(world.store.payment_of("ORDER-1").state, State::AwaitingPayer);
  ASSERT_TRUE(round_after(world, std::chrono::hours{1}));
  EXPECT_EQ(world.store.payment_of("ORDER-1").state, State::Closed);
}

TEST(Resolver, AnOrderTheChannelNeverSawAndCanNoLongerBePaidHasFailed) {
  World world;
  created_in(world, {ChannelFault::Unavailable});
  ASSERT_TRUE(round_after(world, domain::kPayableFor + domain::kClockMargin));
  EXPECT_EQ(world.store.payment_of("ORDER-1").state, State::Failed);
  EXPECT_TRUE(world.wechat.orders.empty());
}

TEST(Resolver, ADeclineOfTheRepeatedOrderIsBelievedOnlyWhenTheChannelHasNoOrder) {
  World world;
  const domain::Payment payment = created_in(world, {ChannelFault::LostReply});
  world.wechat.fail_next("create", {ChannelFault::Declined});
  ASSERT_TRUE(round_after(world, std::chrono::seconds{5}));
  EXPECT_EQ(world.store.payment_of("ORDER-1").state, State::AwaitingPayer);

  World other;
  created_in(other, {ChannelFault::LostRequest});
  other.wechat.fail_next("create", {ChannelFault::Declined});
  ASSERT_TRUE(round_after(other, std::chrono::seconds{5}));
  EXPECT_EQ(other.store.payment_of("ORDER-1").state, State::Failed);
}

void create_unreached(World& world, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    world.wechat.fail_next("create", {ChannelFault::Unavailable});
    ASSERT_TRUE(testing::run(create({"N" + std::to_string(i), "1", "wechat", ""}, world.ports(), world.deadline())));
  }
}

TEST(Resolver, ARoundIsBounded) {
  World world;
  create_unreached(world, kResolverBatchMax + 5);
  EXPECT_EQ(round_after(world, std::chrono::minutes{1})->taken, kResolverBatchMax);
  EXPECT_EQ(round_after(world, std::chrono::seconds{0})->taken, 5U);
}

TEST(Resolver, AsksAboutSeveralAtOnceButNoMoreThanItsLimit) {
  World world;
  create_unreached(world, kResolverBatchMax);
  world.wechat.in_flight_max = 0;
  const auto round = round_after(world, std::chrono::minutes{1});
  ASSERT_TRUE(round);
  EXPECT_EQ(round->changed, kResolverBatchMax);
  EXPECT_EQ(world.wechat.in_flight_max, kResolverConcurrencyMax);
}

TEST(Resolver, TakesNoMoreThanItCanAskAboutWhenEveryCallUsesUpItsTime) {
  constexpr std::size_t kPerLane = kResolverBatchMax / kResolverConcurrencyMax;
  EXPECT_LE(kPerLane * kResolveCallsMax * kResolveChannelBudget, kResolverRoundMax);
  const auto calls_of = [](std::vector<ChannelFault> of_create, std::vector<ChannelFault> of_repeat, std::chrono::seconds wait) {
    World world;
    created_in(world, std::move(of_create));
    world.wechat.fail_next("create", std::move(of_repeat));
    world.wechat.calls = 0;
    EXPECT_TRUE(round_after(world, wait));
    return world.wechat.calls;
  };
  EXPECT_EQ(calls_of({}, {}, domain::kPayableFor + domain::kClockMargin), kResolveCallsMax);  // closed
  EXPECT_EQ(calls_of({ChannelFault::LostRequest}, {ChannelFault::Declined}, std::chrono::seconds{5}), kResolveCallsMax);  // declined
}

TEST(Resolver, ACrashAtAnyAwaitOfARoundIsRepairedByTheNext) {
  bool finished = false;
  for (int turns = 0; !finished; ++turns) {
    ASSERT_LT(turns, 200);
    World world;
    create_unreached(world, 3);
    world.clock.advance(std::chrono::minutes{1});
    finished = testing::run_and_crash(resolve_due(world.ports(), world.deadline()), turns).has_value();
    ASSERT_TRUE(round_after(world, std::chrono::minutes{1}));
    for (const char* number : {"N0", "N1", "N2"}) EXPECT_EQ(world.store.payment_of(number).state, State::AwaitingPayer) << turns;
    EXPECT_EQ(world.wechat.orders.size(), 3U);
  }
}

}  // namespace
}  // namespace pay::services::payment
