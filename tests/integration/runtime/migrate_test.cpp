#include "payment-runtime/stores/mysql/migrate.hpp"

#include <future>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/integration/runtime/servers.hpp"

namespace pay::stores::mysql {
namespace {

using testing_servers::MariaDb;

base::Deadline within(std::chrono::seconds budget) { return base::Deadline::after(base::system_clock(), budget); }
base::Result<MigrateReport> migrate_on(const MariaDb& server) {
  return migrate(server.migrate_options(), base::system_clock(), within(std::chrono::seconds{60}));
}

TEST(Migrate, TakesAnEmptyServerToTheSchemaAndTheSecondTimeChangesNothing) {
  MariaDb server;
  EXPECT_FALSE(wait_for_schema(server.store_options(1), base::system_clock(), within(std::chrono::seconds{1})));
  const auto first = migrate_on(server);
  ASSERT_TRUE(first) << base::describe(first.error());
  EXPECT_EQ(first->applied, (std::vector<std::string>{"0001_payments", "0002_steps"}));
  EXPECT_EQ(first->users_changed, (std::vector<std::string>{"payment_migrator", "payment_app", "payment_reader"}));
  const std::string schema_time = server.scalar("SELECT MAX(create_time) FROM information_schema.tables WHERE table_schema = 'payment'");
  const std::string routine_time =
      server.scalar("SELECT MAX(last_altered) FROM information_schema.routines WHERE routine_schema = 'payment'");
  const std::string users = server.scalar("SELECT GROUP_CONCAT(user, authentication_string ORDER BY user) FROM mysql.user");

  const auto second = migrate_on(server);
  ASSERT_TRUE(second) << base::describe(second.error());
  EXPECT_TRUE(second->applied.empty());
  EXPECT_TRUE(second->users_changed.empty());
  EXPECT_EQ(server.scalar("SELECT MAX(create_time) FROM information_schema.tables WHERE table_schema = 'payment'"), schema_time);
  EXPECT_EQ(server.scalar("SELECT MAX(last_altered) FROM information_schema.routines WHERE routine_schema = 'payment'"), routine_time);
  EXPECT_EQ(server.scalar("SELECT GROUP_CONCAT(user, authentication_string ORDER BY user) FROM mysql.user"), users);
  EXPECT_TRUE(wait_for_schema(server.store_options(1), base::system_clock(), within(std::chrono::seconds{5})));

  // A new password takes effect, and only for its user.
  server.write_secret("mysql-application-password", "rotated'\\secret");
  const auto third = migrate_on(server);
  ASSERT_TRUE(third) << base::describe(third.error());
  EXPECT_EQ(third->users_changed, std::vector<std::string>{"payment_app"});
  EXPECT_TRUE(wait_for_schema(server.store_options(1), base::system_clock(), within(std::chrono::seconds{5})));
  EXPECT_EQ(server.log_text().find("secret"), std::string::npos);

  // A later release has been here: going back to this one is allowed, since migrations only add.
  ASSERT_TRUE(server.root().query("INSERT INTO schema_migrations (version, name, checksum) VALUES (999, '0999_later', REPEAT('0', 64))"));
  const auto back = migrate_on(server);
  ASSERT_TRUE(back) << base::describe(back.error());
  EXPECT_TRUE(back->applied.empty());
  EXPECT_TRUE(wait_for_schema(server.store_options(1), base::system_clock(), within(std::chrono::seconds{5})));

  // A released migration that reads otherwise than it was applied is a mistake that must not be built upon.
  ASSERT_TRUE(server.root().query("UPDATE schema_migrations SET checksum = REPEAT('0', 64) WHERE version = 1"));
  const auto changed = migrate_on(server);
  ASSERT_FALSE(changed);
  EXPECT_EQ(changed.error().code, base::Code::FailedPrecondition);
}

TEST(Migrate, AnInterruptedMigrationIsAppliedAgainFromItsStart) {
  MariaDb server;
  ASSERT_TRUE(migrate_on(server));
  ASSERT_TRUE(server.root().query("DELETE FROM schema_migrations; DROP TABLE inbox; DROP PROCEDURE move_payment"));
  const auto again = migrate_on(server);
  ASSERT_TRUE(again) << base::describe(again.error());
  EXPECT_EQ(again->applied.size(), 2U);
  EXPECT_EQ(server.scalar("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'payment' AND table_name = 'inbox'"), "1");
}

TEST(Migrate, TwoAtOnceApplyOnce) {
  MariaDb server;
  auto one = std::async(std::launch::async, [&server] { return migrate_on(server); });
  auto two = std::async(std::launch::async, [&server] { return migrate_on(server); });
  const auto first = one.get();
  const auto second = two.get();
  ASSERT_TRUE(first) << base::describe(first.error());
  ASSERT_TRUE(second) << base::describe(second.error());
  EXPECT_EQ(first->applied.size() + second->applied.size(), 2U);
}

TEST(Migrate, WaitsForAServerThatIsStillStartingAndGivesUpAtTheDeadline) {
  MariaDb server;
  server.kill();
  const auto late = migrate(server.migrate_options(), base::system_clock(), within(std::chrono::seconds{1}));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, base::Code::Unavailable);

  auto waiting = std::async(std::launch::async, [&server] { return migrate_on(server); });
  server.start();
  const auto report = waiting.get();
  ASSERT_TRUE(report) << base::describe(report.error());
  EXPECT_EQ(report->applied.size(), 2U);
}

TEST(Migrate, AWrongAdministratorPasswordAndAMissingFileAreNamedAtOnce) {
  MariaDb& server = testing_servers::shared_mariadb();
  testing_servers::ScratchFolder other;
  MigrateOptions options = server.migrate_options();
  options.secrets_directory = other.path();
  const auto missing = migrate(options, base::system_clock(), within(std::chrono::seconds{30}));
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message.find((other.path() / "mysql-password").string()), std::string::npos);

  std::filesystem::copy_file(server.secrets() / "mysql-reader-password", other.path() / "mysql-password");
  const auto wrong = migrate(options, base::system_clock(), within(std::chrono::seconds{30}));
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, base::Code::PermissionDenied);
}

TEST(Schema, HasTheColumnsAndKeysOfTheSourceDocuments) {
  const MariaDb& server = testing_servers::shared_mariadb();
  EXPECT_EQ(
      server.scalar("SELECT GROUP_CONCAT(DISTINCT index_name ORDER BY index_name) FROM information_schema.statistics WHERE table_schema = "
                    "'payment' AND table_name = 'payment_records' AND index_name IN ('PRIMARY', 'uk_payment_no', 'uk_business_no', "
                    "'idx_payment_channel', 'idx_status', 'idx_create_time')"),
      "idx_create_time,idx_payment_channel,idx_status,PRIMARY,uk_business_no,uk_payment_no");
  EXPECT_EQ(
      server.scalar("SELECT column_type FROM information_schema.columns WHERE table_schema = 'payment' AND table_name = 'payment_records' "
                    "AND column_name = 'amount'"),
      "decimal(10,2)");
}

TEST(Grants, TheApplicationCannotChangeWhatItAppended) {
  const MariaDb& server = testing_servers::shared_mariadb();
  Connection application = server.connect("payment_app", "mysql-application-password");
  constexpr unsigned kTableAccessDenied = 1142;
  constexpr unsigned kDatabaseAccessDenied = 1044;
  for (const char* table : {"ledger_entries", "inbox", "reconciliation_runs", "reconciliation_differences"}) {
    for (const std::string& sql : {fmt::format("UPDATE {} SET created_at = created_at", table), fmt::format("DELETE FROM {}", table)}) {
      const auto refused = application.query(sql);
      ASSERT_FALSE(refused) << sql;
      EXPECT_EQ(refused.error().code, kTableAccessDenied) << sql;
    }
  }
  for (const char* sql :
       {"DELETE FROM payment_records", "DROP TABLE ledger_entries", "TRUNCATE ledger_entries", "ALTER TABLE ledger_entries ADD x INT"}) {
    const auto refused = application.query(sql);
    ASSERT_FALSE(refused) << sql;
    EXPECT_EQ(refused.error().code, kTableAccessDenied) << sql;
  }
  const auto procedure = application.query("CREATE PROCEDURE p() SQL SECURITY DEFINER DELETE FROM ledger_entries");
  ASSERT_FALSE(procedure);
  EXPECT_EQ(procedure.error().code, kDatabaseAccessDenied);

  Connection reader = server.connect("payment_reader", "mysql-reader-password");
  EXPECT_TRUE(reader.query("SELECT COUNT(*) FROM ledger_entries"));
  EXPECT_FALSE(reader.query("INSERT INTO inbox (event_id) VALUES ('x')"));
}

}  // namespace
}  // namespace pay::stores::mysql
