// Money is an integer count of minor units and a currency; there is no floating point anywhere near it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/result.hpp"

namespace pay::domain {

/// Source documents' column is DECIMAL(10,2): 99,999,999.99 is the largest amount of a payment.
constexpr std::int64_t kAmountMinorMax = 9'999'999'999;

struct Money {
  std::int64_t minor = 0;          // fen for CNY
  std::string currency = "CNY";    // ISO 4217, upper case

  friend bool operator==(const Money&, const Money&) = default;
};

/// Reads decimal text `\d+(\.\d{1,2})?` as minor units of a currency with exponent 2: "100" is 10000, "0.5" is 50.
/// Refuses zero, negatives, exponents, more than two decimals and more than kAmountMinorMax, each by name.
[[nodiscard]] base::Result<std::int64_t> parse_amount(std::string_view decimal);

/// "100.00" for 10000.
[[nodiscard]] std::string format_amount(std::int64_t minor);

}  // namespace pay::domain
