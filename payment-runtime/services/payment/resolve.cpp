#include "payment-runtime/services/payment/resolve.hpp"

#include <algorithm>
#include <exception>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/net/wait.hpp"
#include "common/obs/log.hpp"
#include "payment-runtime/services/payment/evidence.hpp"

namespace pay::services::payment {

namespace {

using domain::Payment;
using domain::TradeState;

/// Evidence about no other order and no other account than the payment's.
bool is_about(const domain::ChannelEvidence& evidence, const Payment& payment) {
  return evidence.out_trade_no == payment.out_trade_no && evidence.account == payment.account;
}

base::Task<base::Result<Resolved>> settle_answer(Payment payment, domain::ChannelEvidence evidence, Ports ports, base::Deadline deadline) {
  base::Result<Settled> settled = co_await settle(std::move(payment), std::move(evidence), std::nullopt, ports, deadline);
  if (!settled) co_return base::fail(std::move(settled.error()));
  Resolved resolved;
  if (settled->kind == domain::Verdict::Kind::Refused) resolved.refusal = std::move(settled->why);
  resolved.payment = std::move(settled->payment);
  co_return resolved;
}

base::Task<base::Result<Resolved>> store_our_step(Payment payment, domain::Step step, Ports ports, base::Deadline deadline) {
  base::Result<Payment> stored = co_await store_step(std::move(payment), std::move(step), ports, deadline);
  if (!stored) co_return base::fail(std::move(stored.error()));
  Resolved resolved;
  resolved.payment = std::move(*stored);
  co_return resolved;
}

base::Task<base::Result<Resolved>> ask(Payment payment, ports::Channel* channel, Ports ports, base::Deadline deadline) {
  base::Result<domain::ChannelEvidence> evidence =
      co_await channel->query(payment.out_trade_no, deadline.capped(*ports.clock, kResolveChannelBudget));
  if (!evidence) co_return base::fail(std::move(evidence.error()));
  co_return co_await settle_answer(std::move(payment), std::move(*evidence), ports, deadline);
}

/// The same order under the same number: the channel either makes it now or gives the code of the one it has.
base::Task<base::Result<Resolved>> make_again(Payment payment, TradeState known, ports::Channel* channel, Ports ports,
                                              base::Deadline deadline) {
  ports::ChannelOrder order{payment.out_trade_no, payment.amount, payment.subject, payment.expires_at};
  base::Result<ports::Prepay> prepay = co_await channel->create(std::move(order), deadline.capped(*ports.clock, kResolveChannelBudget));
  if (prepay) {
    domain::Step step = domain::on_prepay(payment, std::move(prepay->code_url), ports.clock->now());
    co_return co_await store_our_step(std::move(payment), std::move(step), ports, deadline);
  }
  const base::Error error = std::move(prepay.error());
  if (error.code == base::Code::Unavailable) co_return base::fail(error);
  if (error.code == base::Code::Unknown) {
    if (payment.state == domain::State::Unknown) co_return base::fail(error);
    domain::Step step = domain::on_unknown(payment, error.message, ports.clock->now());
    co_return co_await store_our_step(std::move(payment), std::move(step), ports, deadline);
  }
  // Declined. That alone does not say that there is no order: our first request may have arrived meanwhile, and this one be its duplicate.
  base::Result<domain::ChannelEvidence> evidence =
      co_await channel->query(payment.out_trade_no, deadline.capped(*ports.clock, kResolveChannelBudget));
  if (!evidence) co_return base::fail(std::move(evidence.error()));
  if (is_about(*evidence, payment) && evidence->state == TradeState::NotFound && known == TradeState::NotFound) {
    domain::Step step = domain::on_declined(payment, error.message, ports.clock->now());
    co_return co_await store_our_step(std::move(payment), std::move(step), ports, deadline);
  }
  co_return co_await settle_answer(std::move(payment), std::move(*evidence), ports, deadline);
}

bool same(const Payment& before, const Payment& now) { return before.version == now.version; }

}  // namespace

base::Task<base::Result<Resolved>> resolve(Payment payment, Ports ports, base::Deadline deadline) {
  const auto found = ports.channels->find(payment.channel);
  if (found == ports.channels->end()) {
    co_return base::fail(base::Code::FailedPrecondition,
                         "channel " + payment.channel + " of payment " + payment.payment_no + " is not enabled");
  }
  ports::Channel* const channel = found->second;
  if (payment.account != channel->account()) {
    // To another account the order does not exist; its "no such order" would end a payment that somebody may have paid.
    co_return base::fail(
        base::Code::FailedPrecondition,
        fmt::format("payment {} was made with account {} of channel {}, which is {} now; run with the former until no payment "
                    "is open",
                    payment.payment_no, payment.account, payment.channel, channel->account()));
  }

  base::Result<domain::ChannelEvidence> evidence =
      co_await channel->query(payment.out_trade_no, deadline.capped(*ports.clock, kResolveChannelBudget));
  if (!evidence) co_return base::fail(std::move(evidence.error()));

  const TradeState known = evidence->state;
  const bool open_at_channel = known == TradeState::NotFound || known == TradeState::AwaitingPayer;
  const base::TimePoint now = ports.clock->now();
  const bool has_no_code = payment.state == domain::State::PendingChannel || payment.state == domain::State::Unknown;
  if (is_about(*evidence, payment) && open_at_channel && has_no_code && now < payment.expires_at) {
    co_return co_await make_again(std::move(payment), known, channel, ports, deadline);
  }

  base::Result<Resolved> resolved = co_await settle_answer(std::move(payment), std::move(*evidence), ports, deadline);
  if (!resolved || !resolved->refusal.empty()) co_return resolved;
  payment = resolved->payment;

  if (known == TradeState::AwaitingPayer && !domain::is_final(payment.state) && now >= payment.expires_at + domain::kClockMargin) {
    // Nobody paid in time. Close it at the channel and believe only what it says afterwards: the payer may have been faster.
    const base::Status closed = co_await channel->close(payment.out_trade_no, deadline.capped(*ports.clock, kResolveChannelBudget));
    if (!closed && (closed.error().code == base::Code::Unavailable || closed.error().code == base::Code::Unknown)) {
      co_return base::fail(closed.error());
    }
    co_return co_await ask(std::move(payment), channel, ports, deadline);
  }
  co_return resolved;
}

namespace {

/// What the lanes of one round share. They run on one executor, so that nothing here is touched by two of them at once.
struct Round {
  Round(const boost::asio::any_io_executor& executor, Ports with, base::Deadline until, std::vector<Payment> payments)
      : ports(with),
        deadline(until),
        taken(std::move(payments)),
        lanes(std::min(taken.size(), kResolverConcurrencyMax)),
        finished(executor, boost::asio::steady_timer::time_point::max()) {
    result.taken = taken.size();
  }

  Ports ports;
  base::Deadline deadline;
  std::vector<Payment> taken;
  std::size_t next = 0;
  std::size_t lanes;
  ResolverRound result;
  std::exception_ptr failure;
  boost::asio::steady_timer finished;  // never comes; the last lane cancels it
};

base::Task<void> resolve_next(Round* round) {
  const Payment payment = round->taken[round->next++];
  if (round->deadline.passed(*round->ports.clock)) {
    ++round->result.unanswered;
    co_return;
  }
  const base::Result<Resolved> resolved = co_await resolve(payment, round->ports, round->deadline);
  if (!resolved) {
    ++round->result.unanswered;
    obs::warn("payment_unresolved", {{"payment_no", payment.payment_no}, {"problem", base::describe(resolved.error())}});
  } else if (!resolved->refusal.empty()) {
    ++round->result.refused;
  } else if (!same(payment, resolved->payment)) {
    ++round->result.changed;
  }
}

base::Task<void> run_lane(std::shared_ptr<Round> round) {
  try {
    while (round->next < round->taken.size()) co_await resolve_next(round.get());
  } catch (...) {
    round->failure = std::current_exception();
  }
  if (--round->lanes == 0) round->finished.cancel();
}

}  // namespace

base::Task<base::Result<ResolverRound>> resolve_due(Ports ports, base::Deadline deadline) {
  base::Result<std::vector<Payment>> taken = co_await ports.store->take_unresolved(ports.clock->now(), kResolverBatchMax, deadline);
  if (!taken) co_return base::fail(std::move(taken.error()));
  const auto executor = co_await boost::asio::this_coro::executor;
  const auto round = std::make_shared<Round>(executor, ports, deadline, std::move(*taken));
  for (std::size_t lane = round->lanes; lane > 0; --lane) boost::asio::co_spawn(executor, run_lane(round), boost::asio::detached);
  while (round->lanes > 0) {
    boost::system::error_code cancelled;
    co_await round->finished.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, cancelled));
  }
  if (round->failure) std::rethrow_exception(round->failure);
  co_return round->result;
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
