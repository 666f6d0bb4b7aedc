// payment-bench: the runtime's figures beside their ceilings, on this machine, with private servers. `make bench` calls it.
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "common/net/shards.hpp"
#include "tests/bench/runtime/report.hpp"

namespace bench {
namespace {

constexpr int kStarts = 9;
constexpr auto kSigning = std::chrono::milliseconds{1500};

void note(const std::string& text) {
  fmt::print(stderr, "{}\n", text);
  std::fflush(stderr);
}

void measure_starts(Platform& platform, Session& session) {
  const Service simulator = platform.start_simulator();
  for (int i = 0; i < kStarts; ++i) {
    const Service service = platform.start_payment(simulator.port);
    session.ready_ms.push_back(service.ready_ms);
    session.database_ms.push_back(service.database_ms);
  }
}

void note_run(const char* what, int connections, const Run& run, double share) {
  note(fmt::format("{:<14} {:>4} connections {:>8.0f}/s  p50 {:>7.2f} ms  p99 {:>7.2f} ms  {}{} answered 200, {} rows{}{}", what,
                   connections, run.per_second, run.p50_ms, run.p99_ms,
                   share > 0 ? fmt::format("{:.1f} % of its ceiling; ", share * 100) : "", run.answered_200, run.stored,
                   run.holds() ? "" : "  WRONG: ", run.holds() ? "" : run.failure));
}

Round measure_round(Platform& platform, int connections, const Session& session) {
  Round round;
  round.connections = connections;
  round.statements = run_statements(platform, connections, session.timing);
  note_run("statements", connections, round.statements, 0);
  round.few_statements = run_statements(platform, session.store_connections, session.timing);
  note_run("statements", session.store_connections, round.few_statements, 0);
  round.null_channel = run_null_channel(platform, connections, session.timing);
  note_run("durable create", connections, round.null_channel, round.durable_share());
  round.signatures_before = sign_for(kSigning, session.processors);
  round.wechat = run_wechat(platform, connections, session.timing);
  round.signatures_after = sign_for(kSigning, session.processors);
  note_run("WeChat Pay", connections, round.wechat, round.wechat_share());
  return round;
}

int run(const std::filesystem::path& programs, const std::filesystem::path& out, const std::vector<int>& connections, int store_connections,
        int repeats, Timing timing) {
  std::signal(SIGPIPE, SIG_IGN);
  Session session;
  session.timing = timing;
  session.store_connections = store_connections;
  session.processors = static_cast<int>(net::cpu_quota());
  note("payment-bench: starting a private MariaDB and Redis");
  Platform platform{programs, store_connections};
  measure_starts(platform, session);
  for (int repeat = 0; repeat < repeats; ++repeat) {
    for (const int count : connections) session.rounds.push_back(measure_round(platform, count, session));
  }
  if (!out.empty()) std::ofstream{out} << to_json(session).dump(2) << "\n";
  fmt::print("{}", to_table(session));
  for (const std::string& problem : problems(session)) fmt::print("WRONG: {}\n", problem);
  return problems(session).empty() ? 0 : 1;
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  CLI::App app{"Creates a second beside their ceilings; exit code 1 when an answer and a row do not agree", "payment-bench"};
  std::filesystem::path programs = std::filesystem::path{argv[0]}.parent_path();
  std::filesystem::path out;
  std::vector<int> connections{32, 64};
  int store_connections = bench::kStoreConnections;
  int repeats = 3;
  int warm_up = 3;
  int measured = 10;
  app.add_option("--programs", programs, "folder of payment-runtime and payment-bench-service")->capture_default_str();
  app.add_option("--out", out, "JSON file");
  app.add_option("--connections", connections, "closed-loop clients, one number a round")
      ->capture_default_str()
      ->check(CLI::Range(1, bench::kConnectionsMax / 4));
  app.add_option("--store-connections", store_connections, "connections of one service to the database")
      ->capture_default_str()
      ->check(CLI::Range(1, 128));
  app.add_option("--repeats", repeats, "rounds of each")->capture_default_str()->check(CLI::Range(1, 100));
  app.add_option("--warm-up", warm_up, "seconds")->capture_default_str()->check(CLI::Range(0, 60));
  app.add_option("--seconds", measured, "measured seconds of each run")->capture_default_str()->check(CLI::Range(1, 600));
  CLI11_PARSE(app, argc, argv);
  try {
    return bench::run(programs, out, connections, store_connections, repeats,
                      {std::chrono::seconds{warm_up}, std::chrono::seconds{measured}});
  } catch (const std::exception& error) {
    fmt::print(stderr, "payment-bench: {}\n", error.what());
    return 1;
  }
}
