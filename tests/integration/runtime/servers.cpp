#include "tests/integration/runtime/servers.hpp"

#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

namespace testing_servers {

namespace {

constexpr int kStartSecondsMax = 60;
constexpr const char* kServerUser = "mysql";   // servers refuse to run as root

std::string read_file(const std::filesystem::path& path) {
  std::ifstream stream{path};
  return {std::istreambuf_iterator<char>{stream}, {}};
}

}  // namespace

MariaDb::MariaDb(std::vector<std::string> settings)
    : settings_(std::move(settings)),
      secrets_(folder_.path() / "secrets"),
      port_(free_port()) {
  std::filesystem::create_directory(secrets_);
  write_secret("mysql-password", "root's \"secret\" \\ one");   // quoting is tested with every use
  write_secret("mysql-migrator-password", "migrator-secret");
  write_secret("mysql-application-password", "application-secret");
  write_secret("mysql-reader-password", "reader-secret");

  const std::filesystem::path data = folder_.path() / "data";
  const std::filesystem::path log = folder_.path() / "install.log";
  std::filesystem::permissions(folder_.path(), std::filesystem::perms::all);
  std::vector<std::string> install{"mariadb-install-db", "--no-defaults", "--datadir=" + data.string(),
                                   "--auth-root-authentication-method=normal", "--skip-test-db"};
  if (geteuid() == 0) install.push_back(std::string{"--user="} + kServerUser);
  if (run_command(install, log) != 0) throw std::runtime_error{"mariadb-install-db failed:\n" + read_file(log)};
  std::ofstream{folder_.path() / "init.sql"} << "CREATE USER IF NOT EXISTS 'root'@'%' IDENTIFIED BY 'root\\'s \"secret\" \\\\ one';\n"
                                                "GRANT ALL PRIVILEGES ON *.* TO 'root'@'%' WITH GRANT OPTION;\n"
                                                "DROP USER IF EXISTS 'root'@'localhost', 'root'@'127.0.0.1', 'root'@'::1';\n";
  start();
}

MariaDb::~MariaDb() = default;

void MariaDb::start() {
  // mariadbd is in /usr/sbin, which is not on everybody's PATH.
  const char* program = access("/usr/sbin/mariadbd", X_OK) == 0 ? "/usr/sbin/mariadbd" : "mariadbd";
  const std::string folder = folder_.path().string();
  std::vector<std::string> command{program,
                                   "--no-defaults",
                                   "--datadir=" + folder + "/data",
                                   "--socket=" + folder + "/socket",
                                   "--pid-file=" + folder + "/pid",
                                   "--init-file=" + folder + "/init.sql",
                                   "--skip-networking=0",
                                   "--bind-address=127.0.0.1",
                                   fmt::format("--port={}", port_),
                                   "--skip-name-resolve",
                                   "--max-connections=200",
                                   "--innodb-buffer-pool-size=64M",
                                   "--innodb-flush-log-at-trx-commit=1",
                                   "--log-bin=" + folder + "/data/binlog",
                                   "--sync-binlog=1"};
  if (geteuid() == 0) {
    // Not --user: a change of user by the program itself would end the promise that it dies with its owner.
    const std::string user{kServerUser};
    const std::vector<std::string> prefix{"setpriv", "--reuid=" + user, "--regid=" + user, "--clear-groups", "--pdeathsig", "KILL"};
    command.insert(command.begin(), prefix.begin(), prefix.end());
  }
  command.insert(command.end(), settings_.begin(), settings_.end());
  process_ = Process{command, folder_.path() / "server.log"};
  if (!wait_for_port(port_, kStartSecondsMax)) throw std::runtime_error{"mariadbd does not answer:\n" + log_text()};
}

void MariaDb::kill() { process_.end(SIGKILL); }
void MariaDb::freeze() const { process_.signal(SIGSTOP); }
void MariaDb::thaw() const { process_.signal(SIGCONT); }

std::string MariaDb::log_text() const { return read_file(folder_.path() / "server.log"); }

void MariaDb::write_secret(const std::string& name, const std::string& value) const { std::ofstream{secrets_ / name} << value << "\n"; }

pay::stores::mysql::Options MariaDb::store_options(int connections) const {
  return {endpoint(), "payment_app", secrets_ / "mysql-application-password", connections};
}

pay::stores::mysql::Connection MariaDb::connect(const std::string& user, const std::string& secret, const std::string& database) const {
  const auto password = pay::stores::mysql::read_password(secrets_ / secret);
  auto connection = pay::stores::mysql::Connection::open({"127.0.0.1", port_, database}, user, *password, {std::chrono::seconds{60}, true});
  if (!connection) throw std::runtime_error{connection.error().message};
  return std::move(*connection);
}

std::string MariaDb::scalar(const std::string& sql) const {
  auto answer = root().query(sql);
  if (!answer) throw std::runtime_error{answer.error().message};
  return answer->rows.at(0).at(0).value_or("NULL");
}

MariaDb& shared_mariadb() {
  static MariaDb server;
  static const bool kMigrated = [] {
    const auto report = pay::stores::mysql::migrate(server.migrate_options(), base::system_clock(),
                                                    base::Deadline::after(base::system_clock(), std::chrono::seconds{60}));
    if (!report) throw std::runtime_error{base::describe(report.error())};
    return true;
  }();
  static_cast<void>(kMigrated);
  return server;
}

void clear_tables(const MariaDb& server) {
  auto connection = server.root();
  for (const char* table :
       {"payment_records", "payment_attempts", "ledger_entries", "inbox", "reconciliation_runs", "reconciliation_differences"}) {
    if (!connection.query(std::string{"DELETE FROM "} + table)) throw std::runtime_error{std::string{"cannot empty "} + table};
  }
}

Redis::Redis() : port_(free_port()) { start(); }

void Redis::start() {
  process_ = Process{{"redis-server", "--port", std::to_string(port_), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir",
                      folder_.path().string()},
                     folder_.path() / "redis.log"};
  if (!wait_for_port(port_, kStartSecondsMax)) throw std::runtime_error{"redis-server does not answer"};
}

void Redis::kill() { process_.end(SIGKILL); }
void Redis::freeze() const { process_.signal(SIGSTOP); }
void Redis::thaw() const { process_.signal(SIGCONT); }

}  // namespace testing_servers
