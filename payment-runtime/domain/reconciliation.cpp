#include "payment-runtime/domain/reconciliation.hpp"

#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

namespace pay::domain {

namespace {

bool carries_money(TradeState state) { return state == TradeState::Succeeded || state == TradeState::Refunded; }

Difference about(DifferenceType type, std::string_view channel, std::string_view day, const Payment* payment, const BillRow* row) {
  Difference difference;
  difference.type = type;
  difference.channel = channel;
  difference.day = day;
  if (payment != nullptr) {
    difference.out_trade_no = payment->out_trade_no;
    difference.payment_no = payment->payment_no;
    difference.local_state = name(payment->state);
    difference.local_amount = payment->amount;
  }
  if (row != nullptr) {
    difference.out_trade_no = row->out_trade_no;
    difference.channel_state = name(row->state);
    difference.channel_amount = row->amount;
  }
  return difference;
}

}  // namespace

std::string_view name(DifferenceType type) {
  switch (type) {
    case DifferenceType::MissingAtChannel: return "MissingAtChannel";
    case DifferenceType::MissingLocally: return "MissingLocally";
    case DifferenceType::AmountMismatch: return "AmountMismatch";
    case DifferenceType::StateMismatch: return "StateMismatch";
    case DifferenceType::TradeNumberMismatch: return "TradeNumberMismatch";
    case DifferenceType::DuplicateAtChannel: return "DuplicateAtChannel";
    case DifferenceType::BillNotAvailable: return "BillNotAvailable";
    case DifferenceType::NotChecked: return "NotChecked";
  }
  return "NotChecked";
}

Totals& Totals::operator+=(const Totals& other) {
  local_count += other.local_count;
  local_minor += other.local_minor;
  channel_count += other.channel_count;
  channel_minor += other.channel_minor;
  matched += other.matched;
  return *this;
}

std::optional<Difference> classify(std::string_view channel, std::string_view day, const BillRow& row,
                                   const std::optional<Payment>& payment) {
  if (!payment || payment->channel != channel) {
    Difference difference = about(DifferenceType::MissingLocally, channel, day, nullptr, &row);
    if (payment) difference.detail = fmt::format("the number belongs to channel {}", payment->channel);
    return difference;
  }
  if (payment->amount != row.amount) return about(DifferenceType::AmountMismatch, channel, day, &*payment, &row);
  if (!is_paid(payment->state)) return about(DifferenceType::StateMismatch, channel, day, &*payment, &row);
  if (payment->channel_trade_no != row.channel_trade_no) {
    Difference difference = about(DifferenceType::TradeNumberMismatch, channel, day, &*payment, &row);
    difference.detail = fmt::format("paid as {}, the channel names {}", payment->channel_trade_no, row.channel_trade_no);
    return difference;
  }
  return std::nullopt;
}

Matching match(std::string_view channel, std::string_view day, std::span<const Payment> paid, std::span<const BillRow> bill) {
  Matching result;
  std::unordered_map<std::string_view, const Payment*> ours;
  ours.reserve(paid.size());
  for (const Payment& payment : paid) {
    ours.emplace(payment.out_trade_no, &payment);
    ++result.totals.local_count;
    result.totals.local_minor += payment.amount.minor;
  }

  std::unordered_set<std::string_view> seen;
  seen.reserve(bill.size());
  for (const BillRow& row : bill) {
    if (row.state != TradeState::Succeeded) continue;   // a refund is a row of its own, beside that of its payment
    ++result.totals.channel_count;
    result.totals.channel_minor += row.amount.minor;
    const auto found = ours.find(row.out_trade_no);
    if (!seen.insert(row.out_trade_no).second) {
      result.differences.push_back(
          about(DifferenceType::DuplicateAtChannel, channel, day, found == ours.end() ? nullptr : found->second, &row));
    } else if (found == ours.end()) {
      result.unmatched.push_back(row);
    } else if (std::optional<Difference> difference = classify(channel, day, row, *found->second)) {
      result.differences.push_back(std::move(*difference));
    } else {
      ++result.totals.matched;
    }
  }
  for (const Payment& payment : paid) {
    if (!seen.contains(payment.out_trade_no)) {
      result.differences.push_back(about(DifferenceType::MissingAtChannel, channel, day, &payment, nullptr));
    }
  }
  return result;
}

std::optional<Difference> compare(std::string_view day, const Payment& payment, const ChannelEvidence& evidence) {
  const base::Status sound = check_evidence(evidence);
  if (evidence.account != payment.account || !sound) {
    Difference difference = about(DifferenceType::NotChecked, payment.channel, day, &payment, nullptr);
    difference.detail = sound ? fmt::format("the channel speaks of account {}", evidence.account) : base::describe(sound.error());
    return difference;
  }
  const BillRow row{evidence.out_trade_no, evidence.channel_trade_no, evidence.state, evidence.amount,
                    evidence.succeeded_at.value_or(payment.updated_at)};
  const bool channel_paid = carries_money(evidence.state);
  const bool ours_booked = is_paid(payment.state) || payment.state == State::Conflicted;
  if (channel_paid) return classify(payment.channel, day, row, payment);
  if (!ours_booked) return std::nullopt;   // neither side has money
  Difference difference = about(DifferenceType::MissingAtChannel, payment.channel, day, &payment, nullptr);
  difference.channel_state = name(evidence.state);
  return difference;
}

}  // namespace pay::domain
