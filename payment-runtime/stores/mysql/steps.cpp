#include "payment-runtime/stores/mysql/steps.hpp"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "common/base/assert.hpp"
#include "common/base/text.hpp"
#include "payment-runtime/stores/mysql/rows.hpp"

namespace pay::stores::mysql {

namespace {

using domain::Payment;

constexpr std::size_t kDetailBytesMax = 512;

Parameter time_or_null(const std::optional<base::TimePoint>& at) { return at ? Parameter{*at} : Parameter{}; }

tl::unexpected<Failure> broken(const char* what) { return tl::unexpected(Failure{Failure::Kind::Refused, 0, what}); }

/// The single number that a step's procedure answers with.
Outcome<bool> answered_yes(const Outcome<Answer>& answer) {
  if (!answer) return tl::unexpected(answer.error());
  if (answer->rows.size() != 1 || answer->rows[0].size() != 1 || !answer->rows[0][0]) return broken("a step's procedure gave no answer");
  return *answer->rows[0][0] == "1";
}

Outcome<std::optional<Payment>> only_payment(const Outcome<Answer>& answer) {
  if (!answer) return tl::unexpected(answer.error());
  if (answer->rows.empty()) return std::nullopt;
  Outcome<Payment> payment = payment_from_row(answer->rows.front());
  if (!payment) return tl::unexpected(std::move(payment.error()));
  return std::move(*payment);
}

}  // namespace

Outcome<std::optional<Payment>> find_by_business(Connection& connection, const std::string& business_no) {
  return only_payment(connection.execute("SELECT " PAYMENT_COLUMNS " FROM " PAYMENT_TABLES " WHERE p.business_no = ?", {business_no}));
}

Outcome<std::optional<Payment>> find_by_order(Connection& connection, const std::string& out_trade_no) {
  return only_payment(connection.execute("SELECT " PAYMENT_COLUMNS " FROM " PAYMENT_TABLES " WHERE a.out_trade_no = ?", {out_trade_no}));
}

Outcome<ports::Begun> begin(Connection& connection, const Payment& payment) {
  const std::optional<int> exponent = domain::currency_exponent(payment.amount.currency);
  BASE_ASSERT(exponent.has_value());
  const Outcome<bool> first = answered_yes(connection.execute(
      "CALL begin_payment(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
      {payment.payment_no, payment.business_no, payment.merchant, payment.channel, payment.out_trade_no, payment.account,
       payment.amount.minor, payment.amount.currency, std::int64_t{*exponent}, payment.subject, std::string{domain::name(payment.state)},
       payment.version, payment.created_at, payment.expires_at, time_or_null(domain::first_check(payment.state, payment.created_at))}));
  if (!first) return tl::unexpected(first.error());
  if (*first) return ports::Begun{true, payment};

  Outcome<std::optional<Payment>> holder = find_by_business(connection, payment.business_no);
  if (!holder) return tl::unexpected(std::move(holder.error()));
  if (!*holder) return broken("a payment number or channel order number was given twice");
  // Ours, stored by an earlier attempt of this very step whose answer was lost.
  const bool ours = (*holder)->payment_no == payment.payment_no;
  return ports::Begun{ours, std::move(**holder)};
}

Outcome<bool> move(Connection& connection, const domain::Step& step, const std::optional<ports::InboxEntry>& inbox) {
  Parameter entries;
  if (!step.entries.empty()) {
    nlohmann::json list = nlohmann::json::array();
    for (const domain::LedgerEntry& entry : step.entries) {
      list.push_back(
          {{"account", entry.account}, {"owner", entry.owner}, {"amountMinor", entry.amount_minor}, {"currency", entry.currency}});
    }
    entries = list.dump();
  }
  std::vector<Parameter> parameters{step.payment_no,
                                    step.out_trade_no,
                                    std::string{domain::name(step.from)},
                                    std::string{domain::name(step.to)},
                                    step.version,
                                    step.at,
                                    step.code_url,
                                    step.channel_trade_no,
                                    step.reason,
                                    time_or_null(step.succeeded_at),
                                    time_or_null(step.check_at),
                                    std::move(entries)};
  if (inbox) {
    parameters.insert(parameters.end(), {inbox->channel, inbox->event_id, inbox->outcome, inbox->body, inbox->received_at});
  } else {
    parameters.resize(parameters.size() + 5);
  }
  return answered_yes(connection.execute("CALL move_payment(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)", parameters));
}

Outcome<bool> record(Connection& connection, const ports::InboxEntry& entry) {
  const Outcome<Answer> answer =
      connection.execute("INSERT IGNORE INTO inbox (channel, event_id, out_trade_no, outcome, body, received_at) VALUES (?,?,?,?,?,?)",
                         {entry.channel, entry.event_id, entry.out_trade_no, entry.outcome, entry.body, entry.received_at});
  if (!answer) return tl::unexpected(answer.error());
  return answer->affected == 1;
}

Outcome<std::vector<Payment>> take(Connection& connection, base::TimePoint now, std::size_t limit) {
  const auto step = [&connection, now, limit]() -> Outcome<std::vector<Payment>> {
    if (const Outcome<Answer> begun = connection.query("START TRANSACTION"); !begun) return tl::unexpected(begun.error());
    const Outcome<Answer> due = connection.execute("SELECT " PAYMENT_COLUMNS " FROM " PAYMENT_TABLES
                                                   " WHERE p.check_at <= ? ORDER BY p.check_at LIMIT ? FOR UPDATE SKIP LOCKED",
                                                   {now, static_cast<std::int64_t>(limit)});
    if (!due) return tl::unexpected(due.error());
    Outcome<std::vector<Payment>> taken = payments_from_rows(due->rows);
    if (!taken) return taken;
    for (Payment& payment : *taken) {
      ++payment.checks;
      const Outcome<Answer> moved =
          connection.execute("UPDATE payment_records SET checks = ?, check_at = ? WHERE payment_no = ?",
                             {std::int64_t{payment.checks}, now + domain::check_delay(payment.checks), payment.payment_no});
      if (!moved) return tl::unexpected(moved.error());
    }
    if (const Outcome<Answer> committed = connection.query("COMMIT"); !committed) return tl::unexpected(committed.error());
    return taken;
  };
  Outcome<std::vector<Payment>> taken = step();
  // After a failure the transaction may still be open; when even this fails, the connection is lost and the server rolls back.
  if (!taken && taken.error().kind != Failure::Kind::Lost && !connection.query("ROLLBACK")) taken.error().kind = Failure::Kind::Lost;
  return taken;
}

namespace {

Outcome<std::vector<Payment>> list(Connection& connection, const char* sql, const std::vector<Parameter>& parameters) {
  const Outcome<Answer> answer = connection.execute(sql, parameters);
  if (!answer) return tl::unexpected(answer.error());
  return payments_from_rows(answer->rows);
}

std::vector<Parameter> window_parameters(const ports::Window& window, const ports::Cursor& after) {
  // The cursor is inside the window or before it.
  const base::TimePoint from = std::max(window.from, after.at);
  return {window.channel, from, window.to, after.at, after.payment_no, static_cast<std::int64_t>(ports::kPageMax)};
}

}  // namespace

Outcome<std::vector<Payment>> list_paid(Connection& connection, const ports::Window& window, const ports::Cursor& after) {
  return list(connection,
              "SELECT " PAYMENT_COLUMNS " FROM " PAYMENT_TABLES
              " WHERE p.payment_channel = ? AND p.succeeded_at >= ? AND p.succeeded_at < ? AND (p.succeeded_at, p.payment_no) > (?, ?)"
              " ORDER BY p.succeeded_at, p.payment_no LIMIT ?",
              window_parameters(window, after));
}

Outcome<std::vector<Payment>> list_open(Connection& connection, const ports::Window& window, const ports::Cursor& after) {
  return list(connection,
              "SELECT " PAYMENT_COLUMNS " FROM " PAYMENT_TABLES
              " WHERE p.check_at IS NOT NULL AND p.payment_channel = ? AND p.created_at >= ? AND p.created_at < ?"
              " AND (p.created_at, p.payment_no) > (?, ?) ORDER BY p.created_at, p.payment_no LIMIT ?",
              window_parameters(window, after));
}

Outcome<bool> save(Connection& connection, const ports::ReconciliationRun& run) {
  nlohmann::json differences = nlohmann::json::array();
  for (const domain::Difference& difference : run.differences) {
    if (differences.size() == ports::kDifferencesStoredMax) break;
    nlohmann::json item{{"type", domain::name(difference.type)},
                        {"channel", difference.channel},
                        {"day", difference.day},
                        {"outTradeNo", difference.out_trade_no},
                        {"paymentNo", difference.payment_no},
                        {"localState", difference.local_state},
                        {"channelState", difference.channel_state},
                        {"detail", base::clip(difference.detail, kDetailBytesMax)}};
    if (difference.local_amount) {
      item["localMinor"] = difference.local_amount->minor;
      item["localCurrency"] = difference.local_amount->currency;
    }
    if (difference.channel_amount) {
      item["channelMinor"] = difference.channel_amount->minor;
      item["channelCurrency"] = difference.channel_amount->currency;
    }
    differences.push_back(std::move(item));
  }
  return answered_yes(connection.execute(
      "CALL save_reconciliation(?,?,?,?,?,?,?,?,?,?,?,?)",
      {run.run_id, run.started_at, run.finished_at, run.first_day, run.last_day, run.totals.local_count, run.totals.local_minor,
       run.totals.channel_count, run.totals.channel_minor, run.totals.matched, static_cast<std::int64_t>(run.difference_count),
       differences.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)}));
}

}  // namespace pay::stores::mysql
