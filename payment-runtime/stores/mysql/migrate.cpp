#include "payment-runtime/stores/mysql/migrate.hpp"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <mutex>
#include <string_view>

#include <fmt/format.h>

#include "common/base/rng.hpp"
#include "common/crypto/digest.hpp"
#include "common/net/backoff.hpp"
#include "payment-runtime/stores/mysql/connection.hpp"

namespace pay::stores::mysql {

namespace {

struct Migration {
  int version;
  std::string_view name;
  std::string_view sql;
};

#include "migrations.inc"

constexpr int kSchemaVersion = std::end(kMigrations)[-1].version;
constexpr auto kMigrationTimeout = std::chrono::seconds{600};   // of one statement: a later release may have to rebuild a large table
constexpr auto kTryFirst = std::chrono::milliseconds{100};
constexpr auto kTryMax = std::chrono::milliseconds{2000};

struct User {
  std::string_view name;
  std::string_view password_file;
};
constexpr User kMigrator{"payment_migrator", "mysql-migrator-password"};
constexpr std::array kUsers{kMigrator, User{"payment_app", "mysql-application-password"}, User{"payment_reader", "mysql-reader-password"}};

void pause(std::chrono::milliseconds duration) {
  std::mutex mutex;
  std::condition_variable never;
  std::unique_lock lock{mutex};
  never.wait_for(lock, duration, [] { return false; });
}

base::Error to_error(const Failure& failure) {
  switch (failure.kind) {
    case Failure::Kind::Lost:
    case Failure::Kind::Away:
    case Failure::Kind::Collided: return {base::Code::Unavailable, "database: " + failure.message, {}, {}};
    case Failure::Kind::Denied: return {base::Code::PermissionDenied, "database: " + failure.message, {}, {}};
    case Failure::Kind::Refused: return {base::Code::Internal, fmt::format("database error {}: {}", failure.code, failure.message), {}, {}};
  }
  return {};
}

/// Connects, waiting for the server while there is time. A server that answers "access denied" is not waited for when `user_exists`.
base::Result<Connection> connect(const Endpoint& endpoint, const std::string& user, const std::filesystem::path& password_file,
                                 bool user_exists, const base::Clock& clock, base::Deadline deadline) {
  net::Backoff backoff{kTryFirst, kTryMax};
  while (true) {
    base::Result<base::Secret> password = read_password(password_file);
    if (!password) return base::fail(std::move(password.error()));
    Outcome<Connection> connection = Connection::open(endpoint, user, *password, {kMigrationTimeout, true});
    if (connection) return std::move(*connection);
    const base::Error error = to_error(connection.error());
    const bool may_pass = connection.error().kind != Failure::Kind::Denied || !user_exists;
    const auto wait = backoff.next(base::system_rng());
    if (!may_pass) return base::fail(error);
    if (deadline.left(clock) <= wait) {
      return base::fail(base::Code::Unavailable,
                        fmt::format("{}:{} could not be used in time: {}", endpoint.host, endpoint.port, error.message));
    }
    pause(wait);
  }
}

base::Result<Answer> ask(Connection& connection, const std::string& sql) {
  Outcome<Answer> answer = connection.query(sql);
  if (!answer) return base::fail(to_error(answer.error()));
  return std::move(*answer);
}

std::string quoted_name(std::string_view name) {
  std::string quoted = "`";
  for (const char c : name) quoted += c == '`' ? std::string{"``"} : std::string{c};
  return quoted + "`";
}

/// The user with this password; true when that took a change.
base::Result<bool> ensure_user(Connection& root, const MigrateOptions& options, const User& user) {
  const base::Result<base::Secret> password = read_password(options.secrets_directory / user.password_file);
  if (!password) return base::fail(password.error());
  const std::string account = fmt::format("'{}'@'%'", user.name);

  Endpoint endpoint = options.endpoint;
  endpoint.database.clear();
  const Outcome<Connection> works = Connection::open(endpoint, std::string{user.name}, *password);
  if (works) return false;
  if (works.error().kind != Failure::Kind::Denied) return base::fail(to_error(works.error()));

  const std::string secret = root.quote(password->reveal());
  for (const std::string& sql : {fmt::format("CREATE USER IF NOT EXISTS {} IDENTIFIED BY {}", account, secret),
                                 fmt::format("ALTER USER {} IDENTIFIED BY {}", account, secret)}) {
    // The server repeats parts of a statement in its error texts: those of these two are not passed on.
    if (const Outcome<Answer> done = root.query(sql); !done) {
      return base::fail(base::Code::Internal,
                        fmt::format("database error {} while setting the password of {}", done.error().code, user.name));
    }
  }
  return true;
}

base::Result<std::vector<std::string>> apply_migrations(Connection& migrator) {
  if (auto made = ask(migrator,
                      "CREATE TABLE IF NOT EXISTS schema_migrations (version INT NOT NULL PRIMARY KEY, name VARCHAR(64) NOT NULL, "
                      "checksum CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, "
                      "applied_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4");
      !made) {
    return base::fail(made.error());
  }
  const base::Result<Answer> present = ask(migrator, "SELECT version, checksum FROM schema_migrations");
  if (!present) return base::fail(present.error());

  std::vector<std::string> applied;
  for (const Migration& migration : kMigrations) {
    const std::string checksum = crypto::sha256_hex(migration.sql);
    const auto row =
        std::ranges::find_if(present->rows, [&migration](const Row& other) { return other[0] == std::to_string(migration.version); });
    if (row != present->rows.end()) {
      if ((*row)[1] == checksum) continue;
      return base::fail(
          base::Code::FailedPrecondition,
          fmt::format("migration {} was applied with other content than this release has; a released migration must not change",
                      migration.name));
    }
    if (auto done = ask(migrator, std::string{migration.sql}); !done) {
      return base::fail(base::Error{done.error().code, fmt::format("migration {}: {}", migration.name, done.error().message), {}, {}});
    }
    auto recorded = ask(migrator, fmt::format("INSERT INTO schema_migrations (version, name, checksum) VALUES ({}, '{}', '{}')",
                                              migration.version, migration.name, checksum));
    if (!recorded) return base::fail(recorded.error());
    applied.emplace_back(migration.name);
  }
  return applied;
}

/// grants.sql names database `payment`; another name takes its place.
std::string grants_for(const std::string& database) {
  std::string sql{kGrants};
  constexpr std::string_view kPlaceholder = "payment.";
  const std::string name = quoted_name(database) + ".";
  for (std::size_t at = 0; (at = sql.find(kPlaceholder, at)) != std::string::npos; at += name.size())
    sql.replace(at, kPlaceholder.size(), name);
  return sql;
}

}  // namespace

base::Result<MigrateReport> migrate(const MigrateOptions& options, const base::Clock& clock, base::Deadline deadline) {
  Endpoint server = options.endpoint;
  server.database.clear();
  base::Result<Connection> root =
      connect(server, options.administrator, options.secrets_directory / "mysql-password", true, clock, deadline);
  if (!root) return base::fail(std::move(root.error()));

  // Held until this connection ends, however this process ends. Waiting is done in pieces shorter than a statement may take.
  const std::string lock = root->quote("payment-runtime migrate " + options.endpoint.database);
  while (true) {
    const base::Result<Answer> got = ask(*root, fmt::format("SELECT GET_LOCK({}, 2)", lock));
    if (!got) return base::fail(got.error());
    if (!got->rows.empty() && got->rows[0][0] == "1") break;
    if (deadline.passed(clock)) return base::fail(base::Code::Unavailable, "another process is migrating this database and does not end");
  }

  MigrateReport report;
  const std::string database = quoted_name(options.endpoint.database);
  if (auto made = ask(*root, "CREATE DATABASE IF NOT EXISTS " + database + " DEFAULT CHARACTER SET utf8mb4"); !made)
    return base::fail(made.error());
  for (const User& user : kUsers) {
    const base::Result<bool> changed = ensure_user(*root, options, user);
    if (!changed) return base::fail(changed.error());
    if (*changed) report.users_changed.emplace_back(user.name);
  }
  if (auto granted = ask(*root, fmt::format("GRANT ALL PRIVILEGES ON {}.* TO '{}'@'%'", database, kMigrator.name)); !granted) {
    return base::fail(granted.error());
  }

  base::Result<Connection> migrator =
      connect(options.endpoint, std::string{kMigrator.name}, options.secrets_directory / kMigrator.password_file, true, clock, deadline);
  if (!migrator) return base::fail(std::move(migrator.error()));
  base::Result<std::vector<std::string>> applied = apply_migrations(*migrator);
  if (!applied) return base::fail(std::move(applied.error()));
  report.applied = std::move(*applied);

  if (auto granted = ask(*root, grants_for(options.endpoint.database)); !granted) return base::fail(granted.error());
  return report;
}

base::Status wait_for_database(const Options& options, const base::Clock& clock, base::Deadline deadline) {
  Endpoint server = options.endpoint;
  server.database.clear();
  const base::Result<Connection> connection = connect(server, options.user, options.password_file, false, clock, deadline);
  if (!connection) return base::fail(connection.error());
  return {};
}

base::Status wait_for_schema(const Options& options, const base::Clock& clock, base::Deadline deadline) {
  net::Backoff backoff{kTryFirst, kTryMax};
  while (true) {
    base::Result<Connection> connection = connect(options.endpoint, options.user, options.password_file, false, clock, deadline);
    if (!connection) return base::fail(std::move(connection.error()));
    std::string missing;
    const base::Result<Answer> version = ask(*connection, "SELECT COALESCE(MAX(version), 0) FROM schema_migrations");
    if (version) {
      const int present = version->rows.empty() || !version->rows[0][0] ? 0 : std::stoi(*version->rows[0][0]);
      if (present >= kSchemaVersion) return {};
      missing = fmt::format("schema version {} is there, {} is needed", present, kSchemaVersion);
    } else {
      missing = version.error().message;
    }
    const auto wait = backoff.next(base::system_rng());
    if (deadline.left(clock) <= wait)
      return base::fail(base::Code::Unavailable, "the schema is not there: " + missing + "; has `migrate` run?");
    pause(wait);
  }
}

}  // namespace pay::stores::mysql
