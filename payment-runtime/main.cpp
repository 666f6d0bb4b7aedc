// payment-runtime: one program that plays every service of a payment platform.
#include <cstdio>
#include <filesystem>

#include <CLI/CLI.hpp>

#include "payment-runtime/commands/commands.hpp"
#include "payment-runtime/commands/exit_codes.hpp"

namespace {

/// Where the kubelet looks for a pod's last words; it exists in containers only.
std::filesystem::path default_report_file() {
  const std::filesystem::path file = "/dev/termination-log";
  std::error_code ec;
  return std::filesystem::exists(file, ec) ? file : std::filesystem::path{};
}

}  // namespace

int main(int argc, char** argv) {
  namespace commands = pay::commands;
  CLI::App app{"The payment runtime: services, migrations and reconciliation of a payment platform", "payment-runtime"};
  app.require_subcommand(1);
  std::filesystem::path config = "/etc/payment/config/runtime.yaml";
  const auto with_config = [&](CLI::App* command) {
    command->add_option("--config", config, "configuration file")->capture_default_str();
    return command;
  };

  std::string role;
  CLI::App* serve = with_config(app.add_subcommand("serve", "Play a role until SIGTERM"));
  serve->add_option("--role", role, "which service")
      ->required()
      ->check(CLI::IsMember({"payment", "callback", "reconciliation", "channel-simulator", "all"}));

  CLI::App* migrate = with_config(app.add_subcommand("migrate", "Bring the database to this release's schema; again changes nothing"));

  std::optional<int> days;
  std::filesystem::path report_file = default_report_file();
  CLI::App* reconcile = with_config(app.add_subcommand("reconcile", "Compare the last days with the channels' bills, and report"));
  reconcile->add_option("--days", days, "days including today (default: reconciliation.lookbackDays)")->check(CLI::Range(1, 31));
  reconcile->add_option("--report-file", report_file, "where the report is written (default: /dev/termination-log where it exists)");

  std::string what;
  CLI::App* wait = with_config(app.add_subcommand("wait", "Return when something is ready"));
  wait->add_option("--for", what, "what to wait for")->required()->check(CLI::IsMember({"schema", "database"}));

  std::string url;
  CLI::App* healthcheck = with_config(app.add_subcommand("healthcheck", "Ask a service whether it is ready"));
  healthcheck->add_option("--url", url, "address to ask (default: the configuration's own listener)");

  std::string service;
  std::string channel = "wechat";
  CLI::App* pay_once = app.add_subcommand("pay-once", "Make one payment of 0.01, see its duplicate refused, read it back");
  pay_once->add_option("--url", service, "the payment service, such as http://payment-service:8086")->required();
  pay_once->add_option("--channel", channel, "payment channel")->capture_default_str();

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? commands::kDone : commands::kUsage;
  }
  try {
    if (*serve) return commands::serve(role, config);
    if (*migrate) return commands::migrate(config);
    if (*reconcile) return commands::reconcile(config, days, report_file);
    if (*wait) return commands::wait_for(what, config);
    if (*pay_once) return commands::pay_once(service, channel);
    return commands::healthcheck(url, config);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "payment-runtime: %s\n", error.what());
    return commands::kFailed;
  }
}
