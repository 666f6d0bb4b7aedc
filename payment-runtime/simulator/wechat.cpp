// WeChat Pay's side of the wire: every request is authenticated as the real service does it, every answer signed.
#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/codec/base64.hpp"
#include "common/codec/json.hpp"
#include "common/crypto/digest.hpp"
#include "common/net/url.hpp"
#include "common/net/wait.hpp"
#include "payment-runtime/channels/wechat_v3/protocol.hpp"
#include "payment-runtime/domain/money.hpp"
#include "payment-runtime/simulator/simulator.hpp"
#include "payment-runtime/simulator/transaction.hpp"

namespace pay::simulator {
namespace {

namespace wechat = channels::wechat_v3;
using PartsPtr = std::shared_ptr<Simulator::Parts>;

constexpr std::size_t kOutTradeNoMin = 6;
constexpr std::size_t kOutTradeNoMax = 32;
constexpr std::size_t kDescriptionMax = 127UL * 4;  // 127 characters in bytes at most
constexpr std::size_t kNotifyUrlMax = 256;

net::Response refuse(int status, std::string_view code, std::string_view message) {
  net::Response response;
  response.status = status;
  response.body = codec::dump_json({{"code", code}, {"message", message}});
  return response;
}

int status_of(std::string_view code) {
  if (code == "ORDER_NOT_EXIST") return 404;
  if (code == "OUT_TRADE_NO_USED") return 403;
  return 400;
}

net::Response refuse(const base::Error& error) { return refuse(status_of(error.field), error.field, error.message); }

/// The merchant's signature, key and clock; nothing when all hold.
std::optional<net::Response> authenticate(const SimulatorKeys& keys, const net::Request& request, base::TimePoint now) {
  const auto wrong = [](std::string_view why) { return refuse(401, "SIGN_ERROR", why); };
  const auto given = wechat::parse_authorization(request.header("authorization"));
  if (!given) return wrong("Http头Authorization值格式错误");
  if (given->mch_id != keys.mch_id) return wrong("商户号不存在");
  if (given->serial != keys.merchant_serial) return wrong("商户证书序列号有误");
  if (request.header("wechatpay-serial") != keys.key_id) return wrong("Wechatpay-Serial与平台公钥ID不一致");
  const bool digits = given->timestamp.size() <= 12 &&
                      std::all_of(given->timestamp.begin(), given->timestamp.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!digits) return wrong("Http头Authorization中的timestamp有误");
  const base::TimePoint at{std::chrono::seconds{std::stoll(given->timestamp)}};
  if (std::chrono::abs(now - at) >= wechat::kSignatureWindow) return wrong("Http头Authorization中的timestamp与发起请求的时间不得超过5分钟");
  const auto signature = codec::from_base64(given->signature);
  const std::string message = wechat::request_message(request.method, request.target, given->timestamp, given->nonce, request.body);
  if (!signature || !keys.merchant_key.verify_sha256(message, *signature)) return wrong("签名错误");
  return std::nullopt;
}

base::Result<Order> read_order(const net::Request& request, const SimulatorKeys& keys) {
  const auto wrong = [](std::string message) { return base::fail(base::Code::InvalidArgument, std::move(message), "PARAM_ERROR"); };
  const auto body = codec::parse_json(request.body);
  if (!body || !body->is_object()) return wrong("请求体不是有效的JSON");
  const auto text = [&](const char* key) { return codec::string_member(*body, key).value_or(""); };
  if (text("appid") != keys.app_id) return base::fail(base::Code::InvalidArgument, "appid和mch_id不匹配", "APPID_MCHID_NOT_MATCH");
  if (text("mchid") != keys.mch_id) return wrong("mchid与签名的商户号不一致");
  Order order;
  order.out_trade_no = text("out_trade_no");
  const bool good_number = std::all_of(order.out_trade_no.begin(), order.out_trade_no.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-' || c == '|' || c == '*';
  });
  if (!good_number || order.out_trade_no.size() < kOutTradeNoMin || order.out_trade_no.size() > kOutTradeNoMax)
    return wrong("out_trade_no有误");
  order.description = text("description");
  if (order.description.empty() || order.description.size() > kDescriptionMax) return wrong("description有误");
  order.notify_url = text("notify_url");
  if (!net::parse_url(order.notify_url) || order.notify_url.size() > kNotifyUrlMax || order.notify_url.find('?') != std::string::npos) {
    return wrong("notify_url有误");
  }
  const auto amount = body->find("amount");
  if (amount == body->end()) return wrong("amount有误");
  const auto total = codec::integer_member(*amount, "total");
  if (!total || *total < 1 || *total > domain::kAmountMinorMax) return wrong("amount.total有误");
  order.total = *total;
  order.currency = codec::string_member(*amount, "currency").value_or("CNY");
  if (order.currency != "CNY") return wrong("amount.currency有误");
  if (body->contains("time_expire")) {
    const auto expires = base::parse_rfc3339(text("time_expire"));
    if (!expires) return wrong("time_expire有误");
    order.expires_at = *expires;
  }
  return order;
}

net::Response create(Simulator::Parts& parts, const SimulatorKeys& keys, const net::Request& request) {
  auto order = read_order(request, keys);
  if (!order) return refuse(order.error());
  const auto placed = parts.world.place(std::move(*order));
  if (!placed) return refuse(placed.error());
  net::Response response;
  response.body = codec::dump_json({{"code_url", placed->code_url}});
  return response;
}

net::Response query(Simulator::Parts& parts, const SimulatorKeys& keys, const net::Request& request) {
  if (request.query_param("mchid") != keys.mch_id) return refuse(400, "PARAM_ERROR", "mchid有误");
  const auto order = parts.world.find(std::string{request.param("number")});
  if (!order) return refuse(404, "ORDER_NOT_EXIST", "订单不存在");
  net::Response response;
  response.body = codec::dump_json(to_transaction(*order, keys));
  return response;
}

net::Response close(Simulator::Parts& parts, const SimulatorKeys& keys, const net::Request& request) {
  const auto body = codec::parse_json(request.body);
  if (!body || codec::string_member(*body, "mchid").value_or("") != keys.mch_id) return refuse(400, "PARAM_ERROR", "mchid有误");
  if (const auto closed = parts.world.close(std::string{request.param("number")}); !closed) return refuse(closed.error());
  net::Response response;
  response.status = 204;
  return response;
}

net::Response bill(Simulator::Parts& parts, const SimulatorKeys& keys, const net::Request& request) {
  const std::string day = request.query_param("bill_date").value_or("");
  if (day.size() != 10 || !base::parse_rfc3339(day + "T00:00:00Z")) return refuse(400, "PARAM_ERROR", "bill_date有误");
  if (request.query_param("bill_type") != "SUCCESS") return refuse(400, "PARAM_ERROR", "bill_type有误");
  switch (parts.bills.availability(day)) {
    case Bills::Availability::NotYet: return refuse(400, "STATEMENT_CREATING", "账单生成中");
    case Bills::Availability::NoTrade: return refuse(400, "NO_STATEMENT_EXIST", "账单文件不存在");
    case Bills::Availability::Ready: break;
  }
  std::string content = parts.bills.render(day, keys.app_id, keys.mch_id);
  const std::string hash = crypto::sha1_hex(content);
  const std::string token = parts.bills.offer(std::move(content));
  net::Response response;
  response.body =
      codec::dump_json({{"hash_type", "SHA1"},
                        {"hash_value", hash},
                        {"download_url", fmt::format("http://{}/v3/billdownload/file?token={}", request.header("host"), token)}});
  return response;
}

using Action = net::Response (*)(Simulator::Parts&, const SimulatorKeys&, const net::Request&);

net::Response sign(Simulator::Parts& parts, const SimulatorKeys& keys, net::Response response, bool spoiled) {
  const auto headers = wechat::sign_answer(keys.signing_key, keys.key_id, response.body, parts.world.now(), parts.rng);
  if (!headers) return refuse(500, "SYSTEM_ERROR", "系统错误");
  for (net::Header header : *headers) {
    if (spoiled && header.name == "Wechatpay-Signature") header.value.front() = header.value.front() == 'A' ? 'B' : 'A';
    response.headers.push_back(std::move(header));
  }
  return response;
}

/// A fault before the effect, or nothing.
std::optional<net::Response> before_effect(const std::optional<Fault>& fault) {
  if (!fault) return std::nullopt;
  if (fault->kind == FaultKind::Error500) return refuse(500, "SYSTEM_ERROR", "系统错误");
  if (fault->kind == FaultKind::RateLimit) return refuse(429, "FREQUENCY_LIMITED", "频率超限");
  if (fault->kind != FaultKind::Drop) return std::nullopt;
  net::Response silence;
  silence.drop_connection = true;
  return silence;
}

net::Response act(Simulator::Parts& parts, Action action, const net::Request& request, const std::optional<Fault>& fault) {
  const auto keys = parts.keys->get();
  if (auto refused = authenticate(*keys, request, parts.world.now())) return sign(parts, *keys, std::move(*refused), false);
  if (auto failed = before_effect(fault))
    return failed->drop_connection ? std::move(*failed) : sign(parts, *keys, std::move(*failed), false);
  net::Response response = action(parts, *keys, request);
  if (fault && fault->kind == FaultKind::LostReplyAfterEffect) response.drop_connection = true;
  if (fault && fault->kind == FaultKind::Error500AfterEffect) response = refuse(500, "SYSTEM_ERROR", "系统错误");
  return sign(parts, *keys, std::move(response), fault && fault->kind == FaultKind::BadSignature);
}

base::Task<net::Response> serve(PartsPtr parts, Operation operation, Action action, net::Request request) {
  const std::optional<Fault> fault = parts->faults.roll(operation);
  if (fault && fault->kind == FaultKind::Delay) co_await net::wait_for(fault->delay);
  co_return act(*parts, action, request, fault);
}

/// The file itself: the request is signed, the answer is not.
base::Task<net::Response> download(PartsPtr parts, net::Request request) {
  const auto keys = parts->keys->get();
  if (auto refused = authenticate(*keys, request, parts->world.now())) co_return std::move(*refused);
  auto content = parts->bills.take(request.query_param("token").value_or(""));
  if (!content) co_return refuse(404, "RESOURCE_NOT_EXISTS", "下载地址已失效");
  net::Response response;
  response.content_type = "text/plain";
  response.body = std::move(*content);
  co_return response;
}

}  // namespace

void add_wechat_routes(net::Router& router, std::shared_ptr<Simulator::Parts> parts) {
  const auto on = [&](const char* method, const char* pattern, Operation operation, Action action) {
    router.add(method, pattern,
               [parts, operation, action](net::Request request) { return serve(parts, operation, action, std::move(request)); });
  };
  on("POST", "/v3/pay/transactions/native", Operation::Create, create);
  on("GET", "/v3/pay/transactions/out-trade-no/{number}", Operation::Query, query);
  on("POST", "/v3/pay/transactions/out-trade-no/{number}/close", Operation::Close, close);
  on("GET", "/v3/bill/tradebill", Operation::Bill, bill);
  router.add("GET", "/v3/billdownload/file", [parts](net::Request request) { return download(parts, std::move(request)); });
}

}  // namespace pay::simulator
