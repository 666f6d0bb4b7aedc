// Who may call the API: X-API-Key, X-Timestamp and X-Signature = lower-case hex HMAC-SHA256(secret,
// METHOD "\n" path?query "\n" X-Timestamp "\n" Idempotency-Key "\n" hex SHA-256(body)).
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "common/base/secret.hpp"
#include "common/net/http.hpp"

namespace pay::http {

constexpr auto kTimestampWindow = std::chrono::seconds{300};

struct ApiCredentials {
  std::string key;
  base::Secret secret;
};

/// Returns what is configured right now (secrets reload); null when nothing is.
using CredentialsSource = std::function<std::shared_ptr<const ApiCredentials>()>;

/// Unauthenticated, saying what to send; never which part of a credential was right.
[[nodiscard]] base::Status authenticate(const net::Request& request, const ApiCredentials* credentials, base::TimePoint now);

}  // namespace pay::http
