#include "payment-runtime/domain/reconciliation.hpp"

#include <set>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "payment-runtime/domain/calendar.hpp"

namespace pay::domain {
namespace {

using namespace std::chrono_literals;

const base::TimePoint kNoon{std::chrono::sys_days{std::chrono::year{2026} / 1 / 31} + std::chrono::hours{12}};

Payment ours(const std::string& number, std::int64_t minor = 100, State state = State::Succeeded) {
  Payment payment;
  payment.payment_no = payment.out_trade_no = number;
  payment.channel = "wechat";
  payment.account = "m";
  payment.amount = {minor, "CNY"};
  payment.state = state;
  if (is_paid(state)) payment.channel_trade_no = "T" + number;
  return payment;
}
BillRow theirs(const std::string& number, std::int64_t minor = 100) {
  return {number, "T" + number, TradeState::Succeeded, {minor, "CNY"}, kNoon};
}

TEST(Matching, EqualSidesHaveNoDifferenceAndEqualTotals) {
  const std::vector<Payment> paid{ours("a"), ours("b", 250)};
  const std::vector<BillRow> bill{theirs("b", 250), theirs("a")};
  const Matching result = match("wechat", "2026-01-31", paid, bill);
  EXPECT_TRUE(result.differences.empty());
  EXPECT_TRUE(result.unmatched.empty());
  EXPECT_EQ(result.totals, (Totals{2, 350, 2, 350, 2}));
}

TEST(Matching, EachKindOfDifferenceIsNamed) {
  const std::vector<Payment> paid{ours("gone"), ours("other-amount"), ours("twice"), ours("other-trade")};
  std::vector<BillRow> bill{theirs("other-amount", 99), theirs("twice"), theirs("twice"), theirs("other-trade"), theirs("stranger")};
  bill[3].channel_trade_no = "T2";
  const Matching result = match("wechat", "2026-01-31", paid, bill);
  ASSERT_EQ(result.differences.size(), 4U);
  EXPECT_EQ(result.differences[0].type, DifferenceType::AmountMismatch);
  EXPECT_EQ(result.differences[1].type, DifferenceType::DuplicateAtChannel);
  EXPECT_EQ(result.differences[2].type, DifferenceType::TradeNumberMismatch);
  EXPECT_EQ(result.differences[2].detail, "paid as Tother-trade, the channel names T2");
  EXPECT_EQ(result.differences[3].type, DifferenceType::MissingAtChannel);
  EXPECT_EQ(result.differences[3].out_trade_no, "gone");
  EXPECT_EQ(result.totals.matched, 1);
  ASSERT_EQ(result.unmatched.size(), 1U);
  EXPECT_EQ(result.unmatched[0].out_trade_no, "stranger");
}

TEST(Matching, RowsWithoutMoneyAndRefundRowsAreNotPayments) {
  const std::vector<Payment> paid{ours("a")};
  std::vector<BillRow> bill{theirs("a"), theirs("a"), theirs("b")};
  bill[1].state = TradeState::Refunded;
  bill[2].state = TradeState::Closed;
  EXPECT_TRUE(match("wechat", "2026-01-31", paid, bill).differences.empty());
}

TEST(Classify, TellsAStrangerFromANeighbouringDayAndFromAnUnbookedPayment) {
  EXPECT_EQ(classify("wechat", "d", theirs("a"), std::nullopt)->type, DifferenceType::MissingLocally);
  EXPECT_EQ(classify("alipay", "d", theirs("a"), ours("a"))->type, DifferenceType::MissingLocally);
  EXPECT_EQ(classify("wechat", "d", theirs("a"), ours("a", 100, State::AwaitingPayer))->type, DifferenceType::StateMismatch);
  EXPECT_EQ(classify("wechat", "d", theirs("a", 7), ours("a", 100, State::Conflicted))->type, DifferenceType::AmountMismatch);
  EXPECT_EQ(classify("wechat", "d", theirs("a"), ours("a")), std::nullopt);
  for (const State state : {State::Succeeded, State::SucceededLate}) {
    Payment elsewhere = ours("a", 100, state);
    elsewhere.channel_trade_no = "T2";
    EXPECT_EQ(classify("wechat", "d", theirs("a"), elsewhere)->type, DifferenceType::TradeNumberMismatch);
  }
}

TEST(Compare, OneOrderAgainstTheChannelsAnswer) {
  ChannelEvidence evidence{"a", TradeState::Succeeded, "Ta", {100, "CNY"}, "m", kNoon};
  EXPECT_EQ(compare("d", ours("a"), evidence), std::nullopt);
  EXPECT_EQ(compare("d", ours("a", 100, State::Closed), evidence)->type, DifferenceType::StateMismatch);
  evidence.channel_trade_no = "T2";
  EXPECT_EQ(compare("d", ours("a"), evidence)->type, DifferenceType::TradeNumberMismatch);
  evidence.channel_trade_no = "Ta";
  evidence.amount.minor = 1;
  EXPECT_EQ(compare("d", ours("a"), evidence)->type, DifferenceType::AmountMismatch);
  evidence.amount.currency = std::string(40, 'C');
  EXPECT_EQ(compare("d", ours("a"), evidence)->type, DifferenceType::NotChecked);
  evidence.account = "another";
  EXPECT_EQ(compare("d", ours("a"), evidence)->type, DifferenceType::NotChecked);
  evidence.account = "m";
  evidence.state = TradeState::NotFound;
  EXPECT_EQ(compare("d", ours("a"), evidence)->type, DifferenceType::MissingAtChannel);
  EXPECT_EQ(compare("d", ours("a", 100, State::AwaitingPayer), evidence), std::nullopt);
}

// Tamper with a bill at random: what was done is found, and nothing else.
RC_GTEST_PROP(MatchingProperty, FindsExactlyWhatWasTamperedWith, ()) {
  const auto size = *rc::gen::inRange(0, 60);
  std::vector<Payment> paid;
  std::vector<BillRow> bill;
  std::multiset<std::pair<DifferenceType, std::string>> expected;
  for (int i = 0; i < size; ++i) {
    const std::string number = "n" + std::to_string(i);
    const auto minor = *rc::gen::inRange<std::int64_t>(1, 1'000'000);
    switch (*rc::gen::inRange(0, 7)) {
      case 0:
        paid.push_back(ours(number, minor));
        expected.emplace(DifferenceType::MissingAtChannel, number);
        break;
      case 1:
        bill.push_back(theirs(number, minor));
        expected.emplace(DifferenceType::MissingLocally, number);
        break;
      case 2:
        paid.push_back(ours(number, minor));
        bill.push_back(theirs(number, minor + 1));
        expected.emplace(DifferenceType::AmountMismatch, number);
        break;
      case 3:
        paid.push_back(ours(number, minor));
        bill.push_back(theirs(number, minor));
        bill.push_back(theirs(number, minor));
        expected.emplace(DifferenceType::DuplicateAtChannel, number);
        break;
      case 4:
        paid.push_back(ours(number, minor));
        bill.push_back(theirs(number, minor));
        bill.back().channel_trade_no += "x";
        expected.emplace(DifferenceType::TradeNumberMismatch, number);
        break;
      default: paid.push_back(ours(number, minor)); bill.push_back(theirs(number, minor));
    }
  }
  const Matching result = match("wechat", "2026-01-31", paid, bill);
  std::multiset<std::pair<DifferenceType, std::string>> found;
  for (const Difference& difference : result.differences) found.emplace(difference.type, difference.out_trade_no);
  for (const BillRow& row : result.unmatched) found.emplace(classify("wechat", "2026-01-31", row, std::nullopt)->type, row.out_trade_no);
  RC_ASSERT(found == expected);
}

TEST(Calendar, DaysBeginAtTheChannelsMidnight) {
  const TimeZone shanghai{8h};
  EXPECT_EQ(day_of(kNoon + 3h + 59min, shanghai), "2026-01-31");
  EXPECT_EQ(day_of(kNoon + 4h, shanghai), "2026-02-01");
  const std::vector<DayRange> days = last_days(kNoon, 7, shanghai);
  ASSERT_EQ(days.size(), 7U);
  EXPECT_EQ(days.front().day, "2026-01-25");
  EXPECT_EQ(days.back().day, "2026-01-31");
  EXPECT_EQ(days.back().from, kNoon - 20h);
  for (std::size_t i = 1; i < days.size(); ++i) EXPECT_EQ(days[i - 1].to, days[i].from);
}

}  // namespace
}  // namespace pay::domain
