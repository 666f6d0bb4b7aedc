// What `payment-runtime` can do; each returns the process's exit code. These functions only wire: everything they use is tested elsewhere.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace pay::commands {

/// payment | callback | reconciliation | channel-simulator | all. Until SIGTERM or SIGINT.
int serve(const std::string& role, const std::filesystem::path& config_file);
int migrate(const std::filesystem::path& config_file);
/// `days` overrides the configured window; the report goes to standard output and to `report_file`.
int reconcile(const std::filesystem::path& config_file, std::optional<int> days, const std::filesystem::path& report_file);
/// schema | database.
int wait_for(const std::string& what, const std::filesystem::path& config_file);
/// `url`, or the readiness of the process that `config_file` configures on this host.
int healthcheck(const std::string& url, const std::filesystem::path& config_file);
/// Makes one payment of 0.01 at the payment service `url`, sees the duplicate refused, reads it back. For `helm test` and smoke tests.
int pay_once(const std::string& url, const std::string& channel);

}  // namespace pay::commands
