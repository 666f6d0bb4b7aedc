#include "payment-runtime/services/callback/receive.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "payment-runtime/services/payment/create.hpp"
#include "payment-runtime/services/payment/resolve.hpp"
#include "payment-runtime/services/testing/world.hpp"

namespace pay::services::callback {
namespace {

using domain::State;
using stores::memory::Contents;
using stores::memory::Fault;
using testing::ChannelFault;
using testing::World;

domain::Payment created_in(World& world) {
  return testing::run(payment::create({"ORDER-1", "100", "wechat", ""}, world.ports(), world.deadline()))->payment;
}
base::Result<Received> receive_in(World& world, ports::RawCallback callback) {
  return testing::run(receive("wechat", std::move(callback), world.ports(), world.deadline()));
}

/// The channel's callback about a payment is refused, kept in the inbox, and told with numbers and reason.
void expect_refusal(World& world, const domain::Payment& payment, const ports::RawCallback& callback, const std::string& reason) {
  ::testing::internal::CaptureStderr();
  const auto received = receive_in(world, callback);
  const std::string log = ::testing::internal::GetCapturedStderr();
  ASSERT_TRUE(received);
  EXPECT_EQ(received->outcome, Outcome::Refused);
  EXPECT_THAT(received->why, ::testing::HasSubstr(reason));
  EXPECT_THAT(log,
              ::testing::ContainsRegex(R"("level":"warn","event":"channel_evidence_refused","channel":"wechat","out_trade_no":")" +
                                       payment.out_trade_no + R"(","payment_no":")" + payment.payment_no + R"(","problem":".*)" + reason));
  EXPECT_EQ(world.store.contents().inbox.rbegin()->second.outcome, "refused");
}

TEST(Callback, BooksTheMoneyOnceHoweverOftenItComes) {
  World world;
  const ports::RawCallback callback = world.wechat.pay(created_in(world).out_trade_no);
  const auto first = receive_in(world, callback);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->outcome, Outcome::Applied);
  EXPECT_EQ(first->payment.state, State::Succeeded);
  EXPECT_TRUE(first->payment.notified);

  for (int again = 0; again < 3; ++again) {
    const auto repeated = receive_in(world, callback);
    ASSERT_TRUE(repeated);
    EXPECT_EQ(repeated->outcome, Outcome::Duplicate);
  }
  const Contents contents = world.store.contents();
  EXPECT_EQ(contents.ledger.size(), 2U);
  EXPECT_EQ(contents.inbox.size(), 1U);
}

TEST(Callback, AThousandAtOnceBookOnce) {
  World world;
  const ports::RawCallback callback = world.wechat.pay(created_in(world).out_trade_no);
  boost::asio::io_context io{1};
  std::vector<std::optional<base::Result<Received>>> results(1000);
  for (auto& result : results) {
    boost::asio::co_spawn(io, testing::keep(receive("wechat", callback, world.ports(), world.deadline()), &result), boost::asio::detached);
  }
  io.run();
  int applied = 0;
  for (const auto& result : results) {
    ASSERT_TRUE(result && *result);
    applied += (*result)->outcome == Outcome::Applied;
  }
  EXPECT_EQ(applied, 1);
  EXPECT_EQ(world.store.contents().ledger.size(), 2U);
}

TEST(Callback, AnotherEventAboutTheSameSuccessIsNothingNew) {
  World world;
  const domain::Payment payment = created_in(world);
  ASSERT_TRUE(receive_in(world, world.wechat.pay(payment.out_trade_no)));
  const auto second = receive_in(world, world.wechat.callback(payment.out_trade_no, "another-event"));
  ASSERT_TRUE(second);
  EXPECT_EQ(second->outcome, Outcome::NothingNew);
  EXPECT_EQ(world.store.contents().ledger.size(), 2U);
}

TEST(Callback, AnotherAmountIsHeldInSuspense) {
  World world;
  const auto received = receive_in(world, world.wechat.pay(created_in(world).out_trade_no, domain::Money{1, "CNY"}));
  ASSERT_TRUE(received);
  EXPECT_EQ(received->payment.state, State::Conflicted);
  const Contents contents = world.store.contents();
  ASSERT_EQ(contents.ledger.size(), 2U);
  EXPECT_EQ(contents.ledger[1].entry, (domain::LedgerEntry{"suspense", "wechat", -1, "CNY"}));
}

TEST(Callback, AnotherAccountIsRefusedAndKeptInTheInbox) {
  World world;
  const domain::Payment payment = created_in(world);
  const ports::RawCallback callback = world.wechat.pay(payment.out_trade_no);
  world.wechat.paid_account = "1900000666";
  expect_refusal(world, payment, callback, "1900000666");
  EXPECT_EQ(world.store.payment_of("ORDER-1").state, State::AwaitingPayer);
}

TEST(Callback, OfAnOrderThatWasMadeWithAnotherAccountIsRefusedWhateverItSays) {
  for (const auto state : {ports::TradeState::Succeeded, ports::TradeState::Closed, ports::TradeState::Failed}) {
    World world;
    const domain::Payment payment = created_in(world);
    world.wechat.own_account = world.wechat.paid_account = "1900000777";   // another merchant since the restart
    static_cast<void>(world.wechat.pay(payment.out_trade_no));
    world.wechat.end(payment.out_trade_no, state);
    expect_refusal(world, payment, world.wechat.callback(payment.out_trade_no, "event-1"), "1900000777");
    EXPECT_EQ(world.store.payment_of("ORDER-1").state, State::AwaitingPayer);
  }
}

TEST(Callback, AboutMoneyAtAnImpossibleTimeIsRefusedAndKept) {
  World world;
  const domain::Payment payment = created_in(world);
  const ports::RawCallback callback = world.wechat.pay(payment.out_trade_no);
  world.wechat.paid_at = base::TimePoint{};   // 1970: no reconciliation would ever look there
  expect_refusal(world, payment, callback, "1970-01-01");
  EXPECT_TRUE(world.store.contents().ledger.empty());
}

TEST(Callback, AboutASecondTradeOfAPaidOrderIsRefusedAndTold) {
  World world;
  const domain::Payment payment = created_in(world);
  ASSERT_TRUE(receive_in(world, world.wechat.pay(payment.out_trade_no)));
  static_cast<void>(world.wechat.pay(payment.out_trade_no));   // perhaps paid twice
  expect_refusal(world, payment, world.wechat.callback(payment.out_trade_no, "event-z"), "paid as T1, now the channel also names T2");
  EXPECT_EQ(world.store.contents().ledger.size(), 2U);
}

TEST(Callback, ForgedOrUnreadableIsRefusedAndLeavesNoTrace) {
  World world;
  const auto received = receive_in(world, {{}, "x"});
  ASSERT_FALSE(received);
  EXPECT_EQ(received.error().code, base::Code::Unauthenticated);
  EXPECT_EQ(receive_in(world, {{}, std::string(kCallbackBodyMax + 1, 'x')}).error().code, base::Code::InvalidArgument);
  EXPECT_EQ(receive_in(world, {{}, std::string(65, 'e') + " number"}).error().code, base::Code::InvalidArgument);
  EXPECT_EQ(testing::run(receive("cash", {{}, "e n"}, world.ports(), world.deadline())).error().code, base::Code::NotFound);
  EXPECT_TRUE(world.store.contents().inbox.empty());
}

TEST(Callback, ForAPaymentThatWeDoNotHaveIsKeptAndNotAcknowledged) {
  World world;
  const auto received = receive_in(world, {{}, "event-1 NOT-OURS"});
  ASSERT_FALSE(received);
  EXPECT_EQ(received.error().code, base::Code::NotFound);
  EXPECT_EQ(world.store.contents().inbox.begin()->second.outcome, "no_such_payment");
}

TEST(Callback, BeforeTheReplyToCreateWinsOverIt) {
  World world;
  world.wechat.fail_next("create", {ChannelFault::LostReply});
  world.store.fail_next("apply", {Fault::Unavailable});   // not even UNKNOWN could be stored
  const domain::Payment payment = created_in(world);
  EXPECT_EQ(world.store.payment_of("ORDER-1").state, State::PendingChannel);
  const auto received = receive_in(world, world.wechat.pay(payment.out_trade_no));
  ASSERT_TRUE(received);
  EXPECT_EQ(received->payment.state, State::Succeeded);
}

TEST(Callback, AfterCloseIsALateSuccessWithItsMoneyBooked) {
  World world;
  const domain::Payment payment = created_in(world);
  world.clock.advance(domain::kPayableFor + domain::kClockMargin);
  ASSERT_TRUE(testing::run(payment::resolve_due(world.ports(), world.deadline())));
  ASSERT_EQ(world.store.payment_of("ORDER-1").state, State::Closed);

  const auto received = receive_in(world, world.wechat.pay(payment.out_trade_no));
  ASSERT_TRUE(received);
  EXPECT_EQ(received->payment.state, State::SucceededLate);
  EXPECT_EQ(world.store.contents().ledger.size(), 2U);
}

TEST(Callback, StoreDownIsNotAcknowledgedAndTheNextDeliveryBooks) {
  for (const Fault fault : {Fault::Unavailable, Fault::LostReply}) {
    World world;
    const ports::RawCallback callback = world.wechat.pay(created_in(world).out_trade_no);
    world.store.fail_next("apply", {fault});
    const auto failed = receive_in(world, callback);
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, base::Code::Unavailable);
    ASSERT_TRUE(receive_in(world, callback));
    EXPECT_EQ(world.store.payment_of("ORDER-1").state, State::Succeeded);
    EXPECT_EQ(world.store.contents().ledger.size(), 2U);
  }
}

TEST(Callback, ACrashAtAnyAwaitIsRepairedByTheNextDelivery) {
  bool finished = false;
  for (int turns = 0; !finished; ++turns) {
    ASSERT_LT(turns, 100);
    World world;
    const ports::RawCallback callback = world.wechat.pay(created_in(world).out_trade_no);
    finished = testing::run_and_crash(receive("wechat", callback, world.ports(), world.deadline()), turns).has_value();
    const auto repeated = receive_in(world, callback);
    ASSERT_TRUE(repeated);
    EXPECT_EQ(repeated->payment.state, State::Succeeded);
    EXPECT_EQ(world.store.contents().ledger.size(), 2U);
  }
}

TEST(Callback, AndTheResolverAtTheSameTimeBookOnce) {
  World world;
  const domain::Payment payment = created_in(world);
  const ports::RawCallback callback = world.wechat.pay(payment.out_trade_no);
  world.clock.advance(std::chrono::seconds{30});
  boost::asio::io_context io{1};
  std::optional<base::Result<Received>> received;
  std::optional<base::Result<payment::ResolverRound>> round;
  boost::asio::co_spawn(io, testing::keep(receive("wechat", callback, world.ports(), world.deadline()), &received), boost::asio::detached);
  boost::asio::co_spawn(io, testing::keep(payment::resolve_due(world.ports(), world.deadline()), &round), boost::asio::detached);
  io.run();
  ASSERT_TRUE(*received && *round);
  EXPECT_EQ(world.store.payment_of("ORDER-1").state, State::Succeeded);
  EXPECT_EQ(world.store.contents().ledger.size(), 2U);
}

}  // namespace
}  // namespace pay::services::callback
