#include "payment-runtime/services/payment/create.hpp"

#include <utility>

#include "common/base/ids.hpp"
#include "payment-runtime/services/payment/evidence.hpp"

namespace pay::services::payment {

namespace {

constexpr std::string_view kCurrency = "CNY";   // source documents A name none

base::Result<domain::Payment> validate(CreatePayment command, const Ports& ports) {
  if (auto checked = domain::check_business_no(command.business_no); !checked) return base::fail(std::move(checked.error()));
  if (command.subject.empty()) command.subject = command.business_no;
  if (auto checked = domain::check_subject(command.subject); !checked) return base::fail(std::move(checked.error()));
  base::Result<domain::Money> amount = domain::parse_money(command.amount, kCurrency);
  if (!amount) return base::fail(std::move(amount.error()));
  const auto channel = ports.channels->find(command.channel);
  if (channel == ports.channels->end()) {
    std::string names;
    for (const auto& [name, enabled] : *ports.channels) names += (names.empty() ? "" : ", ") + name;
    return base::fail(base::Code::InvalidArgument, "must be an enabled channel: " + (names.empty() ? "none is enabled" : names),
                      "paymentChannel");
  }

  domain::Payment payment;
  const base::TimePoint now = ports.clock->now();
  payment.payment_no = payment.out_trade_no = base::ulid(now, *ports.rng);
  payment.business_no = std::move(command.business_no);
  payment.channel = std::move(command.channel);
  payment.account = channel->second->account();
  payment.amount = std::move(*amount);
  payment.subject = std::move(command.subject);
  payment.created_at = payment.updated_at = now;
  payment.expires_at = now + domain::kPayableFor;
  return payment;
}

/// A duplicate that Redis remembers and the database confirms. The key alone proves nothing: its payment may never have been stored.
base::Task<base::Result<std::optional<domain::Payment>>> find_duplicate_early(domain::Payment payment, Ports ports,
                                                                              base::Deadline deadline) {
  if (ports.cache == nullptr) co_return std::nullopt;
  const base::Result<bool> first =
      co_await ports.cache->set_if_absent(std::string{kIdempotencyKeyPrefix} + payment.business_no, payment.payment_no, kIdempotencyKeyLife,
                                          deadline.capped(*ports.clock, kCacheBudget));
  if (!first || *first) co_return std::nullopt;
  co_return co_await ports.store->find_by_business_no(payment.business_no, deadline);
}

domain::Step step_after(const domain::Payment& payment, base::Result<ports::Prepay> prepay, base::TimePoint now) {
  if (prepay) return domain::on_prepay(payment, std::move(prepay->code_url), now);
  if (prepay.error().code == base::Code::Unknown) return domain::on_unknown(payment, std::move(prepay.error().message), now);
  return domain::on_declined(payment, std::move(prepay.error().message), now);
}

}  // namespace

base::Task<base::Result<Created>> create(CreatePayment command, Ports ports, base::Deadline deadline) {
  base::Result<domain::Payment> fresh = validate(std::move(command), ports);
  if (!fresh) co_return base::fail(std::move(fresh.error()));

  base::Result<std::optional<domain::Payment>> early = co_await find_duplicate_early(*fresh, ports, deadline);
  if (!early) co_return base::fail(std::move(early.error()));
  if (*early) co_return Created{false, std::move(**early)};

  base::Result<ports::Begun> begun = co_await ports.store->begin_payment(std::move(*fresh), deadline);
  if (!begun) co_return base::fail(std::move(begun.error()));
  if (!begun->first) co_return Created{false, std::move(begun->payment)};
  domain::Payment payment = std::move(begun->payment);

  // From here on the payment exists: whatever fails, the answer is the payment in the state we know of, and the resolver goes on.
  ports::ChannelOrder order{payment.out_trade_no, payment.amount, payment.subject, payment.expires_at};
  const base::Deadline ask_until = base::Deadline::at(deadline.when() - kAnswerReserve);
  base::Result<ports::Prepay> prepay = co_await ports.channels->find(payment.channel)->second->create(std::move(order), ask_until);
  if (!prepay && prepay.error().code == base::Code::Unavailable) co_return Created{true, std::move(payment)};

  domain::Step step = step_after(payment, std::move(prepay), ports.clock->now());
  base::Result<domain::Payment> stored = co_await store_step(payment, std::move(step), ports, deadline);
  if (stored) payment = std::move(*stored);
  co_return Created{true, std::move(payment)};
}

base::Task<base::Result<domain::Payment>> query(std::string business_no, Ports ports, base::Deadline deadline) {
  // A number that could never have been stored is absent, not an error of the caller's.
  if (!domain::check_business_no(business_no)) co_return base::fail(base::Code::NotFound, "no payment has this business number");
  base::Result<std::optional<domain::Payment>> found = co_await ports.store->find_by_business_no(std::move(business_no), deadline);
  if (!found) co_return base::fail(std::move(found.error()));
  if (!*found) co_return base::fail(base::Code::NotFound, "no payment has this business number");
  co_return std::move(**found);
}

}  // namespace pay::services::payment
