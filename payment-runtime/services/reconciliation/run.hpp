#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/deadline.hpp"
#include "common/base/result.hpp"
#include "common/base/task.hpp"
#include "payment-runtime/domain/reconciliation.hpp"
#include "payment-runtime/services/ports.hpp"

namespace pay::services::reconciliation {

struct Report {
  std::string run_id;
  base::TimePoint started_at;
  base::TimePoint finished_at;
  std::vector<std::string> days;                             // of all channels, each by its own midnight; oldest first
  domain::Totals totals;
  std::vector<std::string> awaiting_bill;                    // "wechat 2026-01-31": closed days whose bill is not due yet
  std::size_t resolved = 0;                                  // open payments whose fate was settled by asking
  std::map<std::string, std::size_t, std::less<>> by_type;   // number of differences of each type and channel: "wechat/AmountMismatch"
  std::size_t difference_count = 0;
  std::vector<domain::Difference> differences;               // the first ports::kDifferencesStoredMax
};

/// Every enabled channel over its last `lookback_days` days (1 to kLookbackDaysMax, today counts as one), oldest first: open payments are
/// resolved by asking; then a closed day is matched with its bill (a bill that is due and not there is the finding BillNotAvailable), and
/// the current day, unless its bill exists, is asked order by order. Yesterday, which was asked about while it was today, waits for its
/// bill until that is due. The report is stored before it is returned. Error: the store is not available; channels that do not answer are
/// findings.
base::Task<base::Result<Report>> run(int lookback_days, Ports ports, base::Deadline deadline);

/// One JSON object for the pod's termination message:
/// {"time","runId","days","firstDay","lastDay","differences","byType","totals","resolved","awaitingBill","samples"}; samples are left out
/// from the end until it fits.
[[nodiscard]] std::string to_json(const Report& report, std::size_t bytes_max);
constexpr std::size_t kTerminationMessageMax = 4096;   // what the kubelet keeps

constexpr int kLookbackDaysMax = 31;
constexpr auto kChannelCallBudget = std::chrono::seconds{10};
constexpr auto kBillBudget = std::chrono::seconds{60};
constexpr auto kSaveReserve = std::chrono::seconds{5};   // to store the report when the run has used up its time

}  // namespace pay::services::reconciliation
