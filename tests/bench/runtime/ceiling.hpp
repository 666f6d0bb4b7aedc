// What the machine could do at best, measured beside every figure: the same transactions without HTTP, and the signatures alone.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/bench/runtime/load.hpp"
#include "tests/integration/runtime/servers.hpp"

namespace bench {

struct StatementsResult {
  std::vector<std::uint32_t> latencies_us;   // of one create: both transactions
  double seconds = 0;
  std::uint64_t created = 0;                 // from the first to the last
  std::string failure;                       // empty when all went well
};

/// The two transactions of a create (begin_payment, then move_payment to AWAITING_PAYER) by prepared statement, one after the other on each
/// of `connections` plain connections of the application's user.
[[nodiscard]] StatementsResult statement_creates(const testing_servers::MariaDb& server, int connections, const Window& window);

struct Signatures {
  double per_second = 0;  // of all threads together
  double cpu_milliseconds = 0;  // processor time of one
};

/// RSA-2048 SHA-256 signatures of a message as long as WeChat Pay's, on `threads` at once.
[[nodiscard]] Signatures sign_for(std::chrono::milliseconds time, int threads);

}  // namespace bench
