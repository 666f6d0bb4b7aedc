#include "payment-runtime/services/payment/resolve.hpp"

#include <optional>
#include <utility>

#include "common/net/wait.hpp"
#include "common/obs/log.hpp"
#include "payment-runtime/services/payment/evidence.hpp"

namespace pay::services::payment {

namespace {

using domain::Payment;
using domain::TradeState;

base::Task<base::Result<Payment>> ask(Payment payment, ports::Channel* channel, Ports ports, base::Deadline deadline) {
  base::Result<domain::ChannelEvidence> evidence =
      co_await channel->query(payment.out_trade_no, deadline.capped(*ports.clock, kResolveChannelBudget));
  if (!evidence) co_return base::fail(std::move(evidence.error()));
  base::Result<Settled> settled =
      co_await settle(std::move(payment), std::move(*evidence), std::string{channel->account()}, std::nullopt, ports, deadline);
  if (!settled) co_return base::fail(std::move(settled.error()));
  co_return std::move(settled->payment);
}

/// The same order under the same number: the channel either makes it now or gives the code of the one it has.
base::Task<base::Result<Payment>> make_again(Payment payment, TradeState known, ports::Channel* channel, Ports ports,
                                             base::Deadline deadline) {
  ports::ChannelOrder order{payment.out_trade_no, payment.amount, payment.subject, payment.expires_at};
  base::Result<ports::Prepay> prepay = co_await channel->create(std::move(order), deadline.capped(*ports.clock, kResolveChannelBudget));
  if (prepay) {
    domain::Step step = domain::on_prepay(payment, std::move(prepay->code_url), ports.clock->now());
    co_return co_await store_step(std::move(payment), std::move(step), ports, deadline);
  }
  const base::Error error = std::move(prepay.error());
  if (error.code == base::Code::Unavailable) co_return base::fail(error);
  if (error.code == base::Code::Unknown) {
    if (payment.state == domain::State::Unknown) co_return base::fail(error);
    domain::Step step = domain::on_unknown(payment, error.message, ports.clock->now());
    co_return co_await store_step(std::move(payment), std::move(step), ports, deadline);
  }
  // Declined. That alone does not say that there is no order: our first request may have arrived meanwhile, and this one be its duplicate.
  base::Result<domain::ChannelEvidence> evidence =
      co_await channel->query(payment.out_trade_no, deadline.capped(*ports.clock, kResolveChannelBudget));
  if (!evidence) co_return base::fail(std::move(evidence.error()));
  if (evidence->state == TradeState::NotFound && known == TradeState::NotFound) {
    domain::Step step = domain::on_declined(payment, error.message, ports.clock->now());
    co_return co_await store_step(std::move(payment), std::move(step), ports, deadline);
  }
  base::Result<Settled> settled =
      co_await settle(std::move(payment), std::move(*evidence), std::string{channel->account()}, std::nullopt, ports, deadline);
  if (!settled) co_return base::fail(std::move(settled.error()));
  co_return std::move(settled->payment);
}

/// Money that the channel holds for somebody else, or another amount: nothing that asking again mends, so a person must see it.
void tell_refusal(const Settled& settled) {
  if (settled.kind != domain::Verdict::Kind::Refused) return;
  obs::warn("channel_evidence_refused", {{"payment_no", settled.payment.payment_no}, {"problem", settled.why}});
}

bool same(const Payment& before, const Payment& now) { return before.version == now.version; }

}  // namespace

base::Task<base::Result<Payment>> resolve(Payment payment, Ports ports, base::Deadline deadline) {
  const auto found = ports.channels->find(payment.channel);
  if (found == ports.channels->end()) {
    co_return base::fail(base::Code::FailedPrecondition,
                         "channel " + payment.channel + " of payment " + payment.payment_no + " is not enabled");
  }
  ports::Channel* const channel = found->second;

  base::Result<domain::ChannelEvidence> evidence =
      co_await channel->query(payment.out_trade_no, deadline.capped(*ports.clock, kResolveChannelBudget));
  if (!evidence) co_return base::fail(std::move(evidence.error()));

  const TradeState known = evidence->state;
  const bool open_at_channel = known == TradeState::NotFound || known == TradeState::AwaitingPayer;
  const base::TimePoint now = ports.clock->now();
  const bool has_no_code = payment.state == domain::State::PendingChannel || payment.state == domain::State::Unknown;
  if (open_at_channel && has_no_code && now < payment.expires_at) {
    co_return co_await make_again(std::move(payment), known, channel, ports, deadline);
  }

  base::Result<Settled> settled =
      co_await settle(std::move(payment), std::move(*evidence), std::string{channel->account()}, std::nullopt, ports, deadline);
  if (!settled) co_return base::fail(std::move(settled.error()));
  tell_refusal(*settled);
  payment = std::move(settled->payment);

  if (known == TradeState::AwaitingPayer && !domain::is_final(payment.state) && now >= payment.expires_at + domain::kClockMargin) {
    // Nobody paid in time. Close it at the channel and believe only what it says afterwards: the payer may have been faster.
    const base::Status closed = co_await channel->close(payment.out_trade_no, deadline.capped(*ports.clock, kResolveChannelBudget));
    if (!closed && (closed.error().code == base::Code::Unavailable || closed.error().code == base::Code::Unknown)) {
      co_return base::fail(closed.error());
    }
    co_return co_await ask(std::move(payment), channel, ports, deadline);
  }
  co_return payment;
}

base::Task<base::Result<ResolverRound>> resolve_due(Ports ports, base::Deadline deadline) {
  base::Result<std::vector<Payment>> taken = co_await ports.store->take_unresolved(ports.clock->now(), kResolverBatchMax, deadline);
  if (!taken) co_return base::fail(std::move(taken.error()));
  ResolverRound round{.taken = taken->size()};
  for (const Payment& payment : *taken) {
    if (deadline.passed(*ports.clock)) {
      ++round.unanswered;
      continue;
    }
    const base::Result<Payment> resolved = co_await resolve(payment, ports, deadline);
    if (!resolved) {
      ++round.unanswered;
      obs::warn("payment_unresolved", {{"payment_no", payment.payment_no}, {"problem", base::describe(resolved.error())}});
    } else if (!same(payment, *resolved)) {
      ++round.changed;
    }
  }
  co_return round;
}

base::Task<void> run_resolver(Ports ports, std::stop_token stop, ResolverObserver observe, void* context) {
  while (!stop.stop_requested()) {
    const base::Result<ResolverRound> round = co_await resolve_due(ports, base::Deadline::after(*ports.clock, kResolverRoundMax));
    if (observe != nullptr && (!round || round->taken > 0)) observe(context, round);
    if (round && round->taken == kResolverBatchMax) continue;  // a backlog: go on at once
    co_await net::wait_for(kResolverInterval);
  }
}

}  // namespace pay::services::payment
