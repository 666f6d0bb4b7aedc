// What every road to a state change shares: callback, resolver and reconciliation all bring evidence here.
#pragma once

#include <optional>
#include <string>

#include "common/base/deadline.hpp"
#include "common/base/result.hpp"
#include "common/base/task.hpp"
#include "payment-runtime/domain/payment.hpp"
#include "payment-runtime/services/ports.hpp"

namespace pay::services::payment {

struct Settled {
  domain::Verdict::Kind kind = domain::Verdict::Kind::Nothing;
  std::string why;                 // for Refused
  bool duplicate_event = false;    // the callback had been recorded before
  domain::Payment payment;         // as it is now
};

/// Decides and stores; when the payment has moved on between, reads it and decides again (at most kDecisionsMax times, then Aborted).
/// `inbox` is completed with the outcome and stored with it. Refused evidence is told here, for every caller: log event
/// channel_evidence_refused.
base::Task<base::Result<Settled>> settle(domain::Payment payment, domain::ChannelEvidence evidence, std::optional<ports::InboxEntry> inbox,
                                         Ports ports, base::Deadline deadline);

/// Stores a step of ours about the channel call that create or the resolver made; the payment as it is afterwards.
/// Evidence that overtook us wins: the step is then dropped.
base::Task<base::Result<domain::Payment>> store_step(domain::Payment payment, domain::Step step, Ports ports, base::Deadline deadline);

constexpr int kDecisionsMax = 4;

}  // namespace pay::services::payment
