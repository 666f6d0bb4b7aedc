// What the platform needs from its database. One call is one transaction; nothing is called on a channel inside one.
//
// Errors: Unavailable with retry_after   nothing was stored, or a write whose fate is unknown could not be read back; asking again is safe,
//                                        because every write is keyed and takes effect at most once
//         Internal                       the database refused a statement: a bug or a schema of another release
// A reply to a COMMIT that was lost is resolved inside the call by running the same keyed write again: it either finds its own row or makes
// it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.hpp"
#include "common/base/deadline.hpp"
#include "common/base/result.hpp"
#include "common/base/task.hpp"
#include "payment-runtime/domain/payment.hpp"
#include "payment-runtime/domain/reconciliation.hpp"

namespace pay::ports {

struct Begun {
  bool first = false;  // false: the business number was taken; `payment` is the one that holds it
  domain::Payment payment;
};

/// A verified callback as it came, kept for ever beside what became of it.
struct InboxEntry {
  std::string event_id;  // the channel's identifier of the notification; unique within the channel
  std::string channel;
  std::string out_trade_no;
  std::string body;  // raw bytes (what the channel encrypted stays encrypted)
  std::string outcome;  // "applied", "nothing_new", "refused", "no_such_payment"
  base::TimePoint received_at;
};

/// Where a page of a listing ends; default: from the start.
struct Cursor {
  base::TimePoint at{};
  std::string payment_no;
};

struct Window {
  std::string channel;
  base::TimePoint from;  // included
  base::TimePoint to;  // excluded
};

struct ReconciliationRun {
  std::string run_id;
  base::TimePoint started_at;
  base::TimePoint finished_at;
  std::string first_day;
  std::string last_day;
  domain::Totals totals;
  std::size_t difference_count = 0;
  std::vector<domain::Difference> differences;  // the first kDifferencesStoredMax
};

constexpr std::size_t kIdentifierMax = 64;  // bytes of every identifier that comes from outside
constexpr std::size_t kPageMax = 1000;  // rows a listing returns at most
constexpr std::size_t kDifferencesStoredMax = 1000;  // of one run; its numbers count all

class Store {
 public:
  virtual ~Store() = default;

  /// Payment and attempt, or the payment that already holds the business number.
  virtual base::Task<base::Result<Begun>> begin_payment(domain::Payment payment, base::Deadline deadline) = 0;

  /// Compare-and-set on state and version, with ledger entries, attempt and (for a callback) its inbox row.
  /// False: the payment has moved on meanwhile, nothing was stored; read it and decide again.
  virtual base::Task<base::Result<bool>> apply(domain::Step step, std::optional<InboxEntry> inbox, base::Deadline deadline) = 0;

  /// A callback that moves nothing. False: this event was already recorded.
  virtual base::Task<base::Result<bool>> record_callback(InboxEntry entry, base::Deadline deadline) = 0;

  // Absence is a value. Always from the primary: money is decided on what these return.
  virtual base::Task<base::Result<std::optional<domain::Payment>>> find_by_business_no(std::string business_no,
                                                                                       base::Deadline deadline) = 0;
  virtual base::Task<base::Result<std::optional<domain::Payment>>> find_by_out_trade_no(std::string out_trade_no,
                                                                                        base::Deadline deadline) = 0;

  /// Open payments whose time to ask has come, oldest first. Taking one moves its next time (domain::check_delay) so that other
  /// processes and the next call pass over it; a taker that dies costs one delay.
  virtual base::Task<base::Result<std::vector<domain::Payment>>> take_unresolved(base::TimePoint now, std::size_t limit,
                                                                                 base::Deadline deadline) = 0;

  /// Payments whose money came within the window (by succeeded_at), conflicted ones included; at most kPageMax after the cursor.
  virtual base::Task<base::Result<std::vector<domain::Payment>>> list_paid(Window window, Cursor after, base::Deadline deadline) = 0;
  /// Payments made within the window that are not final; at most kPageMax after the cursor (its `at` is the time of creation).
  virtual base::Task<base::Result<std::vector<domain::Payment>>> list_open(Window window, Cursor after, base::Deadline deadline) = 0;

  virtual base::Task<base::Status> save_reconciliation(ReconciliationRun run, base::Deadline deadline) = 0;

  /// One cheap read: for readiness.
  virtual base::Task<base::Status> ping(base::Deadline deadline) = 0;
};

}  // namespace pay::ports
