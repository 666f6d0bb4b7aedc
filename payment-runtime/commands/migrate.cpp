#include "payment-runtime/stores/mysql/migrate.hpp"
#include "common/obs/log.hpp"
#include "payment-runtime/commands/commands.hpp"
#include "payment-runtime/commands/exit_codes.hpp"
#include "payment-runtime/commands/wiring.hpp"

namespace pay::commands {
namespace {

constexpr auto kPatience = std::chrono::minutes{10};   // a fresh database takes its time; the Job tries again after that

int refuse_without_database(const std::filesystem::path& file) {
  complain({base::Code::InvalidArgument, file.string() + ": database: is missing; this command needs it", {}, {}});
  return kUsage;
}

}  // namespace

int migrate(const std::filesystem::path& config_file) {
  const auto config = load(config_file, "migrate");
  if (!config) return kUsage;
  if (!config->database) return refuse_without_database(config_file);
  stores::mysql::MigrateOptions options;
  options.endpoint = store_options(*config).endpoint;
  options.secrets_directory = config->secrets_directory;
  const auto report = stores::mysql::migrate(options, base::system_clock(), base::Deadline::after(base::system_clock(), kPatience));
  if (!report) {
    obs::error("migrate_failed", {{"problem", base::describe(report.error())}});
    return kFailed;
  }
  for (const std::string& name : report->applied) obs::info("migration_applied", {{"migration", name}});
  for (const std::string& user : report->users_changed) obs::info("database_user_changed", {{"user", user}});
  obs::info("migrated", {{"applied", report->applied.size()}});
  return kDone;
}

int wait_for(const std::string& what, const std::filesystem::path& config_file) {
  const auto config = load(config_file, "wait");
  if (!config) return kUsage;
  if (!config->database) return refuse_without_database(config_file);
  const base::Deadline deadline = base::Deadline::after(base::system_clock(), kPatience);
  const base::Status ready = what == "schema" ? stores::mysql::wait_for_schema(store_options(*config), base::system_clock(), deadline)
                                              : stores::mysql::wait_for_database(store_options(*config), base::system_clock(), deadline);
  if (!ready) {
    obs::error("wait_failed", {{"for", what}, {"problem", base::describe(ready.error())}});
    return kFailed;
  }
  obs::info("ready", {{"for", what}});
  return kDone;
}

}  // namespace pay::commands
