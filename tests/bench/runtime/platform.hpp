// A platform of real processes on this machine: a private MariaDB and Redis, and the programs under measurement beside them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "tests/integration/runtime/servers.hpp"

namespace bench {

constexpr int kStoreConnections = 8;   // of one process, by default: what the operator renders

/// One program that serves until it is destroyed.
struct Service {
  testing_servers::Process process;
  std::uint16_t port = 0;
  std::uint16_t management = 0;
  double ready_ms = 0;        // from the start of the process until its readiness answers 200
  double database_ms = 0;     // the same with the database's share; 0 when it was not asked for
};

class Platform {
 public:
  /// `programs` is the folder of payment-runtime and payment-bench-service. Starts both servers and migrates.
  Platform(std::filesystem::path programs, int store_connections);

  /// `payment-runtime serve --role payment`, with WeChat Pay v3 at `simulator`.
  [[nodiscard]] Service start_payment(std::uint16_t simulator);
  [[nodiscard]] Service start_simulator();
  /// The payment service with the channel that costs nothing.
  [[nodiscard]] Service start_null_channel();

  /// Makes the next run start from nothing.
  void clear();
  [[nodiscard]] int store_connections() const { return store_connections_; }
  [[nodiscard]] std::uint64_t stored_payments() const;
  [[nodiscard]] std::uint64_t awaiting_payers() const;
  [[nodiscard]] const testing_servers::MariaDb& mariadb() const { return mariadb_; }
  [[nodiscard]] const testing_servers::Redis& redis() const { return redis_; }

 private:
  [[nodiscard]] Service start(const std::string& program, const std::string& role, const std::string& more_config, bool database);

  std::filesystem::path programs_;
  int store_connections_;
  testing_servers::ScratchFolder folder_;
  testing_servers::MariaDb mariadb_;
  testing_servers::Redis redis_;
  int started_ = 0;
};

}  // namespace bench
