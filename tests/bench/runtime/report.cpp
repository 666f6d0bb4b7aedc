#include "tests/bench/runtime/report.hpp"

#include <functional>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/base/clock.hpp"
#include "tests/bench/runtime/summary.hpp"

namespace bench {
namespace {

constexpr double kDurableGoal = 25;      // per cent of the ceiling
constexpr double kResidentGoal = 48;     // MB

nlohmann::json to_json(const Run& run) {
  const Processors& used = run.processors;
  return {{"perSecond", run.per_second},
          {"p50Ms", run.p50_ms},
          {"p99Ms", run.p99_ms},
          {"cpuMsEach", run.cpu_ms_each()},
          {"answered200", run.answered_200},
          {"failed", run.failed},
          {"failure", run.failure},
          {"storedPayments", run.stored},
          {"awaitingPayer", run.awaiting_payer},
          {"processors",
           {{"service", used.service},
            {"simulator", used.simulator},
            {"mariadb", used.mariadb},
            {"redis", used.redis},
            {"clients", used.clients},
            {"others", used.others}}},
          {"serviceIdleKib", run.service_idle_kib},
          {"servicePeakKib", run.service_peak_kib}};
}

nlohmann::json to_json(const Round& round) {
  return {{"connections", round.connections},
          {"statements", to_json(round.statements)},
          {"fewStatements", to_json(round.few_statements)},
          {"nullChannel", to_json(round.null_channel)},
          {"durableShare", round.durable_share()},
          {"durableCpuShare", round.durable_cpu_share()},
          {"signatureCeiling", round.signature_ceiling()},
          {"signatureCpuMs", round.signature_cpu_ms()},
          {"wechat", to_json(round.wechat)},
          {"wechatShare", round.wechat_share()},
          {"wechatCpuShare", round.wechat_cpu_share()}};
}

using Pick = std::function<double(const Round&)>;

Spread over(const Session& session, int connections, const Pick& pick) {
  std::vector<double> values;
  for (const Round& round : session.rounds) {
    if (round.connections == connections) values.push_back(pick(round));
  }
  return spread_of(std::move(values));
}

std::set<int> connection_counts(const Session& session) {
  std::set<int> counts;
  for (const Round& round : session.rounds) counts.insert(round.connections);
  return counts;
}

constexpr double megabytes(std::int64_t kib) { return static_cast<double>(kib) * 1024 / 1e6; }

nlohmann::json figure(const std::string& name, const char* unit, const Spread& spread, std::optional<double> goal = std::nullopt) {
  nlohmann::json made{{"name", name}, {"unit", unit}, {"median", spread.median}, {"min", spread.min}, {"max", spread.max}};
  if (goal) made["goal"] = *goal;
  return made;
}

nlohmann::json figures(const Session& session) {
  nlohmann::json list = nlohmann::json::array();
  for (const int connections : connection_counts(session)) {
    const auto add = [&](const char* name, const char* unit, const Pick& pick, std::optional<double> goal = std::nullopt) {
      list.push_back(figure(fmt::format("{}, {} connections", name, connections), unit, over(session, connections, pick), goal));
    };
    add("durable create", "1/s", [](const Round& r) { return r.null_channel.per_second; });
    add("durable create p50", "ms", [](const Round& r) { return r.null_channel.p50_ms; });
    add("durable create p99", "ms", [](const Round& r) { return r.null_channel.p99_ms; });
    add("its transactions alone, as many connections", "1/s", [](const Round& r) { return r.statements.per_second; });
    add("its transactions alone, as many as the store's", "1/s", [](const Round& r) { return r.few_statements.per_second; });
    add("durable create, share of the better of those", "%", [](const Round& r) { return r.durable_share() * 100; }, kDurableGoal);
    add("durable create, share by processor time", "%", [](const Round& r) { return r.durable_cpu_share() * 100; });
    add("durable create, processor time", "ms", [](const Round& r) { return r.null_channel.cpu_ms_each(); });
    add("  of the service alone", "ms", [](const Round& r) { return r.null_channel.processors.service * 1e3 / r.null_channel.per_second; });
    add("WeChat Pay create", "1/s", [](const Round& r) { return r.wechat.per_second; });
    add("WeChat Pay create p50", "ms", [](const Round& r) { return r.wechat.p50_ms; });
    add("WeChat Pay create p99", "ms", [](const Round& r) { return r.wechat.p99_ms; });
    add("its two signatures alone", "1/s", [](const Round& r) { return r.signature_ceiling(); });
    add("WeChat Pay create, share of that", "%", [](const Round& r) { return r.wechat_share() * 100; });
    add("WeChat Pay create, share by processor time", "%", [](const Round& r) { return r.wechat_cpu_share() * 100; });
    add("WeChat Pay create, processor time", "ms", [](const Round& r) { return r.wechat.cpu_ms_each(); });
    add(
        "payment-runtime resident, peak under this load", "MB", [](const Round& r) { return megabytes(r.wechat.service_peak_kib); },
        kResidentGoal);
    add("noise: processors that others kept busy", "", [](const Round& r) {
      return (r.statements.processors.others + r.null_channel.processors.others + r.wechat.processors.others) / 3;
    });
  }
  std::vector<double> idle;
  std::vector<double> sign;
  for (const Round& round : session.rounds) {
    idle.push_back(megabytes(round.wechat.service_idle_kib));
    sign.push_back(round.signature_cpu_ms());
  }
  list.push_back(figure("RSA-2048 signature, processor time", "ms", spread_of(sign)));
  list.push_back(figure("payment-runtime resident, just started", "MB", spread_of(idle)));
  list.push_back(figure("payment-runtime start until ready", "ms", spread_of(session.ready_ms)));
  list.push_back(figure("payment-runtime start until its database answered", "ms", spread_of(session.database_ms)));
  return list;
}

void check(std::vector<std::string>& found, const Round& round, const char* what, const Run& run) {
  if (run.holds()) return;
  found.push_back(fmt::format("{} at {} connections: {} answered 200, {} failed, {} rows, {} of them AWAITING_PAYER; {}", what,
                              round.connections, run.answered_200, run.failed, run.stored, run.awaiting_payer, run.failure));
}

}  // namespace

nlohmann::json to_json(const Session& session) {
  nlohmann::json rounds = nlohmann::json::array();
  for (const Round& round : session.rounds) rounds.push_back(to_json(round));
  return {{"date", base::to_rfc3339(base::system_clock().now())},
          {"processors", session.processors},
          {"warmUpMs", session.timing.warm_up.count()},
          {"measuredMs", session.timing.measured.count()},
          {"storeConnections", session.store_connections},
          {"figures", figures(session)},
          {"rounds", std::move(rounds)},
          {"problems", problems(session)}};
}

std::string to_table(const Session& session) {
  std::string table = fmt::format("{:<66} {:>10} {:>21} {:>6}\n", "payment runtime", "median", "min .. max", "goal");
  for (const nlohmann::json& row : figures(session)) {
    const std::string goal = row.contains("goal") ? fmt::format("{:.0f}", row["goal"].get<double>()) : "";
    table += fmt::format("{:<66} {:>10.2f} {:>9.2f} .. {:>8.2f} {:>6} {}\n", row["name"].get<std::string>(), row["median"].get<double>(),
                         row["min"].get<double>(), row["max"].get<double>(), goal, row["unit"].get<std::string>());
  }
  std::uint64_t answered = 0;
  std::uint64_t stored = 0;
  for (const Round& round : session.rounds) {
    answered += round.null_channel.answered_200 + round.wechat.answered_200;
    stored += round.null_channel.stored + round.wechat.stored;
  }
  table += fmt::format("answered 200: {}; rows of payment_records: {}; {}\n", answered, stored, answered == stored ? "equal" : "NOT EQUAL");
  return table;
}

std::vector<std::string> problems(const Session& session) {
  std::vector<std::string> found;
  for (const Round& round : session.rounds) {
    check(found, round, "statements", round.statements);
    check(found, round, "statements on few connections", round.few_statements);
    check(found, round, "durable create", round.null_channel);
    check(found, round, "WeChat Pay create", round.wechat);
  }
  return found;
}

}  // namespace bench
