#include "payment-runtime/domain/ledger.hpp"

#include <algorithm>
#include <map>

#include "common/base/assert.hpp"

namespace pay::domain {

namespace {

enum class Owner : std::uint8_t { Channel, Merchant };

/// The chart of accounts, as far as this release posts to it. Whose account it is stands beside its name in every entry.
struct Account {
  std::string_view name;
  Owner owner;
};
constexpr Account kChannelReceivable{"channel_receivable", Owner::Channel};   // asset: what a channel owes us
constexpr Account kMerchantPending{"merchant_pending", Owner::Merchant};      // liability: what we owe a merchant, not yet settled
constexpr Account kSuspense{"suspense", Owner::Channel};                      // liability: money whose owner is in question

struct Posting {
  Booking booking;
  Account debit;
  Account credit;
};
constexpr Posting kPostings[] = {
    {Booking::Payment, kChannelReceivable, kMerchantPending},
    {Booking::Suspense, kChannelReceivable, kSuspense},
};

}  // namespace

std::vector<LedgerEntry> entries_of(Booking booking, std::string_view channel, std::string_view merchant, const Money& received) {
  std::vector<LedgerEntry> entries;
  const auto add = [&](const Account& account, std::int64_t minor) {
    entries.push_back(
        {std::string{account.name}, std::string{account.owner == Owner::Channel ? channel : merchant}, minor, received.currency});
  };
  for (const Posting& posting : kPostings) {
    if (posting.booking != booking) continue;
    BASE_ASSERT(received.minor > 0);
    add(posting.debit, received.minor);
    add(posting.credit, -received.minor);
  }
  BASE_ASSERT(balanced(entries));
  return entries;
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
