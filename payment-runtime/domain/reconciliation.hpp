// Reconciliation, the pure part: our payments and the channel's word side by side, differences classified, totals kept.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "payment-runtime/domain/evidence.hpp"
#include "payment-runtime/domain/payment.hpp"

namespace pay::domain {

enum class DifferenceType {
  MissingAtChannel,     // we booked it, the channel does not have it
  MissingLocally,       // the channel took money for an order that we do not have
  AmountMismatch,       // amount or currency differ
  StateMismatch,        // the channel took the money, we had not booked it (or the reverse of a refund)
  TradeNumberMismatch,  // both have it as paid, under different numbers of the channel: perhaps paid twice
  DuplicateAtChannel,   // the channel lists one order twice
  BillNotAvailable,     // a closed day whose bill is not there yet
  NotChecked,           // the channel did not answer, or time ran out
};
[[nodiscard]] std::string_view name(DifferenceType type);

struct Difference {
  DifferenceType type = DifferenceType::MissingAtChannel;
  std::string channel;
  std::string day;
  std::string out_trade_no;         // empty when it is about a whole day
  std::string payment_no;
  std::string local_state;
  std::string channel_state;
  std::optional<Money> local_amount;
  std::optional<Money> channel_amount;
  std::string detail;

  friend bool operator==(const Difference&, const Difference&) = default;
};

struct Totals {
  std::int64_t local_count = 0;
  std::int64_t local_minor = 0;
  std::int64_t channel_count = 0;
  std::int64_t channel_minor = 0;
  std::int64_t matched = 0;

  Totals& operator+=(const Totals& other);
  friend bool operator==(const Totals&, const Totals&) = default;
};

struct Matching {
  std::vector<Difference> differences;
  std::vector<BillRow> unmatched;    // paid rows of the bill for which `paid` held nothing: look them up one by one, then classify()
  Totals totals;
};

/// `paid`: our payments whose money came on that day. `bill`: all rows of the channel for it; rows without money are skipped.
[[nodiscard]] Matching match(std::string_view channel, std::string_view day, std::span<const Payment> paid, std::span<const BillRow> bill);

/// A row that match() left over; `payment` is what we hold under its number, on whatever day and in whatever state.
/// None when both sides agree after all (booked on the neighbouring day).
[[nodiscard]] std::optional<Difference> classify(std::string_view channel, std::string_view day, const BillRow& row,
                                                 const std::optional<Payment>& payment);

/// One payment against the channel's own answer about it, for the day that has no bill yet. None when they agree.
[[nodiscard]] std::optional<Difference> compare(std::string_view day, const Payment& payment, const ChannelEvidence& evidence);

}  // namespace pay::domain
