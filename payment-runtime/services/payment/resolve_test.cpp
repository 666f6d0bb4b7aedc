#include "payment-runtime/services/payment/resolve.hpp"

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
  world.clock.advance(domain::kPayableFor + domain::kClockMargin);
  world.wechat.fail_next("query", {});
  world.wechat.fail_next("close", {ChannelFault::Declined});
  world.store.before_next("find_by_out_trade_no", [](auto&) {});
  // The first question still says "awaiting"; the payer pays before the close arrives.
  const auto paid_meanwhile = testing::run(resolve_due(world.ports(), world.deadline()));
  ASSERT_TRUE(paid_meanwhile);
  EXPECT_EQ(world.store.payment_of("ORDER-1").state, State::AwaitingPayer);   // close was declined, and the channel still waits
  static_cast<void>(world.wechat.pay(payment.out_trade_no));
  ASSERT_TRUE(round_after(world, std::chrono::hours{1}));
  EXPECT_EQ(world.store.payment_of("ORDER-1").state, State::Succeeded);
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

TEST(Resolver, ARoundIsBounded) {
  World world;
  for (std::size_t i = 0; i < kResolverBatchMax + 5; ++i) {
    world.wechat.fail_next("create", {ChannelFault::Unavailable});
    ASSERT_TRUE(testing::run(create({"N" + std::to_string(i), "1", "wechat", ""}, world.ports(), world.deadline())));
  }
  EXPECT_EQ(round_after(world, std::chrono::minutes{1})->taken, kResolverBatchMax);
  EXPECT_EQ(round_after(world, std::chrono::seconds{0})->taken, 5U);
}

}  // namespace
}  // namespace pay::services::payment
