#include "payment-runtime/http/authenticate.hpp"

#include <charconv>

#include "common/crypto/digest.hpp"

namespace pay::http {

base::Status authenticate(const net::Request& request, const ApiCredentials* credentials, base::TimePoint now) {
  const auto refuse = [](const char* why) { return base::fail(base::Code::Unauthenticated, why); };
  if (credentials == nullptr) {
    return refuse(
        "no API credentials are configured: add api-key and api-secret to the platform's Secret, or set authentication to Development");
  }
  const std::string_view key = request.header("x-api-key");
  const std::string_view timestamp = request.header("x-timestamp");
  const std::string_view signature = request.header("x-signature");
  if (key.empty() || timestamp.empty() || signature.empty())
    return refuse("the headers X-API-Key, X-Timestamp and X-Signature are required");
  std::int64_t seconds = 0;
  const auto [last, problem] = std::from_chars(timestamp.data(), timestamp.data() + timestamp.size(), seconds);
  constexpr std::int64_t kYear9999 = 253'402'300'799;
  if (problem != std::errc{} || last != timestamp.data() + timestamp.size() || seconds < 0 || seconds > kYear9999) {
    return refuse("X-Timestamp must be the time in seconds since 1970");
  }
  const auto distance = std::chrono::abs(now - base::TimePoint{std::chrono::seconds{seconds}});
  if (distance > kTimestampWindow) return refuse("X-Timestamp is more than 300 seconds from the server's clock");
  std::string message = request.method;
  message += '\n';
  message += request.target;
  message += '\n';
  message += timestamp;
  message += '\n';
  message += request.header("idempotency-key");
  message += '\n';
  message += crypto::sha256_hex(request.body);
  const std::string expected = crypto::hmac_sha256_hex(credentials->secret.reveal(), message);
  const bool good_key = crypto::equal_in_constant_time(key, credentials->key);
  const bool good_signature = crypto::equal_in_constant_time(signature, expected);
  if (!good_key || !good_signature) return refuse("X-API-Key or X-Signature does not hold");
  return {};
}

}  // namespace pay::http
