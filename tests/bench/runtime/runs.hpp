// One run of each kind: the figure, what each process used meanwhile, and whether every answer was true.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/bench/runtime/load.hpp"
#include "tests/bench/runtime/platform.hpp"

namespace bench {

/// Processors kept busy during the measured part (2.0: two whole ones).
struct Processors {
  double service = 0;
  double simulator = 0;
  double mariadb = 0;
  double redis = 0;
  double clients = 0;   // this program
  double others = 0;    // everything else on the machine: noise

  [[nodiscard]] double ours() const { return service + simulator + mariadb + redis + clients; }
};

struct Run {
  double per_second = 0;
  double p50_ms = 0;
  double p99_ms = 0;
  Processors processors;
  std::uint64_t answered_200 = 0;       // from the first request to the last; for the ceiling: transactions that said so
  std::uint64_t failed = 0;
  std::string failure;                  // the first one, in its own words
  std::uint64_t stored = 0;             // rows of payment_records afterwards
  std::uint64_t awaiting_payer = 0;     // of those, rows that went the whole way
  std::int64_t service_peak_kib = 0;
  std::int64_t service_idle_kib = 0;

  /// Processor time of all processes that take part, clients included: what others do on the machine hardly touches it.
  [[nodiscard]] double cpu_ms_each() const { return processors.ours() * 1e3 / per_second; }
  /// Every request was answered 200, every 200 is a row, every row is a 200.
  [[nodiscard]] bool holds() const { return failed == 0 && answered_200 == stored && awaiting_payer == stored; }
};

struct Timing {
  std::chrono::milliseconds warm_up{3000};
  std::chrono::milliseconds measured{10000};
};

[[nodiscard]] Run run_statements(Platform& platform, int connections, Timing timing);
[[nodiscard]] Run run_null_channel(Platform& platform, int connections, Timing timing);
[[nodiscard]] Run run_wechat(Platform& platform, int connections, Timing timing);

}  // namespace bench
