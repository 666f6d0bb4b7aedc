#include <csignal>
#include <stop_token>

#include "common/net/server.hpp"
#include "common/net/wait.hpp"
#include "common/obs/health.hpp"
#include "common/obs/log.hpp"
#include "payment-runtime/commands/commands.hpp"
#include "payment-runtime/commands/exit_codes.hpp"
#include "payment-runtime/commands/wiring.hpp"
#include "payment-runtime/config/roles.hpp"
#include "payment-runtime/http/routes.hpp"
#include "payment-runtime/services/payment/resolve.hpp"
#include "payment-runtime/simulator/simulator.hpp"

namespace pay::commands {
namespace {

using namespace std::chrono_literals;

constexpr auto kDrainBudget = 25s;            // below the pod's grace period less its preStop pause
constexpr auto kManagementDrain = 500ms;      // probes may see us go
constexpr auto kWatchInterval = 2s;           // database ping, loop watchdog
constexpr auto kPingBudget = 1s;
constexpr auto kSecretsEvery = 5;             // watches
constexpr auto kStalledAfter = 15s;           // a loop that did not turn for so long is dead: liveness fails

/// Everything that lives while the process serves. Members are destroyed in reverse: shards last, as the others stand on their loops.
struct Process {
  explicit Process(config::Config given) : config(std::move(given)), shards(static_cast<std::size_t>(config.shards)) {}

  config::Config config;
  obs::Metrics metrics;
  obs::Health health;
  std::atomic<bool> draining{false};
  std::atomic<bool> database_up{false};
  std::vector<std::atomic<std::int64_t>> turned = std::vector<std::atomic<std::int64_t>>(net::kShardsMax);   // ms of the steady clock
  std::stop_source stop;

  net::Shards shards;
  Adapters adapters;
  std::shared_ptr<config::Reloading<http::ApiCredentials>> credentials;
  std::shared_ptr<simulator::ReloadingKeys> simulator_keys;
  std::unique_ptr<simulator::Simulator> simulator;
  http::Context context;
  std::vector<std::unique_ptr<net::HttpServer>> servers;
  std::unique_ptr<net::HttpServer> management;
};

std::int64_t steady_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(base::system_clock().steady_now().time_since_epoch()).count();
}

using config::needs_database;
using config::plays;

base::Result<std::shared_ptr<const http::ApiCredentials>> load_credentials(const config::SecretFiles& files) {
  const auto secrets = files.read({}, {"api-key", "api-secret"});
  if (!secrets) return base::fail(secrets.error());
  const auto key = secrets->find("api-key");
  const auto secret = secrets->find("api-secret");
  if (key == secrets->end() || secret == secrets->end()) return std::shared_ptr<const http::ApiCredentials>{};
  return std::make_shared<const http::ApiCredentials>(http::ApiCredentials{std::string{key->second.reveal()}, secret->second});
}

base::Status make_parts(Process& process, const std::string& role) {
  const config::SecretFiles secrets{process.config.secrets_directory};
  if (needs_database(role)) {
    auto adapters = make_adapters(process.config, &process.shards, &process.metrics);
    if (!adapters) return base::fail(std::move(adapters.error()));
    process.adapters = std::move(*adapters);
    for (std::size_t i = 0; i < process.shards.size(); ++i) process.context.ports.push_back(process.adapters.ports(i));
    for (services::Ports& ports : process.context.ports) ports.channels = &process.adapters.channels;
    process.context.metrics = &process.metrics;
    process.context.authentication_required = process.config.authentication == config::Authentication::Required;
    auto credentials = config::Reloading<http::ApiCredentials>::load(secrets, {"api-key", "api-secret"}, load_credentials);
    if (!credentials) return base::fail(std::move(credentials.error()));
    process.credentials = std::move(*credentials);
    process.context.credentials = [held = process.credentials] { return held->get(); };
  }
  if (plays(role, "channel-simulator")) {
    auto keys = simulator::ReloadingKeys::load(secrets, simulator::simulator_key_files(), simulator::load_simulator_keys);
    if (!keys) return base::fail(std::move(keys.error()));
    process.simulator_keys = std::move(*keys);
    auto made = simulator::Simulator::make(process.simulator_keys, base::system_clock(), base::system_rng());
    if (!made) return base::fail(std::move(made.error()));
    process.simulator = std::move(*made);
  }
  return {};
}

void add_checks(Process& process, const std::string& role) {
  Process* shared = &process;
  process.health.add("accepting", obs::Group::Readiness, [shared]() -> obs::Problem {
    if (shared->draining) return "this process is going away";
    return std::nullopt;
  });
  process.health.add("loops", obs::Group::Liveness, [shared]() -> obs::Problem {
    const std::int64_t oldest = steady_ms() - std::chrono::milliseconds{kStalledAfter}.count();
    for (std::size_t i = 0; i < shared->shards.size(); ++i) {
      if (shared->turned[i] < oldest) return "io loop " + std::to_string(i) + " is stuck";
    }
    return std::nullopt;
  });
  if (!needs_database(role)) return;
  process.health.add("database", obs::Group::Dependency, [shared]() -> obs::Problem {
    if (shared->database_up) return std::nullopt;
    return "the database does not answer";
  });
}

void refresh_gauges(Process& process) {
  obs::Metrics& metrics = process.metrics;
  if (process.adapters.store) {
    const stores::mysql::PoolStats stats = process.adapters.store->stats();
    metrics.gauge("db_up", "1 when the database answered the last time it was asked.").Set(process.database_up ? 1 : 0);
    metrics.gauge("db_pool_connections", "Connections that may be open.").Set(static_cast<double>(stats.connections));
    metrics.gauge("db_pool_connected", "Connections that are open.").Set(static_cast<double>(stats.connected));
    metrics.gauge("db_pool_busy", "Connections at work.").Set(static_cast<double>(stats.busy));
    metrics.gauge("db_pool_queued", "Steps that wait for a connection.").Set(static_cast<double>(stats.queued));
    metrics.gauge("db_pool_shed", "Steps refused since the start because the queue was full.").Set(static_cast<double>(stats.shed));
    metrics.gauge("db_pool_reconnects", "Connections made since the start.").Set(static_cast<double>(stats.reconnects));
  }
  if (!process.adapters.redis.empty()) {
    bool up = true;
    for (const auto& redis : process.adapters.redis) up = up && redis->up();
    metrics.gauge("redis_up", "1 when Redis answered every shard the last time it was asked.").Set(up ? 1 : 0);
  }
}

template <typename Keys>
void refresh_keys(const std::shared_ptr<Keys>& keys, std::string_view what) {
  if (!keys) return;
  const auto changed = keys->refresh();
  if (!changed) obs::error("secret_reload_failed", {{"what", what}, {"problem", changed.error().message}});
  if (changed && *changed) obs::info("secret_reloaded", {{"what", what}});
}

/// On every shard: shows that the loop turns.
base::Task<void> turn(Process* process, std::size_t shard) {
  for (;;) {
    process->turned[shard] = steady_ms();
    co_await net::wait_for(1s);
  }
}

/// On the first shard: the database's pulse, and secrets that have changed.
base::Task<void> watch(Process* process) {
  for (int round = 0;; ++round) {
    if (process->adapters.store) {
      const base::Status pong = co_await process->adapters.store->ping(base::Deadline::after(base::system_clock(), kPingBudget));
      if (process->database_up.exchange(pong.has_value()) != pong.has_value()) {
        obs::info("database_changed", {{"up", pong.has_value()}, {"problem", pong ? std::string{} : pong.error().message}});
      }
    }
    if (round % kSecretsEvery == 0) {
      refresh_keys(process->adapters.wechat_keys, "wechat");
      refresh_keys(process->simulator_keys, "simulator");
      refresh_keys(process->credentials, "api credentials");
    }
    co_await net::wait_for(kWatchInterval);
  }
}

void observe_round(void* context, const base::Result<services::payment::ResolverRound>& round) {
  auto* process = static_cast<Process*>(context);
  if (!round) {
    obs::warn("resolver_failed", {{"problem", base::describe(round.error())}});
    return;
  }
  obs::info("resolver_round",
            {{"taken", round->taken}, {"changed", round->changed}, {"unanswered", round->unanswered}, {"refused", round->refused}});
  const auto count = [&](const char* outcome, std::size_t by) {
    process->metrics.counter("payment_resolver_total", "Open payments that the resolver asked about.", {{"outcome", outcome}})
        .Increment(static_cast<double>(by));
  };
  count("changed", round->changed);
  count("unanswered", round->unanswered);
  count("refused", round->refused);
}

/// The error names the listener as the configuration's own errors do: file:line:column: key.
base::Status open_listener(Process& process, const config::Listener& listener, std::string_view name, net::Router router,
                           net::ServerOptions options, std::unique_ptr<net::HttpServer>& opened) {
  auto server = net::HttpServer::listen(process.shards, std::move(router), std::move(options));
  if (!server) {
    return base::fail(server.error().code, listener.place + ": listeners[].port: " + std::string{name} + " " + server.error().message);
  }
  opened = std::move(*server);
  obs::info("listening", {{"role", name}, {"port", opened->port()}});
  return {};
}

base::Status open_public(Process& process, const std::vector<config::Part>& parts) {
  for (const config::Part& part : parts) {
    net::Router router;
    if (part.role.name == "payment") http::add_payment_routes(router, process.context);
    if (part.role.name == "callback") http::add_callback_routes(router, process.context);
    if (part.role.name == "channel-simulator") process.simulator->add_routes(router);
    http::add_health_routes(router, process.health);
    net::ServerOptions options;
    options.service = part.role.service;
    options.port = part.port;
    options.metrics = &process.metrics;
    auto& opened = process.servers.emplace_back();
    const config::Listener& listener = *process.config.listener(config::Routes::Public);
    if (auto status = open_listener(process, listener, part.role.name, std::move(router), std::move(options), opened); !status)
      return status;
  }
  return {};
}

base::Status open_management(Process& process, const std::string& role) {
  const config::Listener* listener = process.config.listener(config::Routes::Management);
  if (listener == nullptr) return {};
  net::Router router;
  Process* shared = &process;
  http::add_health_routes(router, process.health);
  http::add_metrics_routes(router, process.metrics, [shared] { refresh_gauges(*shared); });
  net::ServerOptions options;
  options.service = role == "all" ? "all" : role == "channel-simulator" ? role : role + "-service";
  options.port = listener->port;
  return open_listener(process, *listener, "management", std::move(router), std::move(options), process.management);
}

/// Under Required, without the caller's credentials, every call is refused: safe, and surely not what was wanted.
void warn_of_closed_api(const Process& process, const std::string& role) {
  if (!plays(role, "payment") || !process.context.authentication_required || process.credentials->get()) return;
  const std::string folder = process.config.secrets_directory.string();
  obs::warn("api_closed", {{"problem", "authentication is Required and " + folder +
                                           " has no api-key and api-secret: every call of the API "
                                           "is refused with 401 until both are there"}});
}

void start(Process& process, const std::string& role) {
  for (std::size_t i = 0; i < process.shards.size(); ++i) {
    process.turned[i] = steady_ms();
    net::spawn(process.shards.context(i), turn(&process, i), "turn");
  }
  net::spawn(process.shards.context(0), watch(&process), "watch");
  if (plays(role, "payment")) {
    net::spawn(process.shards.context(0),
               services::payment::run_resolver(process.context.ports[0], process.stop.get_token(), observe_round, &process), "resolver");
  }
  if (process.simulator) process.simulator->start(process.shards.context(0));
  process.shards.start();
}

void finish(Process& process) {
  process.draining = true;
  process.stop.request_stop();
  bool clean = true;
  const base::Deadline deadline = base::Deadline::after(base::system_clock(), kDrainBudget);
  for (auto& server : process.servers) clean = server->drain(deadline.left(base::system_clock())) && clean;
  if (process.management) process.management->drain(kManagementDrain);
  obs::info("stopped", {{"clean", clean}});
  process.shards.stop();
}

}  // namespace

int serve(const std::string& role, const std::filesystem::path& config_file) {
  const std::string service = role == "all" || role == "channel-simulator" ? role : role + "-service";
  auto config = load(config_file, service);
  if (!config) return kUsage;
  const auto parts = config::parts_of(*config, role);
  if (!parts) {
    complain(parts.error());
    return kUsage;
  }
  // Blocked before any thread starts, so that all inherit it and only sigwait() below takes them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);

  Process process{std::move(*config)};
  if (const auto made = make_parts(process, role); !made) {
    complain(made.error());
    return kUsage;
  }
  add_checks(process, role);
  base::Status opened = open_public(process, *parts);
  if (opened) opened = open_management(process, role);
  if (!opened) {
    complain(opened.error());
    return kUsage;
  }
  warn_of_closed_api(process, role);
  start(process, role);
  int received = 0;
  sigwait(&signals, &received);
  obs::info("stopping", {{"signal", received}});
  finish(process);
  return kDone;
}

}  // namespace pay::commands
