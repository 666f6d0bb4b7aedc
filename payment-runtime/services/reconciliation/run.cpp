#include "payment-runtime/services/reconciliation/run.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "common/base/ids.hpp"
#include "payment-runtime/services/payment/evidence.hpp"
#include "payment-runtime/services/payment/resolve.hpp"

namespace pay::services::reconciliation {

// g++ 12 destroys an aggregate twice when it is made by braces among the arguments of an awaited call: such values have names here.

namespace {

using domain::Difference;
using domain::DifferenceType;
using domain::Payment;
using ports::Cursor;

constexpr int kUnansweredInARowMax = 3;   // then a channel is taken to be away, and the rest of it is not checked in this run

struct Work {
  Ports ports;
  base::Deadline deadline;
  Report report = {};
  int unanswered = 0;   // in a row, of the channel at hand
  std::size_t of_another_account = 0;   // payments of the day at hand

  [[nodiscard]] base::Deadline channel_deadline(std::chrono::milliseconds budget) const { return deadline.capped(*ports.clock, budget); }
  [[nodiscard]] bool over() const { return unanswered >= kUnansweredInARowMax || deadline.passed(*ports.clock); }

  void add(Difference difference) {
    ++report.by_type[fmt::format("{}/{}", difference.channel, domain::name(difference.type))];
    ++report.difference_count;
    if (report.differences.size() < ports::kDifferencesStoredMax) report.differences.push_back(std::move(difference));
  }
  void add_unanswered(const std::string& channel, const std::string& day, const Payment& payment, const base::Error& error) {
    ++unanswered;
    Difference difference;
    difference.type = DifferenceType::NotChecked;
    difference.channel = channel;
    difference.day = day;
    difference.out_trade_no = payment.out_trade_no;
    difference.payment_no = payment.payment_no;
    difference.local_state = domain::name(payment.state);
    difference.local_amount = payment.amount;
    difference.detail = base::describe(error);
    add(std::move(difference));
  }
  void add_about_day(DifferenceType type, const std::string& channel, const std::string& day, std::string detail) {
    Difference difference;
    difference.type = type;
    difference.channel = channel;
    difference.day = day;
    difference.detail = std::move(detail);
    add(std::move(difference));
  }
};

base::Task<base::Result<std::vector<Payment>>> all_paid(Work* work, ports::Window window) {
  std::vector<Payment> all;
  Cursor cursor;
  while (true) {
    base::Result<std::vector<Payment>> page = co_await work->ports.store->list_paid(window, cursor, work->deadline);
    if (!page) co_return base::fail(std::move(page.error()));
    const bool last = page->size() < ports::kPageMax;
    if (!page->empty()) cursor = Cursor{page->back().succeeded_at.value(), page->back().payment_no};
    std::ranges::move(*page, std::back_inserter(all));
    if (last) co_return all;
  }
}

/// The booked payments of the window that this account of the channel can speak of; the others are only counted.
base::Task<base::Result<std::vector<Payment>>> paid_to(Work* work, ports::Channel* channel, ports::Window window) {
  base::Result<std::vector<Payment>> paid = co_await all_paid(work, std::move(window));
  if (paid)
    work->of_another_account += std::erase_if(*paid, [channel](const Payment& payment) { return payment.account != channel->account(); });
  co_return paid;
}

/// Payments of the day whose fate is open: ask about each before comparing anything.
base::Task<base::Status> settle_open(Work* work, ports::Channel* channel, ports::Window window, std::string day) {
  Cursor cursor;
  while (!work->over()) {
    base::Result<std::vector<Payment>> page = co_await work->ports.store->list_open(window, cursor, work->deadline);
    if (!page) co_return base::fail(std::move(page.error()));
    for (const Payment& payment : *page) {
      if (work->over()) break;
      if (payment.account != channel->account()) {
        ++work->of_another_account;
        continue;
      }
      const base::Result<payment::Resolved> resolved = co_await payment::resolve(payment, work->ports, work->deadline);
      if (!resolved) {
        work->add_unanswered(window.channel, day, payment, resolved.error());
        continue;
      }
      work->unanswered = 0;
      if (domain::is_final(resolved->payment.state)) ++work->report.resolved;
    }
    if (page->size() < ports::kPageMax) break;
    cursor = Cursor{page->back().created_at, page->back().payment_no};
  }
  co_return base::Status{};
}

/// The channel's row has no payment booked on that day: look for it everywhere, and where only our state is behind, catch up by asking.
base::Task<base::Status> explain_row(Work* work, ports::Channel* channel, std::string day, ports::BillRow row) {
  base::Result<std::optional<Payment>> payment = co_await work->ports.store->find_by_out_trade_no(row.out_trade_no, work->deadline);
  if (!payment) co_return base::fail(std::move(payment.error()));
  std::optional<Difference> difference = domain::classify(channel->name(), day, row, *payment);
  if (!difference) {
    ++work->report.totals.matched;
    co_return base::Status{};
  }
  if (difference->type == DifferenceType::StateMismatch) {
    const base::Result<payment::Resolved> now = co_await payment::resolve(**payment, work->ports, work->deadline);
    difference->detail = now ? fmt::format("asked: now {}", domain::name(now->payment.state)) : base::describe(now.error());
    if (now && !now->refusal.empty()) difference->detail += "; the answer was refused: " + now->refusal;
  }
  work->add(std::move(*difference));
  co_return base::Status{};
}

base::Task<base::Status> match_with_bill(Work* work, ports::Channel* channel, domain::DayRange range, std::vector<ports::BillRow> bill) {
  const std::string name{channel->name()};
  const ports::Window window{name, range.from, range.to};
  const base::Result<std::vector<Payment>> paid = co_await paid_to(work, channel, window);
  if (!paid) co_return base::fail(paid.error());
  domain::Matching matching = domain::match(name, range.day, *paid, bill);
  work->report.totals += matching.totals;
  for (Difference& difference : matching.differences) work->add(std::move(difference));
  for (ports::BillRow& row : matching.unmatched) {
    const base::Status explained = co_await explain_row(work, channel, range.day, std::move(row));
    if (!explained) co_return explained;
  }
  co_return base::Status{};
}

base::Task<base::Status> ask_order_by_order(Work* work, ports::Channel* channel, domain::DayRange range) {
  const std::string name{channel->name()};
  const ports::Window window{name, range.from, range.to};
  const base::Result<std::vector<Payment>> paid = co_await paid_to(work, channel, window);
  if (!paid) co_return base::fail(paid.error());
  std::size_t asked = 0;
  for (const Payment& payment : *paid) {
    if (work->over()) break;
    ++asked;
    ++work->report.totals.local_count;
    work->report.totals.local_minor += payment.amount.minor;
    const base::Result<ports::ChannelEvidence> evidence =
        co_await channel->query(payment.out_trade_no, work->channel_deadline(kChannelCallBudget));
    if (!evidence) {
      work->add_unanswered(name, range.day, payment, evidence.error());
      continue;
    }
    work->unanswered = 0;
    if (evidence->state == ports::TradeState::Succeeded || evidence->state == ports::TradeState::Refunded) {
      ++work->report.totals.channel_count;
      work->report.totals.channel_minor += evidence->amount.minor;
    }
    if (std::optional<Difference> difference = domain::compare(range.day, payment, *evidence)) {
      work->add(std::move(*difference));
    } else {
      ++work->report.totals.matched;
    }
  }
  if (asked < paid->size()) {
    work->add_about_day(DifferenceType::NotChecked, name, range.day,
                        fmt::format("{} of {} payments were not asked about", paid->size() - asked, paid->size()));
  }
  co_return base::Status{};
}

/// The channel says that there was no trade on a closed day. It is believed where we have none either; otherwise its bill is not there.
base::Task<base::Status> match_with_no_trade(Work* work, ports::Channel* channel, domain::DayRange range, std::string words) {
  const std::string name{channel->name()};
  const ports::Window window{name, range.from, range.to};
  const base::Result<std::vector<Payment>> paid = co_await paid_to(work, channel, window);
  if (!paid) co_return base::fail(paid.error());
  if (paid->empty()) co_return base::Status{};
  work->report.totals.local_count += static_cast<std::int64_t>(paid->size());
  for (const Payment& payment : *paid) work->report.totals.local_minor += payment.amount.minor;
  work->add_about_day(DifferenceType::BillNotAvailable, name, range.day,
                      fmt::format("{} payments are booked, but the channel says that there were none: {}", paid->size(), words));
  co_return base::Status{};
}

base::Task<base::Status> reconcile_day(Work* work, ports::Channel* channel, domain::DayRange range) {
  const std::string name{channel->name()};
  if (work->over()) {
    work->add_about_day(DifferenceType::NotChecked, name, range.day, "the channel does not answer, or time is over");
    co_return base::Status{};
  }
  const ports::Window window{name, range.from, range.to};
  const base::Status settled = co_await settle_open(work, channel, window, range.day);
  if (!settled) co_return settled;

  base::Result<std::vector<ports::BillRow>> bill = co_await channel->bill(range.day, work->channel_deadline(kBillBudget));
  if (bill) {
    co_return co_await match_with_bill(work, channel, std::move(range), std::move(*bill));
  }
  const base::TimePoint now = work->ports.clock->now();
  if (now < range.to) {   // today: its bill is not made yet, whatever the channel says about it
    co_return co_await ask_order_by_order(work, channel, std::move(range));
  }
  const bool absent = bill.error().code == base::Code::FailedPrecondition || bill.error().code == base::Code::NotFound;
  if (absent && now < range.to + channel->bill_delay()) {
    work->report.awaiting_bill.push_back(fmt::format("{} {}", name, range.day));
    co_return base::Status{};
  }
  if (bill.error().code == base::Code::NotFound) {
    co_return co_await match_with_no_trade(work, channel, std::move(range), base::describe(bill.error()));
  }
  work->add_about_day(DifferenceType::BillNotAvailable, name, range.day, base::describe(bill.error()));
  co_return base::Status{};
}

}  // namespace

base::Task<base::Result<Report>> run(int lookback_days, Ports ports, base::Deadline deadline) {
  Work work{.ports = ports, .deadline = deadline};
  Report& report = work.report;
  report.started_at = ports.clock->now();
  report.run_id = base::ulid(report.started_at, *ports.rng);
  std::set<std::string> every_day;

  for (const auto& [name, channel] : *ports.channels) {
    work.unanswered = 0;
    const std::vector<domain::DayRange> days =
        domain::last_days(report.started_at, std::clamp(lookback_days, 1, kLookbackDaysMax), channel->bill_zone());
    for (std::size_t i = 0; i < days.size(); ++i) {
      every_day.insert(days[i].day);
      work.of_another_account = 0;
      const base::Status done = co_await reconcile_day(&work, channel, days[i]);
      if (!done) co_return base::fail(done.error());
      if (work.of_another_account > 0) {
        work.add_about_day(
            DifferenceType::NotChecked, name, days[i].day,
            fmt::format("{} payments were made with another account of the channel than {}", work.of_another_account, channel->account()));
      }
    }
  }

  report.days.assign(every_day.begin(), every_day.end());
  report.finished_at = ports.clock->now();
  // A run that used up its time still stores what it found.
  const base::Deadline save_until = base::Deadline::at(std::max(deadline.when(), ports.clock->steady_now() + kSaveReserve));
  ports::ReconciliationRun record;
  record.run_id = report.run_id;
  record.started_at = report.started_at;
  record.finished_at = report.finished_at;
  if (!report.days.empty()) {   // none where no channel is enabled
    record.first_day = report.days.front();
    record.last_day = report.days.back();
  }
  record.totals = report.totals;
  record.difference_count = report.difference_count;
  record.differences = report.differences;
  const base::Status saved = co_await ports.store->save_reconciliation(std::move(record), save_until);
  if (!saved) co_return base::fail(saved.error());
  co_return std::move(report);
}

}  // namespace pay::services::reconciliation
