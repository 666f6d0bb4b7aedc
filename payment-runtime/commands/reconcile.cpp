#include <cstdio>
#include <fstream>

#include <boost/asio/io_context.hpp>

#include "common/net/block_on.hpp"
#include "common/obs/log.hpp"
#include "payment-runtime/commands/commands.hpp"
#include "payment-runtime/commands/exit_codes.hpp"
#include "payment-runtime/commands/wiring.hpp"
#include "payment-runtime/services/reconciliation/run.hpp"

namespace pay::commands {
namespace {

constexpr int kReserveSeconds = 10;   // of the Job's deadline, to write the report

bool write_report(const std::filesystem::path& file, const std::string& text) {
  std::ofstream stream{file, std::ios::binary | std::ios::trunc};
  return static_cast<bool>(stream << text << std::flush);
}

}  // namespace

int reconcile(const std::filesystem::path& config_file, std::optional<int> days, const std::filesystem::path& report_file) {
  const auto config = load(config_file, "reconcile");
  if (!config) return kUsage;
  if (!config->database) {
    complain({base::Code::InvalidArgument, config_file.string() + ": database: is missing; this command needs it", {}, {}});
    return kUsage;
  }
  boost::asio::io_context context{1};   // before the adapters, whose connections stand on it
  auto adapters = make_adapters(*config, nullptr, nullptr);
  if (!adapters) {
    complain(adapters.error());
    return kUsage;
  }
  services::Ports ports = adapters->ports(0);
  ports.channels = &adapters->channels;
  const int seconds = std::max(1, config->reconciliation.timeout_seconds - kReserveSeconds);
  const base::Deadline deadline = base::Deadline::after(base::system_clock(), std::chrono::seconds{seconds});
  const auto report =
      net::block_on(context, services::reconciliation::run(days.value_or(config->reconciliation.lookback_days), ports, deadline));
  if (!report) {
    obs::error("reconcile_failed", {{"problem", base::describe(report.error())}});
    return kFailed;
  }
  const std::string text = services::reconciliation::to_json(*report, services::reconciliation::kTerminationMessageMax);
  std::printf("%s\n", text.c_str());
  obs::info("reconciled", {{"run_id", report->run_id},
                           {"days", report->days.size()},
                           {"differences", report->difference_count},
                           {"matched", report->totals.matched},
                           {"resolved", report->resolved}});
  if (!report_file.empty() && !write_report(report_file, text)) {
    obs::error("report_not_written", {{"file", report_file.string()}});
    return kFailed;
  }
  return kDone;
}

}  // namespace pay::commands
