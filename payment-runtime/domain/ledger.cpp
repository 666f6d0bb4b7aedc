#include "payment-runtime/domain/ledger.hpp"

#include <algorithm>
#include <map>

#include "common/base/assert.hpp"

namespace pay::domain {

namespace {

std::vector<LedgerEntry> transfer(std::string_view debit, std::string_view debit_owner, std::string_view credit,
                                  std::string_view credit_owner, const Money& amount) {
  BASE_ASSERT(amount.minor > 0);
  std::vector<LedgerEntry> entries{
      {std::string{debit}, std::string{debit_owner}, amount.minor, amount.currency},
      {std::string{credit}, std::string{credit_owner}, -amount.minor, amount.currency},
  };
  BASE_ASSERT(balanced(entries));
  return entries;
}

}  // namespace

std::vector<LedgerEntry> entries_for_success(std::string_view channel, std::string_view merchant, const Money& amount) {
  return transfer(kChannelReceivable, channel, kMerchantPending, merchant, amount);
}

std::vector<LedgerEntry> entries_for_conflict(std::string_view channel, const Money& received) {
  return transfer(kChannelReceivable, channel, kSuspense, channel, received);
}

bool balanced(std::span<const LedgerEntry> entries) {
  if (entries.size() == 1) return false;
  std::map<std::string_view, std::int64_t> sums;
  for (const LedgerEntry& entry : entries) {
    if (entry.amount_minor == 0 || __builtin_add_overflow(sums[entry.currency], entry.amount_minor, &sums[entry.currency])) return false;
  }
  return std::ranges::all_of(sums, [](const auto& sum) { return sum.second == 0; });
}

}  // namespace pay::domain
