// The texts of WeChat Pay API v3 that both ends must build alike: what is signed, and how it stands in headers.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "common/base/rng.hpp"
#include "common/crypto/rsa.hpp"
#include "common/net/http.hpp"

namespace pay::channels::wechat_v3 {

constexpr std::string_view kScheme = "WECHATPAY2-SHA256-RSA2048";
constexpr auto kSignatureWindow = std::chrono::seconds{300};   // a timestamp this far from ours, or farther, is refused
constexpr auto kBillDelay = std::chrono::hours{10};  // bills are made from 09:00 of the next day; merchants are asked to wait until 10:00
constexpr auto kBeijing = std::chrono::hours{8};  // of times and of bill days, wherever the merchant is

/// METHOD, target, timestamp, nonce and body, each with a line end: what the merchant signs.
[[nodiscard]] std::string request_message(std::string_view method, std::string_view target, std::string_view timestamp,
                                          std::string_view nonce, std::string_view body);
/// Timestamp, nonce and body: what WeChat Pay signs in answers and callbacks.
[[nodiscard]] std::string answer_message(std::string_view timestamp, std::string_view nonce, std::string_view body);

struct Authorization {
  std::string mch_id;
  std::string nonce;
  std::string timestamp;
  std::string serial;
  std::string signature;  // base64
};
[[nodiscard]] std::string to_header(const Authorization& authorization);
/// Fields in any order; each exactly once.
[[nodiscard]] base::Result<Authorization> parse_authorization(std::string_view header);

/// The four headers of a signed answer or callback.
[[nodiscard]] base::Result<std::vector<net::Header>> sign_answer(const crypto::RsaPrivateKey& key, std::string_view serial,
                                                                 std::string_view body, base::TimePoint now, base::Rng& rng);
struct AnswerSignature {
  std::string_view timestamp;
  std::string_view nonce;
  std::string_view signature;
  std::string_view serial;
};
/// Unauthenticated, saying which part does not hold.
[[nodiscard]] base::Status verify_answer(const crypto::RsaPublicKey& key, std::string_view serial, const AnswerSignature& given,
                                         std::string_view body, base::TimePoint now);

/// 32 upper-case hexadecimal digits.
[[nodiscard]] std::string make_nonce(base::Rng& rng);
[[nodiscard]] std::string unix_seconds(base::TimePoint now);
/// "2026-01-31T23:59:59+08:00".
[[nodiscard]] std::string to_beijing(base::TimePoint time);

}  // namespace pay::channels::wechat_v3
