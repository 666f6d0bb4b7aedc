// Private servers for tests: their own folder, a free port, gone at the end.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "payment-runtime/stores/mysql/connection.hpp"
#include "payment-runtime/stores/mysql/migrate.hpp"
#include "payment-runtime/stores/mysql/store.hpp"
#include "tests/integration/runtime/process.hpp"

namespace testing_servers {

class MariaDb {
 public:
  /// Running and reachable, root over TCP, empty. `settings` are further options of the server ("--name=value"); they win over ours.
  explicit MariaDb(std::vector<std::string> settings = {});
  ~MariaDb();
  MariaDb(const MariaDb&) = delete;
  MariaDb& operator=(const MariaDb&) = delete;

  void start();
  void kill();            // SIGKILL
  void freeze() const;    // SIGSTOP
  void thaw() const;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] pid_t pid() const { return process_.pid(); }
  [[nodiscard]] const std::filesystem::path& secrets() const { return secrets_; }
  [[nodiscard]] pay::stores::mysql::Endpoint endpoint() const { return {"127.0.0.1", port_, "payment"}; }
  [[nodiscard]] pay::stores::mysql::MigrateOptions migrate_options() const { return {endpoint(), "root", secrets_}; }
  [[nodiscard]] pay::stores::mysql::Options store_options(int connections) const;
  void write_secret(const std::string& name, const std::string& value) const;
  /// A connection of `user` with its secret; throws when it is refused.
  [[nodiscard]] pay::stores::mysql::Connection connect(const std::string& user, const std::string& secret,
                                                       const std::string& database = "payment") const;
  [[nodiscard]] pay::stores::mysql::Connection root() const { return connect("root", "mysql-password"); }
  /// First column of the first row, asked as root.
  [[nodiscard]] std::string scalar(const std::string& sql) const;
  [[nodiscard]] std::string log_text() const;

 private:
  std::vector<std::string> settings_;
  ScratchFolder folder_;
  std::filesystem::path secrets_;
  std::uint16_t port_;
  Process process_;
};

/// One server for all tests of a program that do not break it; migrated once.
MariaDb& shared_mariadb();
/// Empties every table of a migrated database.
void clear_tables(const MariaDb& server);

class Redis {
 public:
  Redis();
  void start();
  void kill();
  void freeze() const;
  void thaw() const;
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] pid_t pid() const { return process_.pid(); }

 private:
  ScratchFolder folder_;
  std::uint16_t port_;
  Process process_;
};

}  // namespace testing_servers
