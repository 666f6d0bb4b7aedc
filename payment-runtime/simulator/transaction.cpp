#include "payment-runtime/simulator/transaction.hpp"

#include <nlohmann/json.hpp>

#include "payment-runtime/channels/wechat_v3/protocol.hpp"

namespace pay::simulator {

nlohmann::json to_transaction(const Order& order, const SimulatorKeys& keys) {
  nlohmann::json transaction = {{"appid", keys.app_id}, {"mchid", keys.mch_id}, {"out_trade_no", order.out_trade_no}, {"attach", ""}};
  if (order.state != Order::State::Paid) {
    const bool closed = order.state == Order::State::Closed;
    transaction["trade_state"] = closed ? "CLOSED" : "NOTPAY";
    transaction["trade_state_desc"] = closed ? "订单已关闭" : "订单未支付";
    return transaction;
  }
  transaction["transaction_id"] = order.transaction_id;
  transaction["trade_type"] = "NATIVE";
  transaction["trade_state"] = "SUCCESS";
  transaction["trade_state_desc"] = "支付成功";
  transaction["bank_type"] = "OTHERS";
  transaction["success_time"] = channels::wechat_v3::to_beijing(order.paid_at);
  transaction["payer"] = {{"openid", "oSimulatedPayer"}};
  transaction["amount"] = {
      {"total", order.total}, {"payer_total", order.total}, {"currency", order.currency}, {"payer_currency", order.currency}};
  return transaction;
}

}  // namespace pay::simulator
