#include "payment-runtime/domain/money.hpp"

#include <fmt/format.h>

namespace pay::domain {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

auto refuse(std::string_view what) { return base::fail(base::Code::InvalidArgument, std::string{what}, "amount"); }

}  // namespace

base::Result<std::int64_t> parse_amount(std::string_view decimal) {
  constexpr std::string_view kShape = "must be a decimal number such as 100 or 100.00";
  constexpr std::string_view kTooLarge = "must be at most 99999999.99";
  if (decimal.empty()) return refuse(kShape);
  if (decimal.front() == '-') return refuse("must not be negative");

  std::int64_t minor = 0;
  int decimals = -1;   // digits after the point; -1 before one was seen
  bool too_large = false;
  const auto add_digit = [&minor, &too_large](char c) {
    minor = minor * 10 + (c - '0');
    if (minor > kAmountMinorMax) {   // stay far from overflow however long the text is
      too_large = true;
      minor = kAmountMinorMax;
    }
  };
  for (std::size_t i = 0; i < decimal.size(); ++i) {
    const char c = decimal[i];
    if (c == '.' && decimals < 0 && i > 0) {
      decimals = 0;
    } else if (!is_digit(c)) {
      return refuse(kShape);
    } else if (decimals == 2) {
      return refuse("must have at most two decimals");
    } else {
      if (decimals >= 0) ++decimals;
      add_digit(c);
    }
  }
  if (decimals == 0) return refuse(kShape);   // "1."
  for (int i = decimals < 0 ? 0 : decimals; i < 2; ++i) add_digit('0');

  if (too_large) return refuse(kTooLarge);
  if (minor == 0) return refuse("must be greater than 0");
  return minor;
}

std::string format_amount(std::int64_t minor) {
  const bool negative = minor < 0;
  const std::uint64_t size = negative ? 0U - static_cast<std::uint64_t>(minor) : static_cast<std::uint64_t>(minor);
  return fmt::format("{}{}.{:02}", negative ? "-" : "", size / 100, size % 100);
}

}  // namespace pay::domain
