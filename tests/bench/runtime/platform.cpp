#include "tests/bench/runtime/platform.hpp"

#include <poll.h>
#include <sys/wait.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "common/crypto/rsa.hpp"
#include "tests/bench/runtime/load.hpp"

namespace bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kStartPatience = std::chrono::seconds{20};

/// As the operator renders it for the managed database: every commit on disk; no binary log, which MariaDB has off by default.
const std::vector<std::string> kServerSettings{"--skip-log-bin", "--innodb-flush-log-at-trx-commit=1", "--innodb-buffer-pool-size=1G",
                                               "--max-connections=500"};

double milliseconds_since(Clock::time_point start) { return std::chrono::duration<double, std::milli>(Clock::now() - start).count(); }

void write_wechat_secrets(const testing_servers::MariaDb& server) {
  const auto merchant = crypto::generate_rsa();
  const auto channel = crypto::generate_rsa();
  if (!merchant || !channel) throw std::runtime_error{"cannot make RSA keys"};
  server.write_secret("wechat-app-id", "wx0000000000000001");
  server.write_secret("wechat-mch-id", "1900000001");
  server.write_secret("wechat-merchant-serial-no", "5157F09EFDC096DE15EBE81A47057A7232F1B8E1");
  server.write_secret("wechat-api-v3-key", "0123456789abcdef0123456789abcdef");
  server.write_secret("wechat-public-key-id", "PUB_KEY_ID_0000000000000001");
  server.write_secret("wechat-private-key", std::string{merchant->private_pem.reveal()});
  server.write_secret("wechat-merchant-public-key", merchant->public_pem);
  server.write_secret("simulator-wechat-private-key", std::string{channel->private_pem.reveal()});
  server.write_secret("wechat-public-key", channel->public_pem);
}

bool has_ended(pid_t pid) {
  siginfo_t info{};
  return waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid;
}

std::string text_of(const std::filesystem::path& file) {
  std::ifstream stream{file};
  return {std::istreambuf_iterator<char>{stream}, {}};
}

}  // namespace

Platform::Platform(std::filesystem::path programs, int store_connections)
    : programs_(std::move(programs)),
      store_connections_(store_connections),
      mariadb_(kServerSettings) {
  const auto migrated = pay::stores::mysql::migrate(mariadb_.migrate_options(), base::system_clock(),
                                                    base::Deadline::after(base::system_clock(), std::chrono::seconds{60}));
  if (!migrated) throw std::runtime_error{base::describe(migrated.error())};
  write_wechat_secrets(mariadb_);
}

Service Platform::start(const std::string& program, const std::string& role, const std::string& more_config, bool database) {
  Service service;
  service.port = testing_servers::free_port();
  do service.management = testing_servers::free_port();
  while (service.management == service.port);
  const std::string name = fmt::format("{}-{}", role.empty() ? program : role, ++started_);
  const std::filesystem::path config = folder_.path() / (name + ".yaml");
  const std::filesystem::path log = folder_.path() / (name + ".log");
  std::ofstream{config}
      << fmt::format(
             "configVersion: 1\nplatform: bench/{}\nlisteners:\n  - {{port: {}, routes: public}}\n  - {{port: {}, routes: management}}\n"
             "secretsDirectory: {}\nauthentication: Development\n",
             role.empty() ? "payment" : role, service.port, service.management, mariadb_.secrets().string())
      << more_config;
  std::vector<std::string> command{(programs_ / program).string()};
  if (!role.empty()) command.insert(command.end(), {"serve", "--role", role});
  command.insert(command.end(), {"--config", config.string()});

  const std::uint16_t asked = role.empty() ? service.port : service.management;   // the bench's own service has no management port
  const Clock::time_point start = Clock::now();
  service.process = testing_servers::Process{command, log};
  const auto wait_for = [&](const char* path) {
    while (get_status(asked, path) != 200) {
      if (Clock::now() - start > kStartPatience || has_ended(service.process.pid())) {
        throw std::runtime_error{fmt::format("{} did not become ready:\n{}", name, text_of(log))};
      }
      poll(nullptr, 0, 1);
    }
    return milliseconds_since(start);
  };
  service.ready_ms = wait_for("/actuator/health/readiness?scope=self");
  if (database) service.database_ms = wait_for("/actuator/health/readiness");
  return service;
}

Service Platform::start_payment(std::uint16_t simulator) {
  const std::string config = fmt::format(
      "database: {{host: 127.0.0.1, port: {}, connections: {}}}\nredis: {{host: 127.0.0.1, port: {}}}\nchannels:\n  wechat:\n"
      "    baseUrl: http://127.0.0.1:{}\n    notifyUrl: http://127.0.0.1:{}/api/callback/wechat\n",
      mariadb_.port(), store_connections_, redis_.port(), simulator, simulator);
  return start("payment-runtime", "payment", config, true);
}

Service Platform::start_simulator() { return start("payment-runtime", "channel-simulator", "", false); }

Service Platform::start_null_channel() {
  const std::string config = fmt::format("database: {{host: 127.0.0.1, port: {}, connections: {}}}\nredis: {{host: 127.0.0.1, port: {}}}\n",
                                         mariadb_.port(), store_connections_, redis_.port());
  return start("payment-bench-service", "", config, false);
}

void Platform::clear() {
  auto connection = mariadb_.root();
  for (const char* table : {"payment_records", "payment_attempts", "ledger_entries", "inbox"}) {
    if (const auto emptied = connection.query(std::string{"TRUNCATE TABLE "} + table); !emptied)
      throw std::runtime_error{emptied.error().message};
  }
}

std::uint64_t Platform::stored_payments() const { return std::stoull(mariadb_.scalar("SELECT COUNT(*) FROM payment_records")); }

std::uint64_t Platform::awaiting_payers() const {
  return std::stoull(mariadb_.scalar("SELECT COUNT(*) FROM payment_records WHERE state = 'AWAITING_PAYER'"));
}

}  // namespace bench
