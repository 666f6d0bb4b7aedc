#include "payment-runtime/stores/mysql/rows.hpp"

#include <charconv>

namespace pay::stores::mysql {

namespace {

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<base::TimePoint> time_from_text(std::string_view text) {
  if (text.size() < 19 || text[4] != '-' || text[7] != '-' || text[10] != ' ' || text[13] != ':' || text[16] != ':') return std::nullopt;
  const auto part = [text](std::size_t at, std::size_t size) { return number(text.substr(at, size)).value_or(-1); };
  std::int64_t micros = 0;
  if (text.size() > 19) {
    const std::string_view digits = text.substr(20);
    if (text[19] != '.' || digits.empty() || digits.size() > 6) return std::nullopt;
    micros = number(digits).value_or(-1);
    for (std::size_t i = digits.size(); i < 6; ++i) micros *= 10;
  }
  const std::int64_t year = part(0, 4);
  const std::int64_t hour = part(11, 2);
  const std::int64_t minute = part(14, 2);
  const std::int64_t second = part(17, 2);
  const std::int64_t month = part(5, 2);
  const std::int64_t day = part(8, 2);
  if (year < 0 || month < 0 || day < 0 || hour < 0 || minute < 0 || second < 0 || micros < 0) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(year)}, std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return std::nullopt;
  return base::TimePoint{std::chrono::sys_days{date}} + std::chrono::hours{hour} + std::chrono::minutes{minute} +
         std::chrono::seconds{second} + std::chrono::microseconds{micros};
}

Outcome<domain::Payment> payment_from_row(const Row& row) {
  const auto unreadable = [](const char* column) {
    return tl::unexpected(
        Failure{Failure::Kind::Refused, 0, std::string{"payment_records."} + column + " is not readable by this release"});
  };
  constexpr std::size_t kColumns = 20;
  if (row.size() != kColumns) return unreadable("*");
  for (std::size_t i = 0; i + 1 < kColumns; ++i) {   // only the last one, succeeded_at, may be NULL
    if (!row[i]) return unreadable("*");
  }
  const auto minor = number(*row[6]);
  const auto state = domain::parse_state(*row[9]);
  const auto version = number(*row[10]);
  const auto notified = number(*row[14]);
  const auto checks = number(*row[15]);
  const auto created_at = time_from_text(*row[16]);
  const auto updated_at = time_from_text(*row[17]);
  const auto expires_at = time_from_text(*row[18]);
  if (!minor) return unreadable("amount_minor");
  if (!domain::currency_exponent(*row[7])) return unreadable("currency");
  if (!state) return unreadable("state");
  if (!version || !notified || !checks) return unreadable("version");
  if (!created_at || !updated_at || !expires_at) return unreadable("created_at");

  domain::Payment payment{
      .payment_no = *row[0],
      .business_no = *row[1],
      .merchant = *row[2],
      .channel = *row[3],
      .out_trade_no = *row[4],
      .account = *row[5],
      .amount = {*minor, *row[7]},
      .subject = *row[8],
      .state = *state,
      .version = *version,
      .code_url = *row[11],
      .channel_trade_no = *row[12],
      .reason = *row[13],
      .notified = *notified != 0,
      .checks = static_cast<int>(*checks),
      .created_at = *created_at,
      .updated_at = *updated_at,
      .expires_at = *expires_at,
      .succeeded_at = std::nullopt,
  };
  if (row[19]) {
    payment.succeeded_at = time_from_text(*row[19]);
    if (!payment.succeeded_at) return unreadable("succeeded_at");
  }
  return payment;
}

Outcome<std::vector<domain::Payment>> payments_from_rows(const std::vector<Row>& rows) {
  std::vector<domain::Payment> payments;
  payments.reserve(rows.size());
  for (const Row& row : rows) {
    Outcome<domain::Payment> payment = payment_from_row(row);
    if (!payment) return tl::unexpected(std::move(payment.error()));
    payments.push_back(std::move(*payment));
  }
  return payments;
}

}  // namespace pay::stores::mysql
