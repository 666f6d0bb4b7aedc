#include "payment-runtime/services/callback/receive.hpp"

#include <utility>

#include "payment-runtime/services/payment/evidence.hpp"

namespace pay::services::callback {

std::string_view name(Outcome outcome) {
  switch (outcome) {
    case Outcome::Applied: return "applied";
    case Outcome::Duplicate: return "duplicate";
    case Outcome::NothingNew: return "nothing_new";
    case Outcome::Refused: return "refused";
  }
  return "refused";
}

base::Task<base::Result<Received>> receive(std::string channel, ports::RawCallback callback, Ports ports, base::Deadline deadline) {
  const auto found = ports.channels->find(channel);
  if (found == ports.channels->end()) co_return base::fail(base::Code::NotFound, "channel " + channel + " is not enabled");
  if (callback.body.size() > kCallbackBodyMax) co_return base::fail(base::Code::InvalidArgument, "the callback's body is too large");

  const base::TimePoint now = ports.clock->now();
  base::Result<ports::VerifiedCallback> verified = found->second->verify(callback, now);
  if (!verified) co_return base::fail(std::move(verified.error()));

  if (verified->event_id.empty() || verified->event_id.size() > ports::kIdentifierMax ||
      verified->evidence.out_trade_no.size() > ports::kIdentifierMax) {
    co_return base::fail(base::Code::InvalidArgument, "the callback's identifiers are empty or too long");
  }

  ports::InboxEntry inbox{
      .event_id = std::move(verified->event_id),
      .channel = std::move(channel),
      .out_trade_no = verified->evidence.out_trade_no,
      .body = std::move(callback.body),
      .outcome = {},
      .received_at = now,
  };
  base::Result<std::optional<domain::Payment>> payment =
      co_await ports.store->find_by_out_trade_no(verified->evidence.out_trade_no, deadline);
  if (!payment) co_return base::fail(std::move(payment.error()));
  if (!*payment || (*payment)->channel != inbox.channel) {
    // Our number is stored before the channel hears it, so this is money for an order that is not ours, or that a restored backup lost.
    inbox.outcome = "no_such_payment";
    const std::string number = inbox.out_trade_no;
    const base::Result<bool> recorded = co_await ports.store->record_callback(std::move(inbox), deadline);
    if (!recorded) co_return base::fail(recorded.error());
    co_return base::fail(base::Code::NotFound, "no payment has the channel order number " + number);
  }

  base::Result<payment::Settled> settled =
      co_await payment::settle(std::move(**payment), std::move(verified->evidence), std::move(inbox), ports, deadline);
  if (!settled) co_return base::fail(std::move(settled.error()));
  Received received{.outcome = Outcome::NothingNew, .why = std::move(settled->why), .payment = std::move(settled->payment)};
  if (settled->duplicate_event) {
    received.outcome = Outcome::Duplicate;
  } else if (settled->kind == domain::Verdict::Kind::Move) {
    received.outcome = Outcome::Applied;
  } else if (settled->kind == domain::Verdict::Kind::Refused) {
    received.outcome = Outcome::Refused;
  }
  co_return received;
}

}  // namespace pay::services::callback
