// The envelope of source documents A: {"code":0,"message":"success","data":{...}}; errors carry a code of five digits, HTTP status first.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "common/base/result.hpp"
#include "common/net/http.hpp"
#include "payment-runtime/domain/payment.hpp"

namespace pay::http {

[[nodiscard]] nlohmann::json to_json(const domain::Payment& payment);

[[nodiscard]] net::Response success(const domain::Payment& payment);
/// 409 with the payment that holds the business number.
[[nodiscard]] net::Response duplicate(const domain::Payment& payment);
/// Status, code and Retry-After by the error's code; the field at fault is named in `message` and in `data.field`.
[[nodiscard]] net::Response failure(const base::Error& error);

}  // namespace pay::http
