#include "payment-runtime/domain/evidence.hpp"

#include <algorithm>

namespace pay::domain {

namespace {

constexpr std::size_t kOrderNumberMax = 64;

}  // namespace

bool is_order_number(std::string_view text) {
  return !text.empty() && text.size() <= kOrderNumberMax && std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

base::Status check_evidence(const ChannelEvidence& evidence) {
  if (evidence.state != TradeState::Succeeded && evidence.state != TradeState::Refunded) return {};
  const auto wrong = [](const char* message, const char* field) { return base::fail(base::Code::InvalidArgument, message, field); };
  if (!is_order_number(evidence.channel_trade_no)) return wrong("must be 1 to 64 printable characters of ASCII", "channel_trade_no");
  if (!currency_exponent(evidence.amount.currency)) return wrong("must be a currency of ISO 4217", "currency");
  if (evidence.amount.minor <= 0) return wrong("must be more than zero", "amount");
  if (!evidence.succeeded_at) return wrong("is required", "succeeded_at");
  return {};
}

}  // namespace pay::domain
