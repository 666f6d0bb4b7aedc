#pragma once

#include <string>

#include "common/base/deadline.hpp"
#include "common/base/result.hpp"
#include "common/base/task.hpp"
#include "payment-runtime/domain/payment.hpp"
#include "payment-runtime/services/ports.hpp"

namespace pay::services::payment {

struct CreatePayment {
  std::string business_no;
  std::string amount;      // decimal text as the caller wrote it: "100", "100.00"
  std::string channel;
  std::string subject;     // empty: the business number stands in
};

struct Created {
  bool first = false;            // false: a duplicate; `payment` is the one that holds the business number, nothing has changed
  domain::Payment payment;
};

/// Creates a payment and asks the channel for a way to pay it. One database transaction before the channel call and one after; none is open
/// while the channel is called. The payment comes back in the state that is known: AWAITING_PAYER with code_url, FAILED when the channel
/// declined, PENDING_CHANNEL or UNKNOWN when the channel could not be reached or did not answer (the resolver goes on with it).
/// Errors: InvalidArgument (field named, nothing stored); Unavailable with retry_after (the store: ask again with the same business
/// number).
base::Task<base::Result<Created>> create(CreatePayment command, Ports ports, base::Deadline deadline);

/// NotFound, or Unavailable with retry_after.
base::Task<base::Result<domain::Payment>> query(std::string business_no, Ports ports, base::Deadline deadline);

/// The key under which a duplicate is noticed early (named as the source documents name it), and for how long.
constexpr std::string_view kIdempotencyKeyPrefix = "payment:idempotent:";
constexpr auto kIdempotencyKeyLife = std::chrono::seconds{300};
constexpr auto kAnswerReserve = std::chrono::milliseconds{500};  // kept from the channel's time to store what it said
constexpr auto kCacheBudget = std::chrono::milliseconds{50};  // what a payment is willing to wait for a hint

}  // namespace pay::services::payment
