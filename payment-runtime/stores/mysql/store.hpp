// ports::Store on MariaDB or MySQL 8 through libmariadb: a pool of blocking connections, each on a thread of its own, each money step one
// stored procedure called by prepared statement (one round trip, one transaction). A coroutine suspends while its step runs and resumes on
// its own executor. Safe from any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "common/base/clock.hpp"
#include "payment-runtime/ports/store.hpp"

namespace pay::stores::mysql {

struct Endpoint {
  std::string host;
  std::uint16_t port = 3306;
  std::string database = "payment";
};

struct Options {
  Endpoint endpoint;
  std::string user = "payment_app";
  std::filesystem::path password_file;        // read again before every connection, so that a rotated password needs no restart
  int connections = 8;                        // 1..kConnectionsMax, one thread each
};

constexpr int kConnectionsMax = 128;
constexpr std::size_t kQueuedPerConnectionMax = 32;              // steps that may wait; more are shed with Unavailable
constexpr auto kConnectTimeout = std::chrono::seconds{2};
constexpr auto kStatementTimeout = std::chrono::seconds{5};      // read and write on the socket
constexpr auto kLockWaitTimeout = std::chrono::seconds{2};       // innodb_lock_wait_timeout of our sessions
constexpr auto kShedRetryAfter = std::chrono::milliseconds{1000};

struct PoolStats {
  std::size_t connections = 0;   // configured
  std::size_t connected = 0;
  std::size_t busy = 0;
  std::size_t queued = 0;
  std::uint64_t shed = 0;        // steps refused because the queue was full
  std::uint64_t reconnects = 0;  // connections made, the first ones included
  std::uint64_t collisions = 0;  // deadlocks and lock waits that were run again
};

class Pool;

class MysqlStore final : public ports::Store {
 public:
  /// Connects in the background; until then steps wait for their deadline. `clock` outlives the store.
  MysqlStore(Options options, const base::Clock& clock);
  ~MysqlStore() override;   // steps that still wait end with Unavailable; those that run are finished

  [[nodiscard]] PoolStats stats() const;

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
  std::shared_ptr<Pool> pool_;
};

}  // namespace pay::stores::mysql
