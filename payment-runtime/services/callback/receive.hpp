#pragma once

#include <optional>
#include <string>

#include "common/base/deadline.hpp"
#include "common/base/result.hpp"
#include "common/base/task.hpp"
#include "payment-runtime/domain/payment.hpp"
#include "payment-runtime/services/ports.hpp"

namespace pay::services::callback {

enum class Outcome {
  Applied,      // it changed the payment
  Duplicate,    // this very event was recorded before
  NothingNew,   // another event, but we knew
  Refused,  // genuine, but contradicts what we hold (other account, amount of a paid order, impossible time): kept in the inbox,
            // acknowledged, to be looked at
};
[[nodiscard]] std::string_view name(Outcome outcome);  // "applied" and so on: metric label and log field

struct Received {
  Outcome outcome = Outcome::NothingNew;
  std::string why;  // for Refused
  domain::Payment payment;  // as it is now
};

/// A channel's notification. A value means that it is durably stored with its effect, and may be acknowledged.
/// Errors, none to be acknowledged, so that the channel sends again: Unauthenticated (signature, key, time), InvalidArgument (unreadable),
/// NotFound (no such channel, or a payment that we do not have: recorded, and reconciliation will tell), Unavailable (store).
base::Task<base::Result<Received>> receive(std::string channel, ports::RawCallback callback, Ports ports, base::Deadline deadline);

constexpr std::size_t kCallbackBodyMax = 1U << 16;  // WeChat Pay's are below 4 KiB

}  // namespace pay::services::callback
