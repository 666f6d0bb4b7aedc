#include "payment-runtime/domain/payment.hpp"

#include <optional>
#include <set>
#include <utility>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace pay::domain {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kAccount = "1900000001";
const base::TimePoint kNow{std::chrono::sys_days{std::chrono::year{2026} / 1 / 31}};

Payment payment_in(State state) {
  Payment payment;
  payment.payment_no = payment.out_trade_no = "01KG8X0000000000000000TEST";
  payment.business_no = "ORDER-1";
  payment.channel = "wechat";
  payment.account = kAccount;
  payment.amount = {10000, "CNY"};
  payment.state = state;
  payment.version = 7;
  payment.created_at = payment.updated_at = kNow;
  payment.expires_at = kNow + kPayableFor;
  if (is_paid(state)) payment.channel_trade_no = "4200001";
  return payment;
}

ChannelEvidence paid(std::int64_t minor = 10000, std::string currency = "CNY") {
  return {"01KG8X0000000000000000TEST", TradeState::Succeeded, "4200001", {minor, std::move(currency)}, std::string{kAccount}, kNow + 5s};
}
ChannelEvidence says(TradeState state) { return {"01KG8X0000000000000000TEST", state, "", {}, std::string{kAccount}, std::nullopt}; }

constexpr State kAllStates[] = {State::PendingChannel, State::AwaitingPayer, State::Unknown, State::Succeeded,
                                State::SucceededLate,  State::Failed,        State::Closed,  State::Conflicted};

TEST(PaymentStates, OnlyTheChannelDecidesAboutMoney) {
  for (const Edge& edge : edges()) {
    EXPECT_TRUE(!is_final(edge.to) || edge.by == By::Channel) << name(edge.from) << " -> " << name(edge.to);
  }
}

TEST(PaymentStates, MoneyIsBookedWhereAPaymentGetsPaidOrConflictedAndNowhereElse) {
  for (const Edge& edge : edges()) {
    const Booking wanted = is_paid(edge.to) ? Booking::Payment : edge.to == State::Conflicted ? Booking::Suspense : Booking::None;
    EXPECT_EQ(edge.books, wanted) << name(edge.from) << " -> " << name(edge.to);
  }
}

TEST(PaymentStates, EachEdgeStandsInTheTableOnce) {
  std::set<std::pair<State, State>> seen;
  for (const Edge& edge : edges()) EXPECT_TRUE(seen.emplace(edge.from, edge.to).second) << name(edge.from) << " -> " << name(edge.to);
}

TEST(PaymentStates, EveryStateIsReachedAndEveryOpenStateCanEnd) {
  for (const State state : kAllStates) {
    bool entered = state == State::PendingChannel;   // where a payment is born
    std::set<State> next;
    for (const Edge& edge : edges()) {
      entered |= edge.to == state;
      if (edge.from == state) next.insert(edge.to);
    }
    EXPECT_TRUE(entered) << name(state);
    if (!is_final(state)) {
      EXPECT_TRUE(next.contains(State::Succeeded) && next.contains(State::Failed) && next.contains(State::Closed)) << name(state);
    }
  }
}

TEST(PaymentStates, NothingLeavesAPaidOrAConflictedPayment) {
  for (const Edge& edge : edges()) EXPECT_FALSE(is_paid(edge.from) || edge.from == State::Conflicted) << name(edge.from);
}

TEST(PaymentStates, NamesAreReadBack) {
  for (const State state : kAllStates) EXPECT_EQ(parse_state(name(state)), state);
  EXPECT_EQ(parse_state("succeeded"), std::nullopt);
}

TEST(PaymentStates, StatusOfTheSourceDocumentsIsOneForPaidTwoForOverElseZero) {
  EXPECT_EQ(status_code(State::Succeeded), 1);
  EXPECT_EQ(status_code(State::SucceededLate), 1);
  EXPECT_EQ(status_code(State::Failed), 2);
  EXPECT_EQ(status_code(State::Closed), 2);
  for (const State state : {State::PendingChannel, State::AwaitingPayer, State::Unknown, State::Conflicted})
    EXPECT_EQ(status_code(state), 0);
}

TEST(BusinessNo, IsOneTo64CharactersOfAClosedAlphabet) {
  EXPECT_TRUE(check_business_no("a"));
  EXPECT_TRUE(check_business_no("A-Z_a|z*0.9:x"));
  EXPECT_TRUE(check_business_no(std::string(64, 'x')));
  for (const std::string& bad : {std::string{}, std::string(65, 'x'), std::string{"a b"}, std::string{"a'b"}, std::string{"a/b"},
                                 std::string{"é"}, std::string{"a\0", 2}}) {
    const base::Status status = check_business_no(bad);
    ASSERT_FALSE(status) << bad;
    EXPECT_EQ(status.error().field, "businessNo");
  }
}

TEST(Subject, CountsCharactersNotBytesAndRefusesBrokenText) {
  std::string chinese;
  for (int i = 0; i < 127; ++i) chinese += "付";
  EXPECT_TRUE(check_subject(chinese));
  EXPECT_FALSE(check_subject(chinese + "x"));
  EXPECT_TRUE(check_subject("𝄞"));
  for (const std::string_view bad : {"a\nb", "\x7f", "\xff", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe4\xbb"})
    EXPECT_FALSE(check_subject(bad));
}

TEST(Evidence, PaidBooksTheAmountOnce) {
  for (const State from : {State::PendingChannel, State::Unknown, State::AwaitingPayer}) {
    const Verdict verdict = on_evidence(payment_in(from), paid(), kNow);
    ASSERT_EQ(verdict.kind, Verdict::Kind::Move);
    EXPECT_EQ(verdict.step->to, State::Succeeded);
    EXPECT_EQ(verdict.step->entries, entries_of(Booking::Payment, "wechat", "default", {10000, "CNY"}));
    EXPECT_EQ(verdict.step->succeeded_at, kNow + 5s);
    EXPECT_EQ(verdict.step->check_at, std::nullopt);
  }
}

TEST(Evidence, PaidAfterCloseOrFailureBooksTheMoneyAsLate) {
  for (const State from : {State::Closed, State::Failed}) {
    const Verdict verdict = on_evidence(payment_in(from), paid(), kNow);
    ASSERT_EQ(verdict.kind, Verdict::Kind::Move);
    EXPECT_EQ(verdict.step->to, State::SucceededLate);
    EXPECT_FALSE(verdict.step->entries.empty());
  }
}

TEST(Evidence, AnotherAmountOrCurrencyGoesToSuspenseNotToTheMerchant) {
  for (const ChannelEvidence& evidence : {paid(9999), paid(10000, "USD")}) {
    for (const State from : {State::PendingChannel, State::AwaitingPayer, State::Unknown, State::Closed, State::Failed}) {
      const Verdict verdict = on_evidence(payment_in(from), evidence, kNow);
      ASSERT_EQ(verdict.kind, Verdict::Kind::Move);
      EXPECT_EQ(verdict.step->to, State::Conflicted);
      EXPECT_EQ(verdict.step->entries, entries_of(Booking::Suspense, "wechat", "default", evidence.amount));
    }
    EXPECT_EQ(on_evidence(payment_in(State::Succeeded), evidence, kNow).kind, Verdict::Kind::Refused);
  }
}

TEST(Evidence, OfAnotherAccountProvesNothingWhateverItSays) {
  const Payment open = payment_in(State::AwaitingPayer);
  for (const TradeState state : {TradeState::NotFound, TradeState::AwaitingPayer, TradeState::Succeeded, TradeState::Closed,
                                 TradeState::Failed, TradeState::Refunded}) {
    ChannelEvidence evidence = paid();
    evidence.state = state;
    evidence.account = "1900000002";
    EXPECT_EQ(on_evidence(open, evidence, open.expires_at + 1h).kind, Verdict::Kind::Refused) << name(state);
  }
}

TEST(Evidence, OfMoneyThatLacksWhatMakesItCertainIsRefused) {
  const std::pair<const char*, void (*)(ChannelEvidence&)> cases[] = {
      {"no number", [](ChannelEvidence& e) { e.channel_trade_no.clear(); }},
      {"long number", [](ChannelEvidence& e) { e.channel_trade_no = std::string(65, '4'); }},
      {"number with a space", [](ChannelEvidence& e) { e.channel_trade_no = "4200 001"; }},
      {"number that is not ASCII", [](ChannelEvidence& e) { e.channel_trade_no = "付"; }},
      {"long currency", [](ChannelEvidence& e) { e.amount.currency = std::string(40, 'C'); }},
      {"lower-case currency", [](ChannelEvidence& e) { e.amount.currency = "cny"; }},
      {"no such currency", [](ChannelEvidence& e) { e.amount.currency = "XTS"; }},
      {"no currency", [](ChannelEvidence& e) { e.amount.currency.clear(); }},
      {"no amount", [](ChannelEvidence& e) { e.amount.minor = 0; }},
      {"negative amount", [](ChannelEvidence& e) { e.amount.minor = -10000; }},
      {"no time", [](ChannelEvidence& e) { e.succeeded_at.reset(); }},
      {"time long before the payment", [](ChannelEvidence& e) { e.succeeded_at = kNow - kSuccessTimeMargin - 1us; }},
      {"time long after now", [](ChannelEvidence& e) { e.succeeded_at = kNow + kSuccessTimeMargin + 1us; }},
  };
  for (const auto& [what, spoil] : cases) {
    ChannelEvidence evidence = paid();
    spoil(evidence);
    for (const State from : {State::PendingChannel, State::AwaitingPayer, State::Unknown, State::Closed, State::Failed}) {
      const Verdict verdict = on_evidence(payment_in(from), evidence, kNow);
      EXPECT_EQ(verdict.kind, Verdict::Kind::Refused) << what;
      EXPECT_FALSE(verdict.why.empty());
    }
  }
  ChannelEvidence early = paid();   // a clock that is off by hours must not keep money from being booked
  early.succeeded_at = kNow - 23h;
  EXPECT_EQ(on_evidence(payment_in(State::AwaitingPayer), early, kNow).kind, Verdict::Kind::Move);
}

TEST(Evidence, TheSameSuccessTwiceIsNothingNewAndASecondTradeNumberIsRefused) {
  EXPECT_EQ(on_evidence(payment_in(State::Succeeded), paid(), kNow).kind, Verdict::Kind::Nothing);
  ChannelEvidence second = paid();
  second.channel_trade_no = "4200002";
  EXPECT_EQ(on_evidence(payment_in(State::Succeeded), second, kNow).kind, Verdict::Kind::Refused);
}

TEST(Evidence, OlderNewsNeverTakesAPaymentBack) {
  for (const TradeState state : {TradeState::AwaitingPayer, TradeState::NotFound, TradeState::Closed, TradeState::Failed}) {
    for (const State from : {State::Succeeded, State::SucceededLate, State::Conflicted}) {
      EXPECT_EQ(on_evidence(payment_in(from), says(state), kNow + 24h).kind, Verdict::Kind::Nothing);
    }
  }
}

TEST(Evidence, NotFoundEndsAPaymentOnlyWhenItsOrderCanNoLongerArrive) {
  const Payment payment = payment_in(State::Unknown);
  EXPECT_EQ(on_evidence(payment, says(TradeState::NotFound), payment.expires_at + kClockMargin - 1us).kind, Verdict::Kind::Nothing);
  const Verdict verdict = on_evidence(payment, says(TradeState::NotFound), payment.expires_at + kClockMargin);
  ASSERT_EQ(verdict.kind, Verdict::Kind::Move);
  EXPECT_EQ(verdict.step->to, State::Failed);
}

TEST(Evidence, ARefundProvesThePaymentThatWeNeverSaw) {
  const Payment payment = payment_in(State::AwaitingPayer);
  ChannelEvidence refunded = says(TradeState::Refunded);
  refunded.channel_trade_no = "T1";
  refunded.amount = payment.amount;
  refunded.succeeded_at = kNow + 5s;
  const Verdict verdict = on_evidence(payment, refunded, kNow);
  ASSERT_EQ(verdict.kind, Verdict::Kind::Move);
  EXPECT_EQ(verdict.step->to, State::Succeeded);
  EXPECT_FALSE(verdict.step->entries.empty());
  EXPECT_EQ(on_evidence(payment_in(State::Succeeded), says(TradeState::Refunded), kNow).kind, Verdict::Kind::Nothing);
}

// Whatever a channel says, in whatever order: the path is legal, the books balance, and money is booked at most once.
RC_GTEST_PROP(EvidenceProperty, AnyOrderOfEvidenceBooksMoneyAtMostOnceAlongLegalEdges, ()) {
  Payment payment = payment_in(*rc::gen::element(State::PendingChannel, State::Unknown, State::AwaitingPayer));
  payment.version = 1;
  const auto length = *rc::gen::inRange(0, 12);
  int bookings = 0;
  for (int i = 0; i < length; ++i) {
    ChannelEvidence evidence = says(*rc::gen::element(TradeState::NotFound, TradeState::AwaitingPayer, TradeState::Succeeded,
                                                      TradeState::Succeeded, TradeState::Closed, TradeState::Failed, TradeState::Refunded));
    evidence.channel_trade_no = *rc::gen::element<std::string>("T1", "T2");
    evidence.amount = {*rc::gen::element<std::int64_t>(10000, 10000, 1, -5, 0), *rc::gen::element<std::string>("CNY", "CNY", "USD")};
    evidence.succeeded_at = *rc::gen::element<std::optional<base::TimePoint>>(kNow, kNow + 5s, std::nullopt);
    evidence.account = *rc::gen::element<std::string>(std::string{kAccount}, std::string{kAccount}, "other");
    const Verdict verdict = on_evidence(payment, evidence, kNow + std::chrono::minutes{*rc::gen::inRange(0, 120)});
    RC_ASSERT(verdict.step.has_value() == (verdict.kind == Verdict::Kind::Move));
    if (!verdict.step) continue;
    RC_ASSERT(is_sound(*verdict.step));
    RC_ASSERT(verdict.step->check_at.has_value() == !is_final(verdict.step->to));
    bookings += !verdict.step->entries.empty();
    payment = after(payment, *verdict.step);
  }
  RC_ASSERT(bookings <= 1);
  RC_ASSERT((bookings == 1) == (is_paid(payment.state) || payment.state == State::Conflicted));
}

TEST(Reason, OfAChannelIsCutAndCleaned) {
  const auto reason = [](std::string text) { return on_declined(payment_in(State::PendingChannel), std::move(text), kNow).reason; };
  EXPECT_EQ(reason("余额不足"), "余额不足");
  EXPECT_EQ(reason("a\nb\xff"), "a?b?");
  std::string chinese;
  for (int i = 0; i < 100; ++i) chinese += "付";
  EXPECT_EQ(reason(chinese), chinese.substr(0, 255));
  EXPECT_EQ(reason("x" + chinese), "x" + chinese.substr(0, 252));
}

TEST(CheckSchedule, GrowsAndStaysBounded) {
  for (int checks = 1; checks < 40; ++checks) EXPECT_LE(check_delay(checks), check_delay(checks + 1));
  EXPECT_EQ(check_delay(1), 5s);
  EXPECT_EQ(check_delay(1000), 30min);
}

TEST(Step, WithoutAnEdgeOrWithOtherMoneyThanItsEdgeBooksIsNotSound) {
  const Step success = *on_evidence(payment_in(State::AwaitingPayer), paid(), kNow).step;
  EXPECT_TRUE(is_sound(success));
  EXPECT_TRUE(is_sound(on_unknown(payment_in(State::PendingChannel), "", kNow)));

  Step other = success;
  other.from = State::Succeeded;
  EXPECT_FALSE(is_sound(other)) << "no such edge";
  other = success;
  other.entries.clear();
  EXPECT_FALSE(is_sound(other)) << "paid, and nothing booked";
  other = success;
  ++other.entries.front().amount_minor;
  EXPECT_FALSE(is_sound(other)) << "out of balance";
  other = success;
  other.to = State::Closed;
  EXPECT_FALSE(is_sound(other)) << "closed, and money booked";
}

TEST(Ledger, BooksAPaymentForTheMerchantAndWhatDoesNotFitForNobody) {
  EXPECT_EQ(entries_of(Booking::Payment, "wechat", "shop", {10000, "CNY"}),
            (std::vector<LedgerEntry>{{"channel_receivable", "wechat", 10000, "CNY"}, {"merchant_pending", "shop", -10000, "CNY"}}));
  EXPECT_EQ(entries_of(Booking::Suspense, "wechat", "shop", {9999, "USD"}),
            (std::vector<LedgerEntry>{{"channel_receivable", "wechat", 9999, "USD"}, {"suspense", "wechat", -9999, "USD"}}));
  EXPECT_TRUE(entries_of(Booking::None, "wechat", "shop", {}).empty());
}

RC_GTEST_PROP(LedgerProperty, EveryBookingOfEveryAmountBalances, ()) {
  const Money received{*rc::gen::inRange<std::int64_t>(1, INT64_MAX), *rc::gen::element<std::string>("CNY", "JPY", "KWD")};
  for (const Edge& edge : edges()) {
    const std::vector<LedgerEntry> entries = entries_of(edge.books, "wechat", "shop", received);
    RC_ASSERT(balanced(entries));
    RC_ASSERT(entries.empty() == (edge.books == Booking::None));
  }
}

TEST(Ledger, UnbalancedSetsAreNamed) {
  EXPECT_TRUE(balanced({}));
  const std::vector<LedgerEntry> one{{"a", "x", 5, "CNY"}};
  const std::vector<LedgerEntry> mixed{{"a", "x", 5, "CNY"}, {"b", "x", -5, "USD"}};
  const std::vector<LedgerEntry> zero{{"a", "x", 0, "CNY"}, {"b", "x", 0, "CNY"}};
  const std::vector<LedgerEntry> overflow{{"a", "x", INT64_MAX, "CNY"}, {"b", "x", 1, "CNY"}, {"c", "x", INT64_MIN, "CNY"}};
  EXPECT_FALSE(balanced(one));
  EXPECT_FALSE(balanced(mixed));
  EXPECT_FALSE(balanced(zero));
  EXPECT_FALSE(balanced(overflow));
}

}  // namespace
}  // namespace pay::domain
