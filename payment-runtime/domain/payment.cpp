#include "payment-runtime/domain/payment.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "common/base/assert.hpp"
#include "common/base/text.hpp"

namespace pay::domain {

namespace {

bool business_no_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         std::string_view{"_|*.:-"}.find(c) != std::string_view::npos;
}

/// Characters of well-formed UTF-8 without control characters; none otherwise.
std::optional<std::size_t> utf8_length(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < text.size(); ++count) {
    const auto lead = static_cast<unsigned char>(text[i]);
    if (lead < 0x20 || lead == 0x7f) return std::nullopt;
    const std::size_t size = lead < 0x80 ? 1 : lead >> 5 == 0x6 ? 2 : lead >> 4 == 0xe ? 3 : lead >> 3 == 0x1e ? 4 : 0;
    if (size == 0 || i + size > text.size()) return std::nullopt;
    char32_t point = size == 1 ? lead : lead & (0x7fU >> size);
    for (std::size_t k = 1; k < size; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      if (next >> 6 != 0x2) return std::nullopt;
      point = point << 6 | (next & 0x3fU);
    }
    constexpr std::array<char32_t, 5> kSmallest{0, 0, 0x80, 0x800, 0x10000};   // anything shorter is an overlong form
    if (point < kSmallest[size] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return std::nullopt;
    i += size;
  }
  return count;
}

/// At most kReasonBytesMax bytes of printable UTF-8: a channel's words go into a column and into logs.
std::string printable(std::string_view words) {
  std::string text = base::clip(words, kReasonBytesMax);
  if (utf8_length(text)) return text;
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f) c = '?';
  }
  return text;
}

/// `received`: the money that came, for an edge that books some.
Step make_step(const Payment& payment, State to, base::TimePoint now, const Money& received = {}) {
  const Edge* const edge = find_edge(payment.state, to);
  BASE_ASSERT(edge != nullptr);
  Step step;
  step.payment_no = payment.payment_no;
  step.out_trade_no = payment.out_trade_no;
  step.from = payment.state;
  step.to = to;
  step.version = payment.version;
  step.at = now;
  step.succeeded_at = payment.succeeded_at;
  step.check_at = first_check(to, now);
  step.entries = entries_of(edge->books, payment.channel, payment.merchant, received);
  return step;
}

Verdict nothing() { return {}; }
Verdict refused(std::string why) { return Verdict{Verdict::Kind::Refused, std::nullopt, std::move(why)}; }
Verdict move(Step step) { return Verdict{Verdict::Kind::Move, std::move(step), {}}; }

Verdict move_if_legal(const Payment& payment, State to, std::string_view reason, base::TimePoint now) {
  if (find_edge(payment.state, to) == nullptr) return nothing();   // older news, or we know more
  Step step = make_step(payment, to, now);
  step.reason = printable(reason);
  return move(std::move(step));
}

Verdict on_success(const Payment& payment, const ChannelEvidence& evidence, base::TimePoint now) {
  if (const base::Status sound = check_evidence(evidence); !sound) return refused(base::describe(sound.error()));
  if (const base::TimePoint at = *evidence.succeeded_at; at < payment.created_at - kSuccessTimeMargin || at > now + kSuccessTimeMargin) {
    return refused(
        fmt::format("paid at {}, which is no time of a payment made at {}", base::to_rfc3339(at), base::to_rfc3339(payment.created_at)));
  }
  if (evidence.amount != payment.amount) {
    std::string why = fmt::format("the channel took {} {} where {} {} were asked for", format_amount(evidence.amount),
                                  evidence.amount.currency, format_amount(payment.amount), payment.amount.currency);
    if (payment.state == State::Conflicted) return nothing();
    if (find_edge(payment.state, State::Conflicted) == nullptr) return refused(std::move(why));
    Step step = make_step(payment, State::Conflicted, now, evidence.amount);
    step.channel_trade_no = evidence.channel_trade_no;
    step.succeeded_at = evidence.succeeded_at;
    step.reason = printable(why);
    return move(std::move(step));
  }
  if (is_paid(payment.state)) {
    if (payment.channel_trade_no == evidence.channel_trade_no) return nothing();
    return refused(fmt::format("paid as {}, now the channel also names {}", payment.channel_trade_no, evidence.channel_trade_no));
  }
  if (payment.state == State::Conflicted) return refused("in conflict already; only a person ends this");

  const bool late = payment.state == State::Closed || payment.state == State::Failed;
  Step step = make_step(payment, late ? State::SucceededLate : State::Succeeded, now, evidence.amount);
  step.channel_trade_no = evidence.channel_trade_no;
  step.succeeded_at = evidence.succeeded_at;
  return move(std::move(step));
}

}  // namespace

base::Status check_business_no(std::string_view text) {
  if (!text.empty() && text.size() <= kBusinessNoMax && std::ranges::all_of(text, business_no_character)) return {};
  return base::fail(base::Code::InvalidArgument, "must be 1 to 64 characters of 0-9 A-Z a-z _ | * . : -", "businessNo");
}

base::Status check_subject(std::string_view text) {
  const std::optional<std::size_t> length = utf8_length(text);
  if (length && *length <= kSubjectCharactersMax) return {};
  return base::fail(base::Code::InvalidArgument, "must be at most 127 characters of UTF-8 without control characters", "subject");
}

bool is_sound(const Step& step) {
  const Edge* const edge = find_edge(step.from, step.to);
  return edge != nullptr && balanced(step.entries) && step.entries.empty() == (edge->books == Booking::None);
}

Payment after(Payment payment, const Step& step) {
  BASE_ASSERT(payment.state == step.from && payment.version == step.version);
  payment.state = step.to;
  payment.version = step.version + 1;
  payment.updated_at = step.at;
  payment.reason = step.reason;
  payment.succeeded_at = step.succeeded_at;
  if (!step.code_url.empty()) payment.code_url = step.code_url;
  if (!step.channel_trade_no.empty()) payment.channel_trade_no = step.channel_trade_no;
  return payment;
}

Step on_prepay(const Payment& payment, std::string code_url, base::TimePoint now) {
  Step step = make_step(payment, State::AwaitingPayer, now);
  step.code_url = std::move(code_url);
  return step;
}

Step on_unknown(const Payment& payment, std::string_view reason, base::TimePoint now) {
  Step step = make_step(payment, State::Unknown, now);
  step.reason = printable(reason);
  return step;
}

Step on_declined(const Payment& payment, std::string_view reason, base::TimePoint now) {
  Step step = make_step(payment, State::Failed, now);
  step.reason = printable(reason);
  return step;
}

Verdict on_evidence(const Payment& payment, const ChannelEvidence& evidence, base::TimePoint now) {
  if (evidence.out_trade_no != payment.out_trade_no) return refused("evidence about another order");
  // Of another account not even "no such order" says anything: the order is not there.
  if (evidence.account != payment.account) {
    return refused(fmt::format("the channel speaks of account {}, the order was made with {}", evidence.account, payment.account));
  }
  switch (evidence.state) {
    case TradeState::Succeeded: return on_success(payment, evidence, now);
    case TradeState::Refunded:
      // What was refunded, wholly or in part, was paid before: a payment whose callback was lost is booked now.
      if (is_paid(payment.state)) return nothing();
      return on_success(payment, evidence, now);
    case TradeState::AwaitingPayer: return move_if_legal(payment, State::AwaitingPayer, "", now);
    case TradeState::Closed: return move_if_legal(payment, State::Closed, "closed at the channel", now);
    case TradeState::Failed: return move_if_legal(payment, State::Failed, "failed at the channel", now);
    case TradeState::NotFound:
      // Before that, our own order may still be on its way to the channel.
      if (is_final(payment.state) || now < payment.expires_at + kClockMargin) return nothing();
      return move_if_legal(payment, State::Failed, "the channel has no such order, and its time to be paid is over", now);
  }
  return nothing();
}

std::optional<base::TimePoint> first_check(State state, base::TimePoint now) {
  using std::chrono::seconds;
  switch (state) {
    case State::PendingChannel: return now + seconds{15};   // longer than a create may take: until then its own request is at work
    case State::Unknown: return now + seconds{5};
    case State::AwaitingPayer: return now + seconds{30};
    default: return std::nullopt;
  }
}

std::chrono::seconds check_delay(int checks) {
  using std::chrono::seconds;
  constexpr std::array kDelays{seconds{5}, seconds{30}, seconds{60}, seconds{180}, seconds{300}, seconds{600}, seconds{1800}};
  const auto index = static_cast<std::size_t>(std::clamp(checks - 1, 0, static_cast<int>(kDelays.size()) - 1));
  return kDelays[index];
}

}  // namespace pay::domain
