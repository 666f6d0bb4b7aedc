// ports::Store in memory, with faults on demand: for unit tests and sanitizer runs. Linked into no program that ships.
// Safe from several threads; every call suspends once, so that callers meet the interleavings they meet with a database.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "payment-runtime/ports/store.hpp"

namespace pay::stores::memory {

enum class Fault {
  Unavailable,   // nothing was stored
  LostReply,     // stored, and the caller is told Unavailable
};

struct PostedEntry {
  std::string transaction;   // "<payment_no>:<version>"
  domain::LedgerEntry entry;
};

struct Contents {
  std::map<std::string, domain::Payment> payments;                       // by payment_no
  std::map<std::string, std::optional<base::TimePoint>> checks;          // by payment_no
  std::map<std::pair<std::string, std::string>, ports::InboxEntry> inbox;   // by channel and event
  std::vector<PostedEntry> ledger;
  std::vector<domain::Step> history;
  std::map<std::string, ports::ReconciliationRun> runs;
};

class MemoryStore final : public ports::Store {
 public:
  /// The next calls of this operation ("begin_payment", "apply", ...) meet these faults, one each.
  void fail_next(const std::string& operation, std::vector<Fault> faults);
  /// Every call fails, as when the database is down.
  void set_down(bool down);
  /// Runs once, before the next call of this operation takes effect: what another process does meanwhile.
  void before_next(const std::string& operation, std::function<void(Contents&)> action);

  [[nodiscard]] Contents contents() const;
  [[nodiscard]] domain::Payment payment_of(const std::string& business_no) const;   // must be there

  base::Task<base::Result<ports::Begun>> begin_payment(domain::Payment payment, base::Deadline deadline) override;
  base::Task<base::Result<bool>> apply(domain::Step step, std::optional<ports::InboxEntry> inbox, base::Deadline deadline) override;
  base::Task<base::Result<bool>> record_callback(ports::InboxEntry entry, base::Deadline deadline) override;
  base::Task<base::Result<std::optional<domain::Payment>>> find_by_business_no(std::string business_no, base::Deadline deadline) override;
  base::Task<base::Result<std::optional<domain::Payment>>> find_by_out_trade_no(std::string out_trade_no, base::Deadline deadline) override;
  base::Task<base::Result<std::vector<domain::Payment>>> take_unresolved(base::TimePoint now, std::size_t limit,
                                                                         base::Deadline deadline) override;
  base::Task<base::Result<std::vector<domain::Payment>>> list_paid(ports::Window window, ports::Cursor after,
                                                                   base::Deadline deadline) override;
  base::Task<base::Result<std::vector<domain::Payment>>> list_open(ports::Window window, ports::Cursor after,
                                                                   base::Deadline deadline) override;
  base::Task<base::Status> save_reconciliation(ports::ReconciliationRun run, base::Deadline deadline) override;
  base::Task<base::Status> ping(base::Deadline deadline) override;

 private:
  /// Suspends, then says which fault this call meets.
  base::Task<base::Result<bool>> enter(std::string operation);   // value: the reply will be lost
  [[nodiscard]] const domain::Payment* find(const std::function<bool(const domain::Payment&)>& wanted) const;

  mutable std::mutex mutex_;
  Contents contents_;
  bool down_ = false;
  std::map<std::string, std::deque<Fault>> faults_;
  std::map<std::string, std::function<void(Contents&)>> actions_;
};

}  // namespace pay::stores::memory
