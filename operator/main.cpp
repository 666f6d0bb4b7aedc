// payment-operator: wires the ports to the real world and runs the loop until SIGTERM.
#include <malloc.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <fmt/format.h>

#include "common/base/rng.hpp"
#include "common/obs/log.hpp"
#include "operator/engine/asio_loop.hpp"
#include "operator/engine/leader.hpp"
#include "operator/engine/manager.hpp"
#include "operator/kube/config.hpp"
#include "operator/kube/fenced_transport.hpp"
#include "operator/kube/paced_transport.hpp"
#include "operator/kube/transport_cpprest.hpp"
#include "operator/program/metered_transport.hpp"
#include "operator/program/options.hpp"
#include "operator/program/probes.hpp"

namespace {

// What is in flight when SIGTERM comes is answered well before; the pod's grace period is longer.
constexpr std::chrono::seconds kStopBudget{5};

int refuse(const base::Error& error) {
  obs::error("cannot start", {{"error", error.message}});
  return error.code == base::Code::InvalidArgument || error.code == base::Code::FailedPrecondition || error.code == base::Code::NotFound
             ? program::kExitUsage
             : program::kExitFailed;
}

std::string instance_name() {
  std::string name(256, '\0');
  if (gethostname(name.data(), name.size()) != 0) return "payment-operator";
  name.resize(name.find('\0'));
  return name;
}

base::Result<engine::LeaderOptions> candidacy(const program::Election& election, const std::string& own_namespace) {
  const std::string name_space = election.name_space.empty() ? own_namespace : election.name_space;
  if (name_space.empty()) {
    return base::fail(base::Code::InvalidArgument, "no namespace for the Lease: give --leader-elect-namespace");
  }
  // A container that was started again has the same host name; its predecessor's lease is not its own.
  return engine::LeaderOptions{name_space, election.id, fmt::format("{}_{:016x}", instance_name(), base::system_rng().next_u64()),
                               election.times};
}

int run(const program::Options& options) {
  auto config = options.kubeconfig.empty() ? kube::in_cluster_config() : kube::kubeconfig_file(options.kubeconfig);
  if (!config) return refuse(config.error());
  kube::initialize_transport(*config);
  obs::info("starting", {{"version", options.settings.operator_version},
                         {"server", config->server},
                         {"namespaces", options.namespaces.empty() ? "all" : std::to_string(options.namespaces.size())}});

  std::optional<engine::LeaderOptions> lease;
  if (options.election) {
    auto candidate = candidacy(*options.election, config->name_space);
    if (!candidate) return refuse(candidate.error());
    lease = std::move(*candidate);
  }

  boost::asio::io_context context(1);
  engine::AsioLoop loop(context);
  auto transport = kube::make_cpprest_transport(std::move(*config), loop);
  if (!transport) return refuse(transport.error());

  obs::Metrics metrics;
  program::MeteredTransport metered(**transport, metrics);
  engine::Instruments instruments(metrics);
  engine::ThreadKeyMaker key_maker(loop);
  engine::KeyPool keys(loop, key_maker);
  std::unique_ptr<engine::Leader> leader;      // absent without an election
  const auto write_time = [&leader] { return leader ? leader->write_time() : std::chrono::milliseconds::max(); };
  kube::FencedTransport fenced(loop, metered, write_time);
  kube::PacedTransport paced(loop, fenced, metrics);
  engine::Manager manager({loop, paced, base::system_rng(), keys, instruments},
                          {options.namespaces, options.settings, instance_name(), [write_time] { return write_time().count() > 0; }},
                          controllers::reconcile);
  if (lease) {
    leader = std::make_unique<engine::Leader>(loop, metered, base::system_rng(), std::move(*lease), metrics,
                                              [&manager](bool leads) { manager.set_leading(leads); });
  }
  program::Probes probes(
      loop, metrics,
      {[&manager] { return manager.not_ready(); }, [&manager] { return manager.not_alive(); }, [&manager] { manager.measure(); }});
  if (auto listening = probes.start(options); !listening) return refuse(listening.error());

  kube::Timer last_moment;
  boost::asio::signal_set signals(context, SIGTERM, SIGINT);
  signals.async_wait([&](const boost::system::error_code& error, int signal) {
    if (error) return;
    obs::info("stopping", {{"signal", signal}});
    last_moment = kube::Timer(loop, kStopBudget, [&context] {
      obs::warn("stopped before every request was answered");
      context.stop();
    });
    const auto stopped = [&context] {
      obs::info("stopped");
      context.stop();
    };
    manager.stop([&leader, stopped] { leader ? leader->leave(stopped) : stopped(); });
  });

  keys.start();
  manager.start();
  leader ? leader->start() : manager.set_leading(true);
  context.run();
  return program::kExitDone;
}

}  // namespace

int main(int argc, char** argv) {
  // NOLINTBEGIN(concurrency-mt-unsafe): no second thread yet
  // One arena instead of one a thread: the threads move bytes and the loop keeps them, so separate arenas only hold freed memory.
  mallopt(M_ARENA_MAX, 1);
  // Bodies of lists are large and short-lived: back to the system with them, at once.
  mallopt(M_MMAP_THRESHOLD, 128 * 1024);
  mallopt(M_TRIM_THRESHOLD, 1024 * 1024);
  // NOLINTEND(concurrency-mt-unsafe)
  const program::Parsed parsed = program::parse(argc, argv);
  return parsed.run ? run(*parsed.run) : parsed.exit_code;
}
