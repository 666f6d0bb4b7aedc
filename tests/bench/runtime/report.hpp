// All runs of a session, as JSON to keep and as a table to read.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/bench/runtime/ceiling.hpp"
#include "tests/bench/runtime/runs.hpp"

namespace bench {

/// What was measured in one go at one number of connections: each figure with its own ceiling beside it.
struct Round {
  int connections = 0;
  Run statements;        // on as many connections as there are clients
  Run few_statements;    // on as many as the store has: the database may like fewer better
  Run null_channel;
  Signatures signatures_before;
  Run wechat;
  Signatures signatures_after;

  [[nodiscard]] double statement_ceiling() const { return std::max(statements.per_second, few_statements.per_second); }
  [[nodiscard]] double durable_share() const { return null_channel.per_second / statement_ceiling(); }
  /// The same by processor time.
  [[nodiscard]] double durable_cpu_share() const {
    return std::min(statements.cpu_ms_each(), few_statements.cpu_ms_each()) / null_channel.cpu_ms_each();
  }

  [[nodiscard]] double signature_cpu_ms() const { return (signatures_before.cpu_milliseconds + signatures_after.cpu_milliseconds) / 2; }
  /// Creates a second, when two signatures each were all there is to do.
  [[nodiscard]] double signature_ceiling() const { return (signatures_before.per_second + signatures_after.per_second) / 2 / 2; }
  [[nodiscard]] double wechat_share() const { return wechat.per_second / signature_ceiling(); }
  [[nodiscard]] double wechat_cpu_share() const { return 2 * signature_cpu_ms() / wechat.cpu_ms_each(); }
};

struct Session {
  Timing timing;
  int processors = 0;
  int store_connections = 0;
  std::vector<double> ready_ms;       // of payment-runtime, one a start
  std::vector<double> database_ms;
  std::vector<Round> rounds;
};

[[nodiscard]] nlohmann::json to_json(const Session& session);
[[nodiscard]] std::string to_table(const Session& session);
/// One line for each run whose answers and rows do not agree; empty when all do.
[[nodiscard]] std::vector<std::string> problems(const Session& session);

}  // namespace bench
