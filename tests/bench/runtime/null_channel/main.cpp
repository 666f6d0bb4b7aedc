// The payment service as `payment-runtime serve --role payment` wires it (routes, services, store, cache), with a channel that answers at
// once and costs nothing: what is left is the price of taking a payment and keeping it.
#include <atomic>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "common/net/server.hpp"
#include "common/obs/health.hpp"
#include "payment-runtime/commands/exit_codes.hpp"
#include "payment-runtime/commands/wiring.hpp"
#include "payment-runtime/http/routes.hpp"

namespace pay {
namespace {

using namespace std::chrono_literals;

class NullChannel final : public ports::Channel {
 public:
  [[nodiscard]] std::string_view name() const override { return "wechat"; }
  [[nodiscard]] std::string_view account() const override { return "1900000001"; }
  [[nodiscard]] domain::TimeZone bill_zone() const override { return {8h}; }
  [[nodiscard]] std::chrono::hours bill_delay() const override { return 10h; }
  base::Task<base::Result<ports::Prepay>> create(ports::ChannelOrder order, base::Deadline) override {
    co_return ports::Prepay{"weixin://wxpay/bizpayurl?pr=" + order.out_trade_no};
  }
  base::Task<base::Result<ports::ChannelEvidence>> query(std::string, base::Deadline) override { co_return base::fail(nothing_else()); }
  base::Task<base::Status> close(std::string, base::Deadline) override { co_return base::fail(nothing_else()); }
  [[nodiscard]] base::Result<ports::VerifiedCallback> verify(const ports::RawCallback&, base::TimePoint) const override {
    return base::fail(nothing_else());
  }
  base::Task<base::Result<std::vector<ports::BillRow>>> bill(std::string, base::Deadline) override { co_return base::fail(nothing_else()); }

 private:
  static base::Error nothing_else() { return {base::Code::Unavailable, "this channel only creates", {}, {}}; }
};

int serve_null_channel(const std::filesystem::path& config_file) {
  auto config = commands::load(config_file, "payment-service");
  if (!config) return commands::kUsage;
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);

  NullChannel channel;
  obs::Metrics metrics;
  const obs::Health health;
  net::Shards shards{static_cast<std::size_t>(config->shards)};
  auto adapters = commands::make_adapters(*config, &shards, &metrics);
  if (!adapters) {
    commands::complain(adapters.error());
    return commands::kUsage;
  }
  adapters->channels.emplace("wechat", &channel);
  http::Context context;
  for (std::size_t i = 0; i < shards.size(); ++i) context.ports.push_back(adapters->ports(i));
  for (services::Ports& ports : context.ports) ports.channels = &adapters->channels;
  context.metrics = &metrics;
  context.authentication_required = false;

  net::Router router;
  http::add_payment_routes(router, context);
  http::add_health_routes(router, health);
  net::ServerOptions options;
  options.service = "payment-service";
  options.port = config->listener(config::Routes::Public)->port;
  options.metrics = &metrics;
  const auto server = net::HttpServer::listen(shards, std::move(router), std::move(options));
  if (!server) {
    commands::complain(server.error());
    return commands::kFailed;
  }
  shards.start();
  int received = 0;
  sigwait(&signals, &received);
  (*server)->drain(5s);
  shards.stop();
  return commands::kDone;
}

}  // namespace
}  // namespace pay

int main(int argc, char** argv) {
  CLI::App app{"The payment service with a channel that costs nothing, for make bench", "payment-bench-service"};
  std::filesystem::path config;
  app.add_option("--config", config, "configuration file, as of payment-runtime")->required();
  CLI11_PARSE(app, argc, argv);
  return pay::serve_null_channel(config);
}
