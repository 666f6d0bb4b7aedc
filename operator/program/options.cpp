#include "operator/program/options.hpp"

#include <charconv>
#include <cstdio>
#include <regex>
#include <string_view>

#include <CLI/CLI.hpp>

#include "crds/types/formats.hpp"

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

base::Result<std::chrono::milliseconds> parse_duration(const std::string& text) {
  constexpr std::int64_t kDurationMsMax = 24 * 3'600'000;
  std::int64_t count = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, count);
  const std::string_view unit(rest, static_cast<std::size_t>(end - rest));
  const std::int64_t scale = unit == "ms" ? 1 : unit == "s" ? 1'000 : unit == "m" ? 60'000 : 0;
  if (error != std::errc{} || scale == 0 || count < 0 || count > kDurationMsMax / scale) {
    return base::fail(base::Code::InvalidArgument, "\"" + text + "\" is not a duration such as 500ms, 15s or 2m");
  }
  return std::chrono::milliseconds(count * scale);
}

namespace {

int complain(const std::string& what) {
  std::fprintf(stderr, "payment-operator: %s\n", what.c_str());
  return kExitUsage;
}

std::string is_name_prefix(const std::string& text) {
  const bool good = !text.empty() && text.size() <= crds::kNamePrefixMax && std::regex_match(text, std::regex(crds::kNamePrefix.pattern));
  return good ? "" : "\"" + text + "\" must be " + crds::kNamePrefix.meaning + ", at most " + std::to_string(crds::kNamePrefixMax);
}

/// The flags of leader election, as text until they are checked together.
struct ElectionFlags {
  bool on = false;
  Election election;
  std::string duration = "15s";
  std::string renew_deadline = "10s";
  std::string retry = "2s";

  void declare(CLI::App& run) {
    run.add_flag("--leader-elect", on, "Work only while this process holds a Lease; for more than one replica");
    run.add_option("--leader-elect-namespace", election.name_space, "Where the Lease lies. Default: the pod's or the context's namespace");
    run.add_option("--leader-elect-id", election.id, "Name of the Lease")->capture_default_str();
    run.add_option("--leader-elect-lease-duration", duration, "A leader that was not heard of for this long is followed")
        ->capture_default_str();
    run.add_option("--leader-elect-renew-deadline", renew_deadline, "A leader that could not renew for this long stops writing")
        ->capture_default_str();
    run.add_option("--leader-elect-retry-period", retry, "Between two attempts to get or to renew the Lease")->capture_default_str();
  }

  base::Result<std::optional<Election>> read() const {
    if (!on) return std::optional<Election>{};
    Election read = election;
    for (const auto& [text, into] : {std::pair{&duration, &read.times.duration}, std::pair{&renew_deadline, &read.times.renew_deadline},
                                     std::pair{&retry, &read.times.retry}}) {
      const auto parsed = parse_duration(*text);
      if (!parsed) return base::fail(parsed.error());
      *into = *parsed;
    }
    if (auto sound = kube::check(read.times); !sound) return base::fail(sound.error());
    return std::optional<Election>(std::move(read));
  }
};

}  // namespace

controllers::Settings default_settings() { return {PROJECT_VERSION, "payment-runtime:" PROJECT_VERSION, "mariadb:10.11", "redis:7.2"}; }

Parsed parse(int argc, char** argv) {
  CLI::App app{"Turns PaymentPlatform objects into running payment platforms.", "payment-operator"};
  app.require_subcommand(1);
  Options options;
  options.settings = default_settings();
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
  run->add_option("--name-prefix", options.settings.name_prefixes, "A spec.namePrefix that platforms may have; may be given several times")
      ->check(is_name_prefix, "", "");
  ElectionFlags election;
  election.declare(*run);
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
    if (!address) return {std::nullopt, complain("bind address " + address.error().message)};
    *into = std::move(*address);
  }
  auto elected = election.read();
  if (!elected) {
    const base::Error& error = elected.error();
    return {std::nullopt, complain("--leader-elect-" + (error.field.empty() ? "*: " : error.field + " ") + error.message)};
  }
  options.election = std::move(*elected);
  return {std::move(options), kExitDone};
}

}  // namespace program
