// Money text in currencies of every exponent: what parses is positive, bounded, and writes back as the same amount; an __int128 reading is
// the oracle.
#include <cstdint>
#include <string_view>

#include "common/base/assert.hpp"
#include "payment-runtime/domain/money.hpp"

namespace {

/// The same grammar, read the long way: -1 when the text is not an amount.
__int128 oracle(std::string_view text, std::size_t exponent) {
  const std::size_t point = text.find('.');
  std::string_view whole = text.substr(0, point);
  std::string_view fraction = point == std::string_view::npos ? std::string_view{} : text.substr(point + 1);
  while (whole.size() > 1 && whole.front() == '0') whole.remove_prefix(1);   // any number of them is allowed, and means nothing
  if (whole.empty() || whole.size() > 30 || fraction.size() > exponent || (point != std::string_view::npos && fraction.empty())) return -1;
  __int128 value = 0;
  for (const char c : whole) {
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  for (std::size_t i = 0; i < exponent; ++i) {
    const char c = i < fraction.size() ? fraction[i] : '0';
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  return value;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  for (const std::string_view currency : {"JPY", "CNY", "KWD"}) {
    const auto money = pay::domain::parse_money(text, currency);
    const __int128 expected = oracle(text, static_cast<std::size_t>(pay::domain::currency_exponent(currency).value()));
    if (money) {
      BASE_ASSERT(money->minor > 0 && money->minor <= pay::domain::kAmountMinorMax);
      BASE_ASSERT(expected == money->minor);
      BASE_ASSERT(pay::domain::parse_money(pay::domain::format_amount(*money), currency).value() == *money);
    } else if (size <= 30) {
      BASE_ASSERT(expected <= 0 || expected > pay::domain::kAmountMinorMax);
    }
  }
  return 0;
}
