// Currencies that somebody can be paid in, and how many decimals each has.
#pragma once

#include <optional>
#include <string_view>

namespace pay::domain {

constexpr int kExponentMax = 3;

/// Decimals of a currency by ISO 4217, which lists it as circulating: 2 for CNY, 0 for JPY, 3 for KWD. None: there is no such currency,
/// or it is none to pay with (precious metals, funds, test codes). Codes are upper case.
[[nodiscard]] std::optional<int> currency_exponent(std::string_view code);

}  // namespace pay::domain
