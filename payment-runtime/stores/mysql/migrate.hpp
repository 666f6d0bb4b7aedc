// Brings a database server from empty (or from an earlier release) to this release's schema, users and grants. Blocking; for `migrate` and
// `wait`. Forward and additive; running it again changes nothing.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "common/base/clock.hpp"
#include "common/base/deadline.hpp"
#include "common/base/result.hpp"
#include "payment-runtime/stores/mysql/store.hpp"

namespace pay::stores::mysql {

struct MigrateOptions {
  Endpoint endpoint;
  std::string administrator = "root";
  std::filesystem::path secrets_directory;  // mysql-password, mysql-migrator-password, mysql-application-password, mysql-reader-password
};

struct MigrateReport {
  std::vector<std::string> applied;  // names of the migrations that this run applied; empty: the schema was current
  std::vector<std::string> users_changed;  // users made, or given a new password
};

/// Waits for the server until the deadline; one process migrates at a time (GET_LOCK). Errors: Unavailable (server or lock not to be had in
/// time), PermissionDenied (administrator's password), FailedPrecondition (an applied migration differs from ours). A newer
/// schema is fine: migrations only add within a release, so that a roll can be taken back.
[[nodiscard]] base::Result<MigrateReport> migrate(const MigrateOptions& options, const base::Clock& clock, base::Deadline deadline);

/// Until the server takes connections of the application's user (`wait --for database`).
[[nodiscard]] base::Status wait_for_database(const Options& options, const base::Clock& clock, base::Deadline deadline);
/// Until every migration of this release has been applied (`wait --for schema`); a newer schema is fine (expand, then contract).
[[nodiscard]] base::Status wait_for_schema(const Options& options, const base::Clock& clock, base::Deadline deadline);

}  // namespace pay::stores::mysql
