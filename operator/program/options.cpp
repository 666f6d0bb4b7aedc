#include "operator/program/options.hpp"

#include <charconv>
#include <cstdio>

#include <CLI/CLI.hpp>

namespace program {

base::Result<std::optional<Address>> parse_address(const std::string& text) {
  if (text == "0") return std::optional<Address>{};
  const auto colon = text.rfind(':');
  Address address;
  if (colon == std::string::npos) return base::fail(base::Code::InvalidArgument, "\"" + text + "\" is not HOST:PORT, :PORT or 0");
  address.host = text.substr(0, colon);
  if (address.host.starts_with('[') && address.host.ends_with(']')) address.host = address.host.substr(1, address.host.size() - 2);
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data() + colon + 1, end, address.port);
  if (error != std::errc{} || rest != end) return base::fail(base::Code::InvalidArgument, "\"" + text + "\" has no port from 0 to 65535");
  return std::optional<Address>(std::move(address));
}

Parsed parse(int argc, char** argv) {
  CLI::App app{"Turns PaymentPlatform objects into running payment platforms.", "payment-operator"};
  app.require_subcommand(1);
  Options options;
  options.settings = {PROJECT_VERSION, "payment-runtime:" PROJECT_VERSION, "mariadb:10.11", "redis:7.2"};
  std::string metrics = ":8080";
  std::string probes = ":8081";

  CLI::App* run = app.add_subcommand("run", "Watch PaymentPlatforms and reconcile them, until SIGTERM");
  run->add_option("--kubeconfig", options.kubeconfig, "Kubeconfig file; without it the pod's service account is used");
  run->add_option("--namespace", options.namespaces, "Only this namespace; may be given several times. Default: all namespaces");
  run->add_option("--metrics-bind-address", metrics, "Where /metrics is served; 0 switches it off")->capture_default_str();
  run->add_option("--health-probe-bind-address", probes, "Where /healthz and /readyz are served; 0 switches them off")
      ->capture_default_str();
  run->add_option("--runtime-image", options.settings.runtime_image, "Image of the payment services")->capture_default_str();
  run->add_option("--mysql-image", options.settings.mysql_image, "Image of managed databases")->capture_default_str();
  run->add_option("--redis-image", options.settings.redis_image, "Image of managed Redis")->capture_default_str();
  const CLI::App* version = app.add_subcommand("version", "Print the version");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return {std::nullopt, app.exit(error) == 0 ? kExitDone : kExitUsage};
  }
  if (version->parsed()) {
    std::puts("payment-operator " PROJECT_VERSION);
    return {std::nullopt, kExitDone};
  }
  for (const auto& [text, into] : {std::pair{&metrics, &options.metrics}, std::pair{&probes, &options.probes}}) {
    auto address = parse_address(*text);
    if (!address) {
      std::fprintf(stderr, "payment-operator: bind address %s\n", address.error().message.c_str());
      return {std::nullopt, kExitUsage};
    }
    *into = std::move(*address);
  }
  return {std::move(options), kExitDone};
}

}  // namespace program
