#include <gtest/gtest.h>

#include <thread>

#include <nlohmann/json.hpp>

#include "common/base/secret.hpp"
#include "common/obs/health.hpp"
#include "common/obs/log.hpp"
#include "common/obs/metrics.hpp"

namespace obs {
namespace {

struct Lines {
  std::vector<std::string> lines;
  Logger::Sink sink() {
    return [this](std::string_view line) { lines.emplace_back(line); };
  }
};

const base::ManualClock kClock{base::parse_rfc3339("2026-01-31T23:59:59Z").value()};

TEST(Log, ALineIsOneJsonObjectWithItsFields) {
  Lines out;
  Logger logger{kClock, out.sink()};
  logger.set_common({{"platform", "payment/quickstart"}});
  logger.log(Level::Info, "payment_created",
             {{"request_id", std::string{"r1"}}, {"amount_minor", 10000}, {"replayed", false}, {"ratio", 0.5}});
  ASSERT_EQ(out.lines.size(), 1U);
  EXPECT_EQ(out.lines[0],
            R"({"time":"2026-01-31T23:59:59.000000Z","level":"info","event":"payment_created","platform":"payment/quickstart",)"
            R"("request_id":"r1","amount_minor":10000,"replayed":false,"ratio":0.5})"
            "\n");
}

TEST(Log, HostileTextStaysOneValidLine) {
  Lines out;
  const Logger logger{kClock, out.sink()};
  using namespace std::string_literals;
  const std::string hostile = "a\"b\\c\nd\0e\x7f\xff\xc0\xaf\xed\xa0\x80\xf0\x9f\x98\x80\xe2\x82"s;
  logger.log(Level::Warn, "x", {{"text", hostile}});
  ASSERT_EQ(out.lines.size(), 1U);
  EXPECT_EQ(out.lines[0].find('\n'), out.lines[0].size() - 1);
  const auto parsed = nlohmann::json::parse(out.lines[0], nullptr, false);
  ASSERT_FALSE(parsed.is_discarded()) << out.lines[0];
  EXPECT_NE(parsed["text"].get<std::string>().find("\xf0\x9f\x98\x80"), std::string::npos);
}

TEST(Log, LinesAndValuesAreBounded) {
  Lines out;
  const Logger logger{kClock, out.sink()};
  const std::string huge(100'000, 'x');
  logger.log(Level::Error, "big", {{"a", huge}, {"b", huge}, {"c", huge}, {"d", huge}, {"e", huge}});
  ASSERT_EQ(out.lines.size(), 1U);
  EXPECT_LE(out.lines[0].size(), kLogLineMax);
  const auto parsed = nlohmann::json::parse(out.lines[0], nullptr, false);
  ASSERT_FALSE(parsed.is_discarded());
  EXPECT_EQ(parsed["cut"], true);
  EXPECT_EQ(parsed["a"].get<std::string>().size(), kLogValueMax + 3);
}

TEST(Log, LevelsBelowTheThresholdCostNothing) {
  Lines out;
  Logger logger{kClock, out.sink()};
  logger.log(Level::Debug, "hidden", {});
  logger.set_level(Level::Debug);
  logger.log(Level::Debug, "shown", {});
  EXPECT_EQ(out.lines.size(), 1U);
  EXPECT_EQ(parse_level("warn"), Level::Warn);
  EXPECT_EQ(parse_level("verbose"), std::nullopt);
}

static_assert(!std::is_constructible_v<Field, std::string_view, base::Secret>, "a secret must not be loggable");

TEST(Metrics, SameNameAndLabelsAreOneMetric) {
  Metrics metrics;
  metrics.counter("orders_total", "Orders.", {{"channel", "wechat"}}).Increment();
  metrics.counter("orders_total", "Orders.", {{"channel", "wechat"}}).Increment(2);
  metrics.counter("orders_total", "Orders.", {{"channel", "alipay"}}).Increment();
  metrics.gauge("db_up", "Up.").Set(1);
  metrics.histogram("seconds", "Time.").Observe(0.002);
  const std::string text = metrics.expose();
  EXPECT_NE(text.find("# TYPE orders_total counter\n"), std::string::npos) << text;
  EXPECT_NE(text.find("orders_total{channel=\"wechat\"} 3"), std::string::npos) << text;
  EXPECT_NE(text.find("orders_total{channel=\"alipay\"} 1"), std::string::npos) << text;
  EXPECT_NE(text.find("db_up 1"), std::string::npos);
  EXPECT_NE(text.find("seconds_bucket{le=\"0.0025\"} 1"), std::string::npos) << text;
  EXPECT_NE(text.find("process_resident_memory_bytes "), std::string::npos);
}

TEST(Metrics, ARemovedGaugeIsGone) {
  Metrics metrics;
  metrics.gauge("ready", "Ready.", {{"name", "a"}}).Set(1);
  metrics.remove_gauge("ready", {{"name", "a"}});
  EXPECT_EQ(metrics.expose().find("ready{"), std::string::npos);
}

TEST(Metrics, CountsFromManyThreadsAddUp) {
  Metrics metrics;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&metrics] {
      for (int k = 0; k < 1000; ++k) metrics.counter("n_total", "N.", {{"k", std::to_string(k % 3)}}).Increment();
    });
  }
  for (auto& thread : threads) thread.join();
  double sum = 0;
  for (const char* k : {"0", "1", "2"}) sum += metrics.counter("n_total", "N.", {{"k", k}}).Value();
  EXPECT_EQ(sum, 4000);
}

TEST(Health, ReportsGroupsAsTheProbesExpect) {
  Health health;
  const auto body = nlohmann::json::parse(health.all().body);
  EXPECT_EQ(body,
            nlohmann::json::parse(R"({"status":"UP","groups":[{"name":"liveness","status":"UP"},{"name":"readiness","status":"UP"}]})"));
}

TEST(Health, ADependencyOutageIsNotSeenWhenOnlyThisProcessIsAskedAbout) {
  Health health;
  health.add("database", Group::Dependency, [] { return Problem{"connection refused"}; });
  EXPECT_FALSE(health.readiness(Scope::All).up);
  EXPECT_TRUE(health.readiness(Scope::Self).up);
  EXPECT_TRUE(health.liveness().up);
  const auto report = health.all();
  EXPECT_FALSE(report.up);
  const auto body = nlohmann::json::parse(report.body);
  EXPECT_EQ(body["status"], "DOWN");
  EXPECT_EQ(body["groups"][0]["status"], "UP");
  EXPECT_EQ(body["groups"][1]["status"], "DOWN");
  EXPECT_EQ(body["components"]["database"]["details"]["problem"], "connection refused");
}

TEST(Health, DrainingTakesReadinessDownAndLeavesLivenessUp) {
  Health health;
  health.add("accepting", Group::Readiness, [] { return Problem{"draining"}; });
  health.add("loop", Group::Liveness, [] { return Problem{}; });
  EXPECT_FALSE(health.readiness(Scope::Self).up);
  EXPECT_TRUE(health.liveness().up);
}

}  // namespace
}  // namespace obs
