#include "payment-runtime/services/reconciliation/run.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "payment-runtime/services/callback/receive.hpp"
#include "payment-runtime/services/payment/create.hpp"
#include "payment-runtime/services/testing/world.hpp"

namespace pay::services::reconciliation {
namespace {

using domain::DifferenceType;
using domain::State;
using testing::ChannelFault;
using testing::World;

constexpr int kWeek = 7;

domain::Payment create_in(World& world, const std::string& business_no) {
  return testing::run(payment::create({business_no, "100", "wechat", ""}, world.ports(), world.deadline()))->payment;
}
domain::Payment paid_in(World& world, const std::string& business_no) {
  const domain::Payment payment = create_in(world, business_no);
  return testing::run(callback::receive("wechat", world.wechat.pay(payment.out_trade_no), world.ports(), world.deadline()))->payment;
}
Report run_in(World& world, std::chrono::seconds budget = std::chrono::seconds{600}) {
  const auto report = testing::run(run(kWeek, world.ports(), base::Deadline::after(world.clock, budget)));
  EXPECT_TRUE(report) << base::describe(report.error());
  return *report;
}
/// Bills of the six closed days exist and are empty, but for the days that a test gives.
void close_days_before_today(World& world) {
  for (const auto& range : domain::last_days(world.clock.now(), kWeek, world.wechat.bill_zone())) world.wechat.set_bill(range.day, {});
}

class ReconciliationTest : public ::testing::Test {
 protected:
  // Two payments of 2026-01-31 (channel's day), looked at the day after.
  ReconciliationTest() {
    first = paid_in(world, "A");
    second = paid_in(world, "B");
    world.clock.advance(std::chrono::hours{24});
    close_days_before_today(world);
    world.wechat.set_bill("2026-01-31", world.wechat.paid_rows());
  }
  World world;
  domain::Payment first;
  domain::Payment second;
};

TEST_F(ReconciliationTest, ADayThatAgreesHasNoDifferenceAndItsTotals) {
  const Report report = run_in(world);
  EXPECT_EQ(report.difference_count, 0U) << to_json(report, kTerminationMessageMax);
  EXPECT_EQ(report.totals, (domain::Totals{2, 20000, 2, 20000, 2}));
  EXPECT_EQ(report.days.front(), "2026-01-26");
  EXPECT_EQ(report.days.back(), "2026-02-01");
  EXPECT_EQ(world.store.contents().runs.at(report.run_id).difference_count, 0U);
}

TEST_F(ReconciliationTest, ADroppedAnAlteredAndAnExtraRowAreEachOneDifference) {
  auto rows = world.wechat.paid_rows();
  rows.erase(rows.begin());
  rows[0].amount.minor = 9999;
  rows.push_back({"STRANGER", "T9", ports::TradeState::Succeeded, {5, "CNY"}, world.clock.now()});
  world.wechat.set_bill("2026-01-31", rows);
  const Report report = run_in(world);
  EXPECT_EQ(report.by_type, (std::map<std::string, std::size_t, std::less<>>{
                                {"wechat/AmountMismatch", 1}, {"wechat/MissingAtChannel", 1}, {"wechat/MissingLocally", 1}}));
  EXPECT_EQ(world.store.contents().runs.at(report.run_id).differences.size(), 3U);
}

TEST_F(ReconciliationTest, ASecondTradeOfAPaidOrderIsADifferenceInTheBillAndInTheAnswer) {
  static_cast<void>(world.wechat.pay(first.out_trade_no));   // perhaps paid twice: the channel now names another trade
  auto rows = world.wechat.paid_rows();
  world.wechat.set_bill("2026-01-31", rows);
  const std::map<std::string, std::size_t, std::less<>> expected{{"wechat/TradeNumberMismatch", 1}};
  Report report = run_in(world);
  ASSERT_EQ(report.by_type, expected) << to_json(report, kTerminationMessageMax);
  EXPECT_EQ(report.differences[0].out_trade_no, first.out_trade_no);
  EXPECT_EQ(report.differences[0].detail, "paid as T1, the channel names T3");

  world.clock.advance(std::chrono::hours{-24});   // on the day itself: no bill yet, so order by order
  world.wechat.remove_bill("2026-01-31");
  report = run_in(world);
  EXPECT_EQ(report.by_type.at("wechat/TradeNumberMismatch"), 1U) << to_json(report, kTerminationMessageMax);
}

TEST_F(ReconciliationTest, ADayOfAnImpossibleAnswerSaysThatItWasRefused) {
  world.clock.advance(std::chrono::hours{-24});
  const domain::Payment third = create_in(world, "C");
  static_cast<void>(world.wechat.pay(third.out_trade_no));
  world.wechat.set_bill("2026-01-31", world.wechat.paid_rows());
  world.clock.advance(std::chrono::hours{24});
  world.wechat.paid_at = base::TimePoint{};   // 1970, in answers
  const Report report = run_in(world);
  ASSERT_EQ(report.difference_count, 1U) << to_json(report, kTerminationMessageMax);
  EXPECT_EQ(report.differences[0].type, DifferenceType::StateMismatch);
  EXPECT_NE(report.differences[0].detail.find("refused: paid at 1970-01-01"), std::string::npos) << report.differences[0].detail;
}

TEST_F(ReconciliationTest, ARepeatedRunFindsTheSameAndChangesNothing) {
  auto rows = world.wechat.paid_rows();
  rows.pop_back();
  world.wechat.set_bill("2026-01-31", rows);
  const auto before = world.store.contents();
  const Report one = run_in(world);
  const Report two = run_in(world);
  EXPECT_EQ(one.differences, two.differences);
  EXPECT_EQ(one.difference_count, 1U);
  EXPECT_EQ(world.store.contents().payments, before.payments);
  EXPECT_EQ(world.store.contents().ledger.size(), before.ledger.size());
}

TEST_F(ReconciliationTest, APaymentWhoseFateIsOpenIsAskedAboutBeforeAnythingIsCompared) {
  world.clock.advance(std::chrono::hours{-24});
  const domain::Payment third = create_in(world, "C");
  static_cast<void>(world.wechat.pay(third.out_trade_no));   // and the callback is lost
  world.clock.advance(std::chrono::hours{24});
  world.wechat.set_bill("2026-01-31", world.wechat.paid_rows());
  const Report report = run_in(world);
  EXPECT_EQ(report.resolved, 1U);
  EXPECT_EQ(report.difference_count, 0U) << to_json(report, kTerminationMessageMax);
  EXPECT_EQ(world.store.payment_of("C").state, State::Succeeded);
}

TEST_F(ReconciliationTest, MoneyForAClosedPaymentIsADifferenceAndIsBooked) {
  world.clock.advance(std::chrono::hours{-24});
  const domain::Payment third = create_in(world, "C");
  world.wechat.end(third.out_trade_no, ports::TradeState::Closed);
  world.clock.advance(std::chrono::hours{24});
  ASSERT_EQ(run_in(world).difference_count, 0U);
  ASSERT_EQ(world.store.payment_of("C").state, State::Closed);

  static_cast<void>(world.wechat.pay(third.out_trade_no));
  world.wechat.set_bill("2026-02-01", {world.wechat.paid_rows().back()});
  const Report report = run_in(world);
  ASSERT_EQ(report.difference_count, 1U) << to_json(report, kTerminationMessageMax);
  EXPECT_EQ(report.differences[0].type, DifferenceType::StateMismatch);
  EXPECT_EQ(world.store.payment_of("C").state, State::SucceededLate);
}

TEST_F(ReconciliationTest, AMissingBillOfAClosedDayIsAFindingNotAnError) {
  world.wechat.fail_next("bill", {ChannelFault::Declined});
  const Report report = run_in(world);
  EXPECT_EQ(report.by_type, (std::map<std::string, std::size_t, std::less<>>{{"wechat/BillNotAvailable", 1}}));
  EXPECT_EQ(report.differences[0].day, "2026-01-26");
}

TEST_F(ReconciliationTest, NoTradeOnADayThatHasPaymentsIsABillThatIsNotThere) {
  world.wechat.set_bill("2026-01-31", {});   // "no trade"
  const Report report = run_in(world);
  ASSERT_EQ(report.by_type, (std::map<std::string, std::size_t, std::less<>>{{"wechat/BillNotAvailable", 1}}));
  EXPECT_EQ(report.differences[0].day, "2026-01-31");
  EXPECT_EQ(report.totals, (domain::Totals{2, 20000, 0, 0, 0}));
}

TEST_F(ReconciliationTest, PaymentsOfAnotherAccountAreNotHeldAgainstThisOnesBills) {
  world.wechat.own_account = world.wechat.paid_account = "1900000777";   // another merchant since then
  world.wechat.set_bill("2026-01-31", {});
  const domain::Payment open = create_in(world, "C");
  world.wechat.own_account = world.wechat.paid_account = "1900000888";
  const Report report = run_in(world);
  ASSERT_EQ(report.by_type, (std::map<std::string, std::size_t, std::less<>>{{"wechat/NotChecked", 2}}));
  EXPECT_EQ(report.differences[0].day, "2026-01-31");
  EXPECT_EQ(report.differences[0].detail, "2 payments were made with another account of the channel than 1900000888");
  EXPECT_EQ(report.differences[1].day, "2026-02-01");
  EXPECT_EQ(world.store.payment_of("C"), open);
}

TEST(ReconcileToday, NoTradeSoFarIsNoAnswerAboutThePaymentsThatWeHave) {
  World world;
  paid_in(world, "A");
  close_days_before_today(world);   // today's too: the channel says "no trade"
  const Report report = run_in(world);
  EXPECT_EQ(report.difference_count, 0U) << to_json(report, kTerminationMessageMax);
  EXPECT_EQ(report.totals.matched, 1);
}

TEST(ReconcileToday, IsAskedOrderByOrderUntilItsBillExists) {
  World world;
  const domain::Payment payment = paid_in(world, "A");
  paid_in(world, "B");
  close_days_before_today(world);
  world.wechat.fail_next("bill", {});
  world.wechat.set_bill("2026-01-31", world.wechat.paid_rows());
  EXPECT_EQ(run_in(world).totals.matched, 2);

  World other;
  const domain::Payment lost = paid_in(other, "A");
  paid_in(other, "B");
  other.wechat.orders.erase(lost.out_trade_no);
  const Report report = run_in(other);   // no bill at all: today by asking, six days without a bill
  EXPECT_EQ(report.by_type.at("wechat/MissingAtChannel"), 1U);
  EXPECT_EQ(report.by_type.at("wechat/BillNotAvailable"), 6U);
  EXPECT_EQ(report.totals.matched, 1);
}

TEST(ReconcileToday, YesterdayWaitsForItsBillUntilThatIsDue) {
  World world;
  paid_in(world, "A");
  close_days_before_today(world);
  world.clock.advance(std::chrono::hours{21});   // 09:00 of the next day there
  world.wechat.remove_bill("2026-01-31");
  const Report early = run_in(world);
  EXPECT_EQ(early.difference_count, 0U) << to_json(early, kTerminationMessageMax);
  EXPECT_EQ(early.awaiting_bill, std::vector<std::string>{"wechat 2026-01-31"});

  world.clock.advance(std::chrono::hours{1});
  const Report late = run_in(world);
  EXPECT_EQ(late.by_type, (std::map<std::string, std::size_t, std::less<>>{{"wechat/BillNotAvailable", 1}}));
  EXPECT_TRUE(late.awaiting_bill.empty());
}

TEST(ReconcileToday, ABillThatIsWrongIsAFindingAtOnce) {
  World world;
  paid_in(world, "A");
  close_days_before_today(world);
  world.clock.advance(std::chrono::hours{21});
  world.wechat.fail_next("bill", {ChannelFault::LostReply});
  const auto report = testing::run(run(2, world.ports(), world.deadline()));   // yesterday and today
  ASSERT_TRUE(report);
  EXPECT_EQ(report->by_type, (std::map<std::string, std::size_t, std::less<>>{{"wechat/BillNotAvailable", 1}}));
}

TEST(ReconcileToday, AChannelThatDoesNotAnswerIsNotAskedForEver) {
  World world;
  for (int i = 0; i < 10; ++i) paid_in(world, "N" + std::to_string(i));
  world.wechat.fail_next("query", std::vector<ChannelFault>(100, ChannelFault::LostReply));
  const Report report = run_in(world);
  EXPECT_EQ(report.by_type.at("wechat/NotChecked"), 4U);   // three that were asked about, and the rest in one
}

TEST(Reconcile, TimeThatIsOverIsSaidAndWhatWasFoundIsStored) {
  World world;
  const Report report = run_in(world, std::chrono::seconds{0});
  EXPECT_EQ(report.by_type, (std::map<std::string, std::size_t, std::less<>>{{"wechat/NotChecked", 7}}));
  EXPECT_EQ(world.store.contents().runs.size(), 1U);
}

TEST(Reconcile, ADayIsTheChannelsNotThePlatforms) {
  // 04:00 of 2026-01-31 in UTC: a channel of +08:00 is at noon of that day, one of -06:00 still at 22:00 of the day before.
  World world;
  testing::FakeChannel western{"western", world.clock};
  western.zone = {std::chrono::hours{-6}};
  world.channels.emplace("western", &western);
  static_cast<void>(paid_in(world, "A"));
  world.wechat.set_bill("2026-01-31", world.wechat.paid_rows());
  const auto report = testing::run(run(1, world.ports(), world.deadline()));
  ASSERT_TRUE(report);
  EXPECT_EQ(report->days, (std::vector<std::string>{"2026-01-30", "2026-01-31"}));
  EXPECT_EQ(report->totals.matched, 1);
  EXPECT_EQ(report->difference_count, 0U) << to_json(*report, kTerminationMessageMax);
}

TEST(Reconcile, WithoutAChannelThereIsNothingToCompareAndThatIsStored) {
  World world;
  world.channels.clear();
  const Report report = run_in(world);
  EXPECT_TRUE(report.days.empty());
  EXPECT_EQ(world.store.contents().runs.at(report.run_id).first_day, "");
}

TEST(Reconcile, WithoutItsStoreIsAnError) {
  World world;
  world.store.set_down(true);
  const auto report = testing::run(run(kWeek, world.ports(), world.deadline()));
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, base::Code::Unavailable);
}

TEST(Report, FitsTheTerminationMessageHoweverManyDifferencesThereAre) {
  Report report;
  report.run_id = "RUN";
  report.days = {"2026-01-25", "2026-01-31"};
  for (int i = 0; i < 500; ++i) {
    domain::Difference difference;
    difference.type = DifferenceType::MissingAtChannel;
    difference.channel = "wechat";
    difference.day = "2026-01-31";
    difference.out_trade_no = "N" + std::to_string(i);
    difference.detail = "付款 \xff";   // a channel's broken words
    report.differences.push_back(difference);
  }
  report.difference_count = 500;
  report.by_type = {{"wechat/MissingAtChannel", 500}};
  const std::string text = to_json(report, kTerminationMessageMax);
  EXPECT_LE(text.size(), kTerminationMessageMax);
  const auto json = nlohmann::json::parse(text);
  EXPECT_EQ(json["differences"], 500);
  EXPECT_EQ(json["days"], 2);
  EXPECT_EQ(json["byType"]["wechat/MissingAtChannel"], 500);
  EXPECT_GT(json["samples"].size(), 10U);
}

}  // namespace
}  // namespace pay::services::reconciliation
