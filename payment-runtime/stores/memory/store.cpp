#include "payment-runtime/stores/memory/store.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/base/assert.hpp"

namespace pay::stores::memory {

namespace {

using domain::Payment;

auto unavailable() {
  return base::fail(base::Error{base::Code::Unavailable, "the store is not available", {}, std::chrono::milliseconds{1000}});
}

template <typename T>
base::Result<T> reply(T value, bool lost) {
  if (lost) return unavailable();
  return value;
}

std::vector<Payment> page(std::vector<std::pair<base::TimePoint, Payment>> rows, const ports::Cursor& after) {
  std::ranges::sort(rows, {}, [](const auto& row) { return std::pair{row.first, row.second.payment_no}; });
  std::vector<Payment> result;
  for (auto& [at, payment] : rows) {
    if (std::pair{at, payment.payment_no} > std::pair{after.at, after.payment_no} && result.size() < ports::kPageMax)
      result.push_back(std::move(payment));
  }
  return result;
}

}  // namespace

void MemoryStore::fail_next(const std::string& operation, std::vector<Fault> faults) {
  const std::scoped_lock lock{mutex_};
  faults_[operation].insert(faults_[operation].end(), faults.begin(), faults.end());
}

void MemoryStore::set_down(bool down) {
  const std::scoped_lock lock{mutex_};
  down_ = down;
}

void MemoryStore::before_next(const std::string& operation, std::function<void(Contents&)> action) {
  const std::scoped_lock lock{mutex_};
  actions_[operation] = std::move(action);
}

Contents MemoryStore::contents() const {
  const std::scoped_lock lock{mutex_};
  return contents_;
}

Payment MemoryStore::payment_of(const std::string& business_no) const {
  const std::scoped_lock lock{mutex_};
  const Payment* found = find([&business_no](const Payment& payment) { return payment.business_no == business_no; });
  BASE_ASSERT(found != nullptr);
  return *found;
}

const Payment* MemoryStore::find(const std::function<bool(const Payment&)>& wanted) const {
  const auto found = std::ranges::find_if(contents_.payments, [&wanted](const auto& item) { return wanted(item.second); });
  return found == contents_.payments.end() ? nullptr : &found->second;
}

base::Task<base::Result<bool>> MemoryStore::enter(std::string operation) {
  const auto executor = co_await boost::asio::this_coro::executor;
  co_await boost::asio::post(executor, boost::asio::use_awaitable);
  const std::scoped_lock lock{mutex_};
  if (const auto action = actions_.find(operation); action != actions_.end()) {
    action->second(contents_);
    actions_.erase(action);
  }
  if (down_) co_return unavailable();
  std::deque<Fault>& faults = faults_[operation];
  if (faults.empty()) co_return false;
  const Fault fault = faults.front();
  faults.pop_front();
  if (fault == Fault::Unavailable) co_return unavailable();
  co_return true;
}

base::Task<base::Result<ports::Begun>> MemoryStore::begin_payment(Payment payment, base::Deadline) {
  const base::Result<bool> lost = co_await enter("begin_payment");
  if (!lost) co_return base::fail(lost.error());
  const std::scoped_lock lock{mutex_};
  const Payment* holder = find([&payment](const Payment& other) { return other.business_no == payment.business_no; });
  if (holder != nullptr) co_return reply(ports::Begun{false, *holder}, *lost);
  contents_.checks[payment.payment_no] = domain::first_check(payment.state, payment.created_at);
  contents_.payments.emplace(payment.payment_no, payment);
  co_return reply(ports::Begun{true, std::move(payment)}, *lost);
}

base::Task<base::Result<bool>> MemoryStore::apply(domain::Step step, std::optional<ports::InboxEntry> inbox, base::Deadline) {
  const base::Result<bool> lost = co_await enter("apply");
  if (!lost) co_return base::fail(lost.error());
  const std::scoped_lock lock{mutex_};
  BASE_ASSERT(domain::is_sound(step));
  Payment& payment = contents_.payments.at(step.payment_no);
  if (payment.state != step.from || payment.version != step.version) co_return reply(false, *lost);
  payment = domain::after(std::move(payment), step);
  payment.notified = payment.notified || inbox.has_value();
  contents_.checks[step.payment_no] = step.check_at;
  for (const domain::LedgerEntry& entry : step.entries) {
    contents_.ledger.push_back({step.payment_no + ":" + std::to_string(payment.version), entry});
  }
  if (inbox) contents_.inbox.try_emplace({inbox->channel, inbox->event_id}, *inbox);
  contents_.history.push_back(std::move(step));
  co_return reply(true, *lost);
}

base::Task<base::Result<bool>> MemoryStore::record_callback(ports::InboxEntry entry, base::Deadline) {
  const base::Result<bool> lost = co_await enter("record_callback");
  if (!lost) co_return base::fail(lost.error());
  const std::scoped_lock lock{mutex_};
  co_return reply(contents_.inbox.try_emplace({entry.channel, entry.event_id}, entry).second, *lost);
}

base::Task<base::Result<std::optional<Payment>>> MemoryStore::find_by_business_no(std::string business_no, base::Deadline) {
  const base::Result<bool> lost = co_await enter("find_by_business_no");
  if (!lost) co_return base::fail(lost.error());
  const std::scoped_lock lock{mutex_};
  const Payment* found = find([&business_no](const Payment& payment) { return payment.business_no == business_no; });
  co_return reply(found == nullptr ? std::optional<Payment>{} : *found, *lost);
}

base::Task<base::Result<std::optional<Payment>>> MemoryStore::find_by_out_trade_no(std::string out_trade_no, base::Deadline) {
  const base::Result<bool> lost = co_await enter("find_by_out_trade_no");
  if (!lost) co_return base::fail(lost.error());
  const std::scoped_lock lock{mutex_};
  const Payment* found = find([&out_trade_no](const Payment& payment) { return payment.out_trade_no == out_trade_no; });
  co_return reply(found == nullptr ? std::optional<Payment>{} : *found, *lost);
}

base::Task<base::Result<std::vector<Payment>>> MemoryStore::take_unresolved(base::TimePoint now, std::size_t limit, base::Deadline) {
  const base::Result<bool> lost = co_await enter("take_unresolved");
  if (!lost) co_return base::fail(lost.error());
  const std::scoped_lock lock{mutex_};
  std::vector<Payment> taken;
  for (auto& [payment_no, payment] : contents_.payments) {
    std::optional<base::TimePoint>& check_at = contents_.checks[payment_no];
    if (!check_at || *check_at > now || taken.size() == limit) continue;
    ++payment.checks;
    check_at = now + domain::check_delay(payment.checks);
    taken.push_back(payment);
  }
  co_return reply(std::move(taken), *lost);
}

base::Task<base::Result<std::vector<Payment>>> MemoryStore::list_paid(ports::Window window, ports::Cursor after, base::Deadline) {
  const base::Result<bool> lost = co_await enter("list_paid");
  if (!lost) co_return base::fail(lost.error());
  const std::scoped_lock lock{mutex_};
  std::vector<std::pair<base::TimePoint, Payment>> rows;
  for (const auto& [payment_no, payment] : contents_.payments) {
    const auto at = payment.succeeded_at;
    if (at && payment.channel == window.channel && *at >= window.from && *at < window.to) rows.emplace_back(*at, payment);
  }
  co_return reply(page(std::move(rows), after), *lost);
}

base::Task<base::Result<std::vector<Payment>>> MemoryStore::list_open(ports::Window window, ports::Cursor after, base::Deadline) {
  const base::Result<bool> lost = co_await enter("list_open");
  if (!lost) co_return base::fail(lost.error());
  const std::scoped_lock lock{mutex_};
  std::vector<std::pair<base::TimePoint, Payment>> rows;
  for (const auto& [payment_no, payment] : contents_.payments) {
    const auto at = payment.created_at;
    if (!domain::is_final(payment.state) && payment.channel == window.channel && at >= window.from && at < window.to)
      rows.emplace_back(at, payment);
  }
  co_return reply(page(std::move(rows), after), *lost);
}

base::Task<base::Status> MemoryStore::save_reconciliation(ports::ReconciliationRun run, base::Deadline) {
  const base::Result<bool> lost = co_await enter("save_reconciliation");
  if (!lost) co_return base::fail(lost.error());
  const std::scoped_lock lock{mutex_};
  contents_.runs.try_emplace(run.run_id, run);
  if (*lost) co_return unavailable();
  co_return base::Status{};
}

base::Task<base::Status> MemoryStore::ping(base::Deadline) {
  const base::Result<bool> lost = co_await enter("ping");
  if (!lost || *lost) co_return unavailable();
  co_return base::Status{};
}

}  // namespace pay::stores::memory
