// Double entry: every movement of money is a transaction whose entries sum to zero in each currency. Entries are only ever appended.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "payment-runtime/domain/money.hpp"

namespace pay::domain {

/// Accounts of the chart that this release posts to; the owner (a channel or a merchant) stands beside them.
inline constexpr std::string_view kChannelReceivable = "channel_receivable";   // asset: what a channel owes us
inline constexpr std::string_view kMerchantPending = "merchant_pending";       // liability: what we owe a merchant, not yet settled
inline constexpr std::string_view kSuspense = "suspense";                      // liability: money whose owner is in question

struct LedgerEntry {
  std::string account;
  std::string owner;               // channel or merchant name
  std::int64_t amount_minor = 0;   // debit positive, credit negative
  std::string currency;

  friend bool operator==(const LedgerEntry&, const LedgerEntry&) = default;
};

/// The payer's money is at the channel and belongs to the merchant.
[[nodiscard]] std::vector<LedgerEntry> entries_for_success(std::string_view channel, std::string_view merchant, const Money& amount);
/// The channel holds money that does not match what we asked for: book what came, owe it to nobody yet.
[[nodiscard]] std::vector<LedgerEntry> entries_for_conflict(std::string_view channel, const Money& received);

/// Sum zero in every currency, no zero line, at least two lines (or none at all).
[[nodiscard]] bool balanced(std::span<const LedgerEntry> entries);

}  // namespace pay::domain
