// Errors are values on every request and reconcile path; exceptions are for start-up and programmer errors.
// Codes are the 16 canonical status codes (google.rpc.Code), so that HTTP and Kubernetes mappings are standard.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace base {

enum class Code : unsigned char {
  Cancelled = 1,
  Unknown = 2,             // may or may not have happened: ask, never guess
  InvalidArgument = 3,
  DeadlineExceeded = 4,
  NotFound = 5,
  AlreadyExists = 6,
  PermissionDenied = 7,
  ResourceExhausted = 8,
  FailedPrecondition = 9,
  Aborted = 10,            // lost a race (conflict); read again and retry
  OutOfRange = 11,
  Unimplemented = 12,
  Internal = 13,
  Unavailable = 14,        // nothing happened; retry later
  DataLoss = 15,
  Unauthenticated = 16,
};

/// "INVALID_ARGUMENT" and so on, as google.rpc.Code spells them.
[[nodiscard]] std::string_view name(Code code);

/// What happened, to which field or object, and whether it may be tried again. `message` never holds a secret.
struct [[nodiscard]] Error {
  Code code = Code::Internal;
  std::string message;
  std::string field;                               // path of the offending input field; empty when no field is at fault
  std::optional<std::chrono::milliseconds> retry_after;

  friend bool operator==(const Error&, const Error&) = default;
};

template <typename T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

[[nodiscard]] inline tl::unexpected<Error> fail(Code code, std::string message, std::string field = {}) {
  return tl::unexpected<Error>(Error{code, std::move(message), std::move(field), std::nullopt});
}
[[nodiscard]] inline tl::unexpected<Error> fail(Error error) { return tl::unexpected<Error>(std::move(error)); }

/// One line for logs: "INVALID_ARGUMENT: amount: must be ...".
[[nodiscard]] std::string describe(const Error& error);

}  // namespace base
