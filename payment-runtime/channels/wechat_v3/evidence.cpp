#include "payment-runtime/channels/wechat_v3/evidence.hpp"

#include <nlohmann/json.hpp>

#include "common/codec/json.hpp"

namespace pay::channels::wechat_v3 {
namespace {

base::Result<domain::TradeState> to_state(const std::string& text) {
  using domain::TradeState;
  if (text == "SUCCESS") return TradeState::Succeeded;
  if (text == "NOTPAY" || text == "USERPAYING") return TradeState::AwaitingPayer;
  if (text == "CLOSED" || text == "REVOKED") return TradeState::Closed;
  if (text == "PAYERROR") return TradeState::Failed;
  if (text == "REFUND") return TradeState::Refunded;
  return base::fail(base::Code::InvalidArgument, "is a state that we do not know: " + text, "trade_state");
}

}  // namespace

base::Result<domain::ChannelEvidence> to_evidence(const nlohmann::json& transaction) {
  const auto app_id = codec::string_member(transaction, "appid");
  const auto mch_id = codec::string_member(transaction, "mchid");
  const auto number = codec::string_member(transaction, "out_trade_no");
  const auto state_text = codec::string_member(transaction, "trade_state");
  for (const auto* member : {&app_id, &mch_id, &number, &state_text}) {
    if (!*member) return base::fail(member->error());
  }
  const auto state = to_state(*state_text);
  if (!state) return base::fail(state.error());

  domain::ChannelEvidence evidence;
  evidence.out_trade_no = *number;
  evidence.state = *state;
  evidence.account = account_of(*mch_id, *app_id);
  if (*state != domain::TradeState::Succeeded && *state != domain::TradeState::Refunded) return evidence;

  const auto trade_no = codec::string_member(transaction, "transaction_id");
  if (!trade_no) return base::fail(trade_no.error());
  if (!domain::is_order_number(*trade_no))
    return base::fail(base::Code::InvalidArgument, "must be 1 to 64 printable characters of ASCII", "transaction_id");
  const auto at_text = codec::string_member(transaction, "success_time");
  if (!at_text) return base::fail(at_text.error());
  const auto at = base::parse_rfc3339(*at_text);
  if (!at) return base::fail(base::Code::InvalidArgument, at.error().message, "success_time");
  const auto amount = transaction.find("amount");
  if (amount == transaction.end() || !amount->is_object()) return base::fail(base::Code::InvalidArgument, "is required", "amount");
  // `total` is what we asked for; what the payer gave may be less by the channel's own coupons, which the channel settles.
  const auto total = codec::integer_member(*amount, "total");
  if (!total) return base::fail(base::Code::InvalidArgument, total.error().message, "amount.total");
  if (*total <= 0) return base::fail(base::Code::InvalidArgument, "must be more than zero", "amount.total");
  const auto currency = codec::string_member(*amount, "currency");
  if (!currency) return base::fail(base::Code::InvalidArgument, currency.error().message, "amount.currency");
  if (!domain::currency_exponent(*currency))
    return base::fail(base::Code::InvalidArgument, "must be a currency of ISO 4217", "amount.currency");
  evidence.channel_trade_no = *trade_no;
  evidence.succeeded_at = *at;
  evidence.amount = {*total, *currency};
  return evidence;
}

}  // namespace pay::channels::wechat_v3
