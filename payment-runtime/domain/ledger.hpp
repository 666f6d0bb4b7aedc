// Double entry: every movement of money is a transaction whose entries sum to zero in each currency. Entries are only ever appended.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "payment-runtime/domain/money.hpp"
#include "payment-runtime/domain/state.hpp"

namespace pay::domain {

struct LedgerEntry {
  std::string account;
  std::string owner;               // channel or merchant name
  std::int64_t amount_minor = 0;   // debit positive, credit negative
  std::string currency;

  friend bool operator==(const LedgerEntry&, const LedgerEntry&) = default;
};

/// The entries of a booking of `received`, by the chart of accounts; none for Booking::None. `received` is more than zero otherwise.
[[nodiscard]] std::vector<LedgerEntry> entries_of(Booking booking, std::string_view channel, std::string_view merchant,
                                                  const Money& received);

/// Sum zero in every currency, no zero line, at least two lines (or none at all).
[[nodiscard]] bool balanced(std::span<const LedgerEntry> entries);

}  // namespace pay::domain
