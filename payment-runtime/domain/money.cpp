#include "payment-runtime/domain/money.hpp"

#include <array>

#include <fmt/format.h>

#include "common/base/assert.hpp"

namespace pay::domain {

namespace {

constexpr std::array<std::uint64_t, kExponentMax + 1> kMinorUnits{1, 10, 100, 1000};   // of one major unit, by exponent

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string format_minor(std::int64_t minor, int exponent) {
  const bool negative = minor < 0;
  const std::uint64_t size = negative ? 0U - static_cast<std::uint64_t>(minor) : static_cast<std::uint64_t>(minor);
  const std::uint64_t unit = kMinorUnits.at(static_cast<std::size_t>(exponent));
  const char* const sign = negative ? "-" : "";
  return exponent == 0 ? fmt::format("{}{}", sign, size) : fmt::format("{}{}.{:0{}}", sign, size / unit, size % unit, exponent);
}

auto refuse(std::string what) { return base::fail(base::Code::InvalidArgument, std::move(what), "amount"); }

auto refuse_shape(int exponent) {
  if (exponent == 0) return refuse("must be a whole number such as 100");
  return refuse(fmt::format("must be a decimal number such as 100 or 100.{:0{}}", 0, exponent));
}

auto refuse_decimals(int exponent) {
  constexpr std::array<std::string_view, kExponentMax + 1> kNumbers{"no", "one", "two", "three"};
  return refuse(fmt::format("must have {}{} decimal{}", exponent == 0 ? "" : "at most ", kNumbers.at(static_cast<std::size_t>(exponent)),
                            exponent == 1 ? "" : "s"));
}

/// The count of minor units.
base::Result<std::int64_t> parse_minor(std::string_view decimal, int exponent) {
  if (decimal.empty()) return refuse_shape(exponent);
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
      return refuse_shape(exponent);
    } else if (decimals == exponent) {
      return refuse_decimals(exponent);
    } else {
      if (decimals >= 0) ++decimals;
      add_digit(c);
    }
  }
  if (decimals == 0) return refuse_shape(exponent);   // "1."
  for (int i = decimals < 0 ? 0 : decimals; i < exponent; ++i) add_digit('0');

  if (too_large) return refuse("must be at most " + format_minor(kAmountMinorMax, exponent));
  if (minor == 0) return refuse("must be greater than 0");
  return minor;
}

}  // namespace

base::Result<Money> parse_money(std::string_view decimal, std::string_view currency) {
  const std::optional<int> exponent = currency_exponent(currency);
  if (!exponent) return base::fail(base::Code::InvalidArgument, "must be a currency of ISO 4217, such as CNY", "currency");
  const base::Result<std::int64_t> minor = parse_minor(decimal, *exponent);
  if (!minor) return base::fail(minor.error());
  return Money{*minor, std::string{currency}};
}

std::string format_amount(const Money& money) {
  const std::optional<int> exponent = currency_exponent(money.currency);
  BASE_ASSERT(exponent.has_value());
  return format_minor(money.minor, *exponent);
}

}  // namespace pay::domain
