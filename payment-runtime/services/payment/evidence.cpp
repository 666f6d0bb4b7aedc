#include "payment-runtime/services/payment/evidence.hpp"

#include <utility>

#include "common/obs/log.hpp"

namespace pay::services::payment {

namespace {

base::Task<base::Result<domain::Payment>> read_again(std::string out_trade_no, Ports ports, base::Deadline deadline) {
  auto found = co_await ports.store->find_by_out_trade_no(out_trade_no, deadline);
  if (!found) co_return base::fail(std::move(found.error()));
  if (!*found) co_return base::fail(base::Code::DataLoss, "payment " + out_trade_no + " was there and is gone");
  co_return std::move(**found);
}

/// Money that the channel holds for somebody else, twice, or at an impossible time: asking again mends nothing, so a person must see it.
void tell_refusal(const domain::Payment& payment, const std::string& why) {
  obs::warn("channel_evidence_refused",
            {{"channel", payment.channel}, {"out_trade_no", payment.out_trade_no}, {"payment_no", payment.payment_no}, {"problem", why}});
}

}  // namespace

base::Task<base::Result<Settled>> settle(domain::Payment payment, domain::ChannelEvidence evidence, std::optional<ports::InboxEntry> inbox,
                                         Ports ports, base::Deadline deadline) {
  for (int decision = 0; decision < kDecisionsMax; ++decision) {
    domain::Verdict verdict = domain::on_evidence(payment, evidence, ports.clock->now());
    if (verdict.kind == domain::Verdict::Kind::Move) {
      if (inbox) inbox->outcome = "applied";
      const base::Result<bool> applied = co_await ports.store->apply(*verdict.step, inbox, deadline);
      if (!applied) co_return base::fail(applied.error());
      if (*applied) {
        domain::Payment moved = domain::after(std::move(payment), *verdict.step);
        moved.notified = moved.notified || inbox.has_value();
        co_return Settled{verdict.kind, {}, false, std::move(moved)};
      }
      base::Result<domain::Payment> current = co_await read_again(payment.out_trade_no, ports, deadline);
      if (!current) co_return base::fail(std::move(current.error()));
      payment = std::move(*current);
      continue;
    }
    bool duplicate = false;
    if (inbox) {
      inbox->outcome = verdict.kind == domain::Verdict::Kind::Refused ? "refused" : "nothing_new";
      const base::Result<bool> recorded = co_await ports.store->record_callback(*inbox, deadline);
      if (!recorded) co_return base::fail(recorded.error());
      duplicate = !*recorded;
    }
    // Of a duplicate too: whoever recorded it may have stopped before a word was said.
    if (verdict.kind == domain::Verdict::Kind::Refused) tell_refusal(payment, verdict.why);
    co_return Settled{verdict.kind, std::move(verdict.why), duplicate, std::move(payment)};
  }
  co_return base::fail(base::Code::Aborted, "payment " + payment.payment_no + " is being changed by others; try again");
}

base::Task<base::Result<domain::Payment>> store_step(domain::Payment payment, domain::Step step, Ports ports, base::Deadline deadline) {
  const base::Result<bool> applied = co_await ports.store->apply(step, std::nullopt, deadline);
  if (!applied) co_return base::fail(applied.error());
  if (*applied) co_return domain::after(std::move(payment), step);
  base::Result<domain::Payment> current = co_await read_again(payment.out_trade_no, ports, deadline);
  co_return current;
}

}  // namespace pay::services::payment
