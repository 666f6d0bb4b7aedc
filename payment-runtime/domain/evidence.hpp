// What a channel says about an order, after its signature was verified. Values only; ports/channel.hpp brings them in.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "payment-runtime/domain/money.hpp"

namespace pay::domain {

enum class TradeState { NotFound, AwaitingPayer, Succeeded, Closed, Failed, Refunded };

[[nodiscard]] constexpr std::string_view name(TradeState state) {
  switch (state) {
    case TradeState::NotFound: return "NOT_FOUND";
    case TradeState::AwaitingPayer: return "AWAITING_PAYER";
    case TradeState::Succeeded: return "SUCCEEDED";
    case TradeState::Closed: return "CLOSED";
    case TradeState::Failed: return "FAILED";
    case TradeState::Refunded: return "REFUNDED";
  }
  return "NOT_FOUND";
}

/// What the channel says about one order, verified (signature, key id, time) before anybody sees it.
struct ChannelEvidence {
  std::string out_trade_no;
  TradeState state = TradeState::NotFound;
  std::string channel_trade_no;                // the channel's own number; empty before it is paid
  Money amount;                                // meaningful for Succeeded and Refunded
  std::string account;                         // whose order it is, as Channel::account() names it
  std::optional<base::TimePoint> succeeded_at;
};

/// A number that a channel or we gave an order: 1 to 64 printable ASCII characters without spaces, as the columns hold them.
[[nodiscard]] bool is_order_number(std::string_view text);
/// Evidence that money moved says which money, when, and under which number: otherwise InvalidArgument, naming what is wrong.
[[nodiscard]] base::Status check_evidence(const ChannelEvidence& evidence);

/// One line of a channel's bill.
struct BillRow {
  std::string out_trade_no;
  std::string channel_trade_no;
  TradeState state = TradeState::Succeeded;
  Money amount;
  base::TimePoint at;
};

}  // namespace pay::domain
