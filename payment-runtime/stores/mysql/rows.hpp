// Payments as the database holds them.
#pragma once

#include "payment-runtime/domain/payment.hpp"
#include "payment-runtime/stores/mysql/connection.hpp"

namespace pay::stores::mysql {

/// Columns in the order that payment_from_row() reads; `p` is payment_records, `a` its attempt.
#define PAYMENT_COLUMNS                                                                                                            \
  "p.payment_no, p.business_no, p.merchant, p.payment_channel, a.out_trade_no, a.account, p.amount_minor, p.currency, p.subject, " \
  "p.state, "                                                                                                                      \
  "p.version, a.code_url, p.channel_trade_no, p.reason, p.notify_status, p.checks, p.created_at, p.updated_at, p.expires_at, "     \
  "p.succeeded_at"
#define PAYMENT_TABLES "payment_records p JOIN payment_attempts a ON a.payment_no = p.payment_no AND a.attempt = 1"

Outcome<domain::Payment> payment_from_row(const Row& row);
Outcome<std::vector<domain::Payment>> payments_from_rows(const std::vector<Row>& rows);

/// "2026-01-31 12:00:00.123456" in UTC.
std::optional<base::TimePoint> time_from_text(std::string_view text);

}  // namespace pay::stores::mysql
