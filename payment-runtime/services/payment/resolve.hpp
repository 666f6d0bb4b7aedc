// Payments whose fate is open are resolved by asking the channel: never by guessing, never by the clock alone.
#pragma once

#include <chrono>
#include <cstddef>
#include <stop_token>
#include <string>

#include "common/base/deadline.hpp"
#include "common/base/result.hpp"
#include "common/base/task.hpp"
#include "payment-runtime/domain/payment.hpp"
#include "payment-runtime/services/ports.hpp"

namespace pay::services::payment {

struct Resolved {
  domain::Payment payment;   // as it is now
  std::string refusal;       // why the channel's answer was refused, for a person to look into; empty when it was not
};

/// Asks the channel about one open payment and stores what follows. An order that the channel does not know (we stopped between our
/// transaction and the call, or the call was lost) is made again under the same number while it can still be paid; one that nobody paid in
/// time is closed at the channel and asked about once more. Nothing is made, closed or ended on an answer that was refused. At most
/// kResolveCallsMax calls of the channel. Error: the channel or the store gave no answer, or the channel has another account now than the
/// order was made with; the payment stays as it is.
base::Task<base::Result<Resolved>> resolve(domain::Payment payment, Ports ports, base::Deadline deadline);

struct ResolverRound {
  std::size_t taken = 0;
  // Each payment counts in one of these at most; the others are as they were.
  std::size_t changed = 0;
  std::size_t unanswered = 0;
  std::size_t refused = 0;   // a person must look: told as channel_evidence_refused
};
/// Takes at most kResolverBatchMax payments whose time has come and resolves them, kResolverConcurrencyMax at a time.
base::Task<base::Result<ResolverRound>> resolve_due(Ports ports, base::Deadline deadline);

/// resolve_due() every kResolverInterval until `stop`. Errors are waited out; `observe` (may be null) sees every round that did something.
using ResolverObserver = void (*)(void* context, const base::Result<ResolverRound>& round);
base::Task<void> run_resolver(Ports ports, std::stop_token stop, ResolverObserver observe, void* context);

constexpr auto kResolverInterval = std::chrono::seconds{1};
constexpr auto kResolverRoundMax = std::chrono::seconds{40};
constexpr auto kResolveChannelBudget = std::chrono::seconds{5};   // of each channel call
constexpr int kResolveCallsMax = 3;                               // ask; make again or close; ask again
constexpr std::size_t kResolverConcurrencyMax = 16;               // payments asked about at the same time, by one process
/// No more than a round can ask about even when the channel uses up its time every time: who is taken is not asked by others for a while.
constexpr std::size_t kResolverBatchMax = kResolverConcurrencyMax * (kResolverRoundMax / (kResolveCallsMax * kResolveChannelBudget));

}  // namespace pay::services::payment
