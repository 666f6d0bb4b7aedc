#include <algorithm>
#include <cstdint>
#include <string_view>

#include <nlohmann/json.hpp>

#include "common/base/text.hpp"
#include "operator/kube/json_text.hpp"
#include "operator/kube/transport.hpp"

namespace kube {
namespace {

using base::Code;
using nlohmann::json;

Code code_of(int status, const std::string& reason) {
  switch (status) {
    case 400:
    case 413:
    case 415:
    case 422: return Code::InvalidArgument;
    case 401: return Code::Unauthenticated;
    case 403: return Code::PermissionDenied;
    case 404: return Code::NotFound;
    case 405: return Code::Unimplemented;
    case 409: return reason == "AlreadyExists" ? Code::AlreadyExists : Code::Aborted;
    case 410: return Code::OutOfRange;
    case 429: return Code::ResourceExhausted;
    case 503: return Code::Unavailable;
    default: return Code::Unknown;
  }
}

/// An applied object that is not of its schema is answered 500 without a reason, though nothing was stored and the same would be said
/// again. Source: apimachinery, managedfields/internal/structuredmerge.go, Apply(); Kubernetes issue 139253.
bool is_against_the_schema(int status, const std::string& reason, std::string_view message) {
  return status == 500 && reason.empty() &&
         (message.starts_with("failed to create typed patch object ") || message.starts_with("failed to convert new object "));
}

}  // namespace

base::Error error_of(const Response& response) {
  base::Error error;
  error.retry_after = response.retry_after;
  const json status = json::parse(response.body, nullptr, false);
  if (!status.is_object()) {
    // A proxy's page, not the API server's answer: its first words are enough to recognise it.
    constexpr std::size_t kExcerptBytes = 120;
    error.code = code_of(response.status, "");
    error.message = "HTTP " + std::to_string(response.status) + ": " + base::clip(response.body, kExcerptBytes);
    return error;
  }
  const std::string reason = text(status, "reason");
  error.message = text(status, "message");
  error.code = is_against_the_schema(response.status, reason, error.message) ? Code::InvalidArgument : code_of(response.status, reason);
  if (error.message.empty()) error.message = "HTTP " + std::to_string(response.status);
  const auto details = status.find("details");
  if (details == status.end() || !details->is_object()) return error;
  if (const auto causes = details->find("causes"); causes != details->end() && causes->is_array() && !causes->empty()) {
    if (causes->front().is_object()) error.field = text(causes->front(), "field");
  }
  if (const auto wait = details->find("retryAfterSeconds"); !error.retry_after && wait != details->end() && wait->is_number_integer()) {
    constexpr std::int64_t kRetryAfterSecondsMax = 300;   // a longer wait would look like a dead operator
    error.retry_after = std::chrono::seconds(std::clamp<std::int64_t>(wait->get<std::int64_t>(), 0, kRetryAfterSecondsMax));
  }
  return error;
}

}  // namespace kube
