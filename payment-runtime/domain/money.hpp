// Money is an integer count of minor units and a currency; there is no floating point anywhere near it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/result.hpp"
#include "payment-runtime/domain/currency.hpp"

namespace pay::domain {

/// Source documents' column is DECIMAL(10,2): 99,999,999.99 is the largest amount of a payment. The same count of minor units in others.
constexpr std::int64_t kAmountMinorMax = 9'999'999'999;

struct Money {
  std::int64_t minor = 0;          // fen for CNY
  std::string currency = "CNY";    // ISO 4217, upper case

  friend bool operator==(const Money&, const Money&) = default;
};

/// Reads decimal text, digits and perhaps a point with no more decimals than the currency has: "0.5" is 50 of CNY, "5" is 5 of JPY.
/// Refuses zero, negatives, exponents, decimals too many and more than kAmountMinorMax, each by name in field amount; and what is no
/// currency, in field currency.
[[nodiscard]] base::Result<Money> parse_money(std::string_view decimal, std::string_view currency);

/// "100.00" for 10000 of CNY: always with all the decimals of the currency, which must be one.
[[nodiscard]] std::string format_amount(const Money& money);

}  // namespace pay::domain
