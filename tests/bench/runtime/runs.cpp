#include "tests/bench/runtime/runs.hpp"

#include <unistd.h>

#include <csignal>

#include <fmt/format.h>

#include "tests/bench/runtime/ceiling.hpp"
#include "tests/bench/runtime/summary.hpp"
#include "tests/bench/runtime/usage.hpp"

namespace bench {
namespace {

/// What was used between the two ends of the measured part.
class Meter {
 public:
  Meter(const Platform& platform, pid_t service, pid_t simulator)
      : service_(service),
        simulator_(simulator),
        mariadb_(platform.mariadb().pid()),
        redis_(platform.redis().pid()) {}

  [[nodiscard]] Window window(Timing timing) {
    return {timing.warm_up, timing.measured, [this] { before_ = read(); }, [this] { after_ = read(); }};
  }
  [[nodiscard]] Processors processors(double seconds) const {
    const auto share = [seconds](double before, double after) { return (after - before) / seconds; };
    Processors used;
    used.service = share(before_.service, after_.service);
    used.simulator = share(before_.simulator, after_.simulator);
    used.mariadb = share(before_.mariadb, after_.mariadb);
    used.redis = share(before_.redis, after_.redis);
    used.clients = share(before_.clients, after_.clients);
    used.others = share(before_.others, after_.others) - used.service - used.simulator - used.mariadb - used.redis - used.clients;
    return used;
  }

 private:
  [[nodiscard]] Processors read() const {
    const auto of = [](pid_t pid) { return pid > 0 ? cpu_seconds(pid) : 0.0; };
    return {of(service_), of(simulator_), of(mariadb_), of(redis_), of(getpid()), machine_busy_seconds()};
  }
  pid_t service_;
  pid_t simulator_;
  pid_t mariadb_;
  pid_t redis_;
  Processors before_;
  Processors after_;
};

void fill_latencies(Run& run, const std::vector<std::uint32_t>& latencies_us, double seconds) {
  run.per_second = static_cast<double>(latencies_us.size()) / seconds;
  run.p50_ms = percentile(latencies_us, 0.50) / 1e3;
  run.p99_ms = percentile(latencies_us, 0.99) / 1e3;
}

Run run_service(Platform& platform, Service& service, pid_t simulator, int connections, Timing timing) {
  static int number = 0;
  Run run;
  run.service_idle_kib = resident_kib(service.process.pid());
  Meter meter{platform, service.process.pid(), simulator};
  const LoadResult load = load_creates(service.port, connections, fmt::format("bench-{}", ++number), meter.window(timing));
  run.service_peak_kib = peak_resident_kib(service.process.pid());
  fill_latencies(run, load.latencies_us, load.seconds);
  run.processors = meter.processors(load.seconds);
  run.answered_200 = load.created();
  run.failed = load.failed();
  run.failure = load.first_failure;
  if (load.unanswered > 0 && run.failure.empty()) run.failure = fmt::format("{} requests were not answered", load.unanswered);
  service.process.end(SIGTERM);   // before counting: nothing is written any more
  run.stored = platform.stored_payments();
  run.awaiting_payer = platform.awaiting_payers();
  return run;
}

}  // namespace

Run run_statements(Platform& platform, int connections, Timing timing) {
  platform.clear();
  Meter meter{platform, 0, 0};
  const StatementsResult result = statement_creates(platform.mariadb(), connections, meter.window(timing));
  Run run;
  fill_latencies(run, result.latencies_us, result.seconds);
  run.processors = meter.processors(result.seconds);
  run.answered_200 = result.created;
  run.failure = result.failure;
  run.failed = result.failure.empty() ? 0 : 1;
  run.stored = platform.stored_payments();
  run.awaiting_payer = platform.awaiting_payers();
  return run;
}

Run run_null_channel(Platform& platform, int connections, Timing timing) {
  platform.clear();
  Service service = platform.start_null_channel();
  return run_service(platform, service, 0, connections, timing);
}

Run run_wechat(Platform& platform, int connections, Timing timing) {
  platform.clear();
  Service simulator = platform.start_simulator();
  Service service = platform.start_payment(simulator.port);
  return run_service(platform, service, simulator.process.pid(), connections, timing);
}

}  // namespace bench
