#include "payment-runtime/http/envelope.hpp"

#include <nlohmann/json.hpp>

#include "common/codec/json.hpp"
#include "payment-runtime/domain/money.hpp"

namespace pay::http {
namespace {

struct Mapping {
  int status;
  int code;
};

Mapping mapping_of(base::Code code) {
  switch (code) {
    case base::Code::InvalidArgument:
    case base::Code::OutOfRange: return {400, 40001};
    case base::Code::Unauthenticated: return {401, 40101};
    case base::Code::PermissionDenied: return {403, 40301};
    case base::Code::NotFound: return {404, 40401};
    case base::Code::AlreadyExists: return {409, 40901};
    case base::Code::Aborted: return {409, 40902};
    case base::Code::FailedPrecondition: return {422, 42201};
    case base::Code::ResourceExhausted: return {429, 42901};
    case base::Code::Unavailable:
    case base::Code::DeadlineExceeded: return {503, 50301};
    default: return {500, 50001};
  }
}

net::Response envelope(int status, int code, std::string_view message, const nlohmann::json& data) {
  net::Response response;
  response.status = status;
  nlohmann::json body = {{"code", code}, {"message", message}};
  if (!data.is_null()) body["data"] = data;
  response.body = codec::dump_json(body);
  return response;
}

}  // namespace

nlohmann::json to_json(const domain::Payment& payment) {
  nlohmann::json data = {
      {"paymentNo", payment.payment_no},     {"businessNo", payment.business_no}, {"amount", domain::format_amount(payment.amount)},
      {"currency", payment.amount.currency}, {"paymentChannel", payment.channel}, {"status", domain::status_code(payment.state)},
      {"state", domain::name(payment.state)}};
  if (!payment.code_url.empty()) data["codeUrl"] = payment.code_url;
  return data;
}

net::Response success(const domain::Payment& payment) { return envelope(200, 0, "success", to_json(payment)); }

net::Response duplicate(const domain::Payment& payment) {
  return envelope(409, 40901, "重复支付请求 (duplicate payment request)", to_json(payment));
}

net::Response failure(const base::Error& error) {
  const Mapping mapping = mapping_of(error.code);
  // What went wrong inside is for the log; a caller learns that it did.
  const std::string words = mapping.status == 500   ? "internal error"
                            : mapping.status == 503 ? "the service cannot answer now; ask again with the same businessNo"
                                                    : error.message;
  const std::string message = error.field.empty() ? words : error.field + ": " + words;
  net::Response response =
      envelope(mapping.status, mapping.code, message, error.field.empty() ? nlohmann::json{} : nlohmann::json{{"field", error.field}});
  if (mapping.status == 503) {
    const auto wait = error.retry_after.value_or(std::chrono::seconds{1});
    const auto seconds = std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::seconds>(wait).count());
    response.headers.push_back({"Retry-After", std::to_string(seconds)});
  }
  return response;
}

}  // namespace pay::http
