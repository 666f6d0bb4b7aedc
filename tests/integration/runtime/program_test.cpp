// The program itself: its commands, their exit codes and what they say, with a private MariaDB and Redis and the channel simulator.
#include <poll.h>

#include <csignal>
#include <fstream>
#include <future>
#include <iterator>

#include <gtest/gtest.h>

#include <fmt/format.h>
#include <boost/asio/io_context.hpp>
#include <nlohmann/json.hpp>

#include "common/net/block_on.hpp"
#include "common/net/client.hpp"
#include "payment-runtime/simulator/testing.hpp"
#include "tests/integration/runtime/servers.hpp"

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using nlohmann::json;
using testing_servers::MariaDb;
using testing_servers::Process;
using testing_servers::Redis;
using testing_servers::ScratchFolder;

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr auto kPatience = 30s;

std::string text_of(const fs::path& file) {
  std::ifstream stream{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{stream}, {}};
}

struct Answer {
  int status = 0;
  std::string body;
  [[nodiscard]] json parsed() const { return json::parse(body, nullptr, false); }
};

Answer ask(const std::string& method, std::uint16_t port, const std::string& target, const json& body = nullptr) {
  boost::asio::io_context context{1};
  const net::HttpClient client = net::HttpClient::make({}).value();
  net::ClientRequest request;
  request.method = method;
  request.url = net::parse_url(fmt::format("http://127.0.0.1:{}{}", port, target)).value();
  if (!body.is_null()) request.body = body.dump();
  auto response = net::block_on(context, client.send(std::move(request), base::Deadline::after(base::system_clock(), 10s)));
  return response ? Answer{response->status, response->body} : Answer{0, response.error().message};
}

/// Looks again until it is so, or patience ends.
bool becomes_true(const std::function<bool()>& so) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (std::chrono::steady_clock::now() < end) {
    if (so()) return true;
    poll(nullptr, 0, 10);
  }
  return false;
}

struct Ran {
  int code = 0;
  std::string output;   // of both streams
};

class Program : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    database_ = new MariaDb;
    redis_ = new Redis;
    keys_ = new pay::simulator::testing::KeyFolder;
    for (const auto& entry : fs::directory_iterator{keys_->path()})
      fs::copy_file(entry.path(), database_->secrets() / entry.path().filename());
    Program suite;
    const Ran migrated = suite.run({"migrate", "--config", suite.config("suite", 1, 2)});
    ASSERT_EQ(migrated.code, kDone) << migrated.output;
  }
  static void TearDownTestSuite() {
    delete keys_;
    delete redis_;
    delete database_;
  }

  /// Whatever a program of this test has said, a secret was not in it.
  void TearDown() override {
    std::vector<std::string> secrets{R"(root's "secret")", R"(root's \"secret\")"};
    for (const auto& entry : fs::directory_iterator{database_->secrets()}) {
      const std::string name = entry.path().filename();
      if (name == "mysql-password" || name == "wechat-app-id" || name == "wechat-mch-id" || name == "wechat-public-key-id" ||
          name == "wechat-merchant-serial-no" || name == "api-key") {
        continue;   // the first stands above; the others are names, not secrets
      }
      const std::string value = text_of(entry.path());
      const std::size_t pem = value.rfind("-----BEGIN", 0) == 0 ? value.find('\n') + 1 : 0;
      secrets.push_back(value.substr(pem, value.find('\n', pem) - pem));
    }
    ASSERT_GT(secrets.size(), 8U);
    for (const auto& entry : fs::directory_iterator{folder_.path()}) {
      if (entry.path().extension() != ".log") continue;
      const std::string said = text_of(entry.path());
      for (const std::string& secret : secrets) EXPECT_EQ(said.find(secret), std::string::npos) << entry.path() << " tells a secret";
    }
  }

  fs::path write(const std::string& name, const std::string& text) {
    std::ofstream{folder_.path() / name, std::ios::binary} << text;
    return folder_.path() / name;
  }

  /// Role all from `port` on: payment, callback, reconciliation, simulator. The listeners stand on lines 5 and 6.
  std::string config(const std::string& name, std::uint16_t port, std::uint16_t management,
                     const std::string& authentication = "Development") {
    return write(
        name + ".yaml",
        fmt::format("configVersion: 1\nplatform: test/program\nlogLevel: debug\nlisteners:\n"
                    "  - {{port: {}, routes: public}}\n  - {{port: {}, routes: management}}\n"
                    "shards: 2\nsecretsDirectory: {}\ndatabase: {{host: 127.0.0.1, port: {}, connections: 4}}\n"
                    "redis: {{host: 127.0.0.1, port: {}}}\nauthentication: {}\n"
                    "channels:\n  wechat:\n    baseUrl: http://127.0.0.1:{}\n    notifyUrl: http://127.0.0.1:{}/api/callback/wechat\n",
                    port, management, database_->secrets().string(), database_->port(), redis_->port(), authentication, port + 3,
                    port + 1));
  }

  static std::vector<std::string> command(std::vector<std::string> words) {
    words.insert(words.begin(), PAYMENT_RUNTIME);
    return words;
  }
  Ran run(std::vector<std::string> words) {
    const fs::path log = folder_.path() / fmt::format("{}-{}.log", words.empty() ? "none" : words.front(), ++runs_);
    words = command(std::move(words));
    words.insert(words.begin(), {"timeout", "60"});   // one that serves where it should have refused
    const int code = testing_servers::run_command(words, log);
    return {code, text_of(log)};
  }

  /// One process that plays every role, ready for payments.
  struct Platform {
    std::uint16_t payment = testing_servers::free_ports(5);
    std::uint16_t simulator = static_cast<std::uint16_t>(payment + 3);
    std::uint16_t management = static_cast<std::uint16_t>(payment + 4);
    std::string config;
    fs::path log;
    Process process;

    Answer create(const std::string& business_no) const {
      return ask("POST", payment, "/api/payment/create",
                 {{"businessNo", business_no}, {"amount", "12.34"}, {"paymentChannel", "wechat"}, {"subject", "tea"}});
    }
    Answer query(const std::string& business_no) const { return ask("GET", payment, "/api/payment/query/" + business_no); }
  };
  Platform serve(const std::string& authentication = "Development") {
    Platform platform;
    const std::string name = fmt::format("serve-{}", ++runs_);
    platform.config = config(name, platform.payment, platform.management, authentication);
    platform.log = folder_.path() / (name + ".log");
    platform.process = Process{command({"serve", "--role", "all", "--config", platform.config}), platform.log};
    EXPECT_TRUE(becomes_true([&] { return ask("GET", platform.management, "/actuator/health/readiness").status == 200; }))
        << text_of(platform.log);
    return platform;
  }
  json reconcile(const Platform& platform) {
    const fs::path report = folder_.path() / "report.json";
    const Ran ran = run({"reconcile", "--config", platform.config, "--days", "2", "--report-file", report});
    EXPECT_EQ(ran.code, kDone) << ran.output;
    EXPECT_NE(ran.output.find(text_of(report)), std::string::npos) << "the report goes to standard output too";
    return json::parse(text_of(report), nullptr, false);
  }

  static MariaDb* database_;
  static Redis* redis_;
  static pay::simulator::testing::KeyFolder* keys_;
  ScratchFolder folder_;
  int runs_ = 0;

  void TestBody() override {}   // of the nameless one that makes the suite ready
};
MariaDb* Program::database_ = nullptr;
Redis* Program::redis_ = nullptr;
pay::simulator::testing::KeyFolder* Program::keys_ = nullptr;

TEST_F(Program, MigratesOnceAndSaysTheSecondTimeThatNothingWasToBeDone) {
  const auto structure = [] {
    return database_->scalar(
        "SELECT CONCAT_WS(' ', (SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'payment'), "
        "(SELECT MAX(create_time) FROM information_schema.tables WHERE table_schema = 'payment'), "
        "(SELECT MAX(created) FROM information_schema.routines WHERE routine_schema = 'payment'))");
  };
  const std::string before = structure();
  const Ran again = run({"migrate", "--config", config("c", 8086, 8085)});
  EXPECT_EQ(again.code, kDone) << again.output;
  EXPECT_NE(again.output.find(R"("event":"migrated")"), std::string::npos) << again.output;
  EXPECT_NE(again.output.find(R"("applied":0)"), std::string::npos) << again.output;
  EXPECT_EQ(again.output.find("migration_applied"), std::string::npos) << again.output;
  EXPECT_EQ(structure(), before);
  for (const char* what : {"schema", "database"}) {
    const Ran waited = run({"wait", "--for", what, "--config", config("c", 8086, 8085)});
    EXPECT_EQ(waited.code, kDone) << waited.output;
  }
}

TEST_F(Program, WrongArgumentsAndConfigurationsEndWithTwoAndPointAtTheMistake) {
  const std::string start = "configVersion: 1\nplatform: a/b\n";
  const std::string listeners = "listeners:\n  - {port: 65534, routes: public}\n  - {port: 8085, routes: management}\n";
  const std::string all = start + listeners + "database: {host: h}\n";
  struct Case {
    std::vector<std::string> words;
    std::string text;   // of the configuration, unless it is empty
    std::string said;
  };
  const Case cases[] = {
      {{}, "", "subcommand is required"},
      {{"serve", "--role", "teller"}, start, "--role"},
      {{"wait", "--for", "luck"}, start, "--for"},
      {{"reconcile", "--days", "32"}, start, "--days"},
      {{"pay-once", "--url", "payment-service:8086"}, "", "must begin with http:// or https://"},
      {{"serve", "--role", "payment"}, start + "shards: many\n", ":3:9: shards: expected an integer from 0 to 16, not 'many'"},
      {{"migrate"}, start + "colour: red\n", ":3:9: colour: unknown key"},
      {{"migrate"}, start, ": database: is missing"},
      {{"reconcile"},
       start + "channels: {wechat: {baseUrl: https://x, notifyUrl: http://y}}\n",
       ":3:52: channels.wechat.notifyUrl: expected an https://"},
      {{"wait", "--for", "schema"}, "- a\n", ":1:1: (file): expected a map of keys"},
      {{"healthcheck"}, "# nothing\n", ": is empty; expected a map of keys"},
      {{"serve", "--role", "all"}, all, ":4:12: listeners[].port: expected at most 65532, not '65534'"},
      {{"serve", "--role", "payment"}, all + "secretsDirectory: /nonexistent\n", "/nonexistent/mysql-application-password"},
  };
  int number = 0;
  for (const Case& wrong : cases) {
    std::vector<std::string> words = wrong.words;
    const std::string file = write(fmt::format("wrong-{}.yaml", ++number), wrong.text);
    if (!wrong.text.empty()) words.insert(words.end(), {"--config", file});
    const Ran ran = run(words);
    EXPECT_EQ(ran.code, kUsage) << wrong.said << "\n" << ran.output;
    const bool has_place = wrong.said.front() == ':';
    EXPECT_NE(ran.output.find((has_place ? file : "") + wrong.said), std::string::npos) << wrong.said << "\n" << ran.output;
  }
  EXPECT_EQ(run({"--help"}).code, kDone);
}

TEST_F(Program, PaysAndReconcilesAndDrainsOnSigterm) {
  Platform platform = serve();
  EXPECT_EQ(run({"healthcheck", "--config", platform.config}).code, kDone);

  const Answer created = platform.create("order-1");
  ASSERT_EQ(created.status, 200) << created.body;
  const std::string payment_no = created.parsed()["data"]["paymentNo"];
  const Answer duplicate = platform.create("order-1");
  EXPECT_EQ(duplicate.status, 409) << duplicate.body;
  EXPECT_EQ(duplicate.parsed()["code"], 40901);
  EXPECT_EQ(duplicate.parsed()["data"]["paymentNo"], payment_no);
  EXPECT_EQ(database_->scalar("SELECT COUNT(*) FROM payment.payment_records WHERE business_no = 'order-1'"), "1");

  EXPECT_EQ(ask("POST", platform.simulator, "/_control/pay", {{"payment_no", payment_no}}).status, 200);
  EXPECT_TRUE(becomes_true([&] { return platform.query("order-1").parsed()["data"]["status"] == 1; })) << platform.query("order-1").body;
  EXPECT_EQ(platform.query("order-1").parsed()["data"]["amount"], "12.34");

  const Ran once = run({"pay-once", "--url", fmt::format("http://127.0.0.1:{}", platform.payment)});
  EXPECT_EQ(once.code, kDone) << once.output;
  EXPECT_NE(once.output.find("create again: HTTP 409"), std::string::npos) << once.output;

  const json clean = reconcile(platform);
  EXPECT_EQ(clean["differences"], 0) << clean;
  EXPECT_EQ(clean["totals"]["matched"], 1) << clean;
  const json day = ask("POST", platform.simulator, "/_control/clock", {{"advance_seconds", 0}}).parsed()["day"];
  EXPECT_EQ(ask("POST", platform.simulator, "/_control/bills", {{"channel", "wechat"}, {"day", day}, {"drop", 1}, {"seed", 1}}).status,
            200);
  EXPECT_EQ(ask("POST", platform.simulator, "/_control/bills/close", {{"channel", "wechat"}, {"day", day}}).status, 200);
  const json short_of_one = reconcile(platform);
  EXPECT_EQ(short_of_one["differences"], 1) << short_of_one;

  // A create that the channel takes its time for is in flight when the process is told to go.
  const Answer slow = ask("POST", platform.simulator, "/_control/faults",
                          {{"channel", "wechat"}, {"operation", "create"}, {"kind", "delay"}, {"milliseconds", 1000}, {"count", 1}});
  EXPECT_EQ(slow.status, 200) << slow.body;
  auto last = std::async(std::launch::async, [&] { return platform.create("order-2"); });
  EXPECT_TRUE(
      becomes_true([] { return database_->scalar("SELECT COUNT(*) FROM payment.payment_records WHERE business_no = 'order-2'") == "1"; }));
  EXPECT_EQ(platform.process.end(SIGTERM), kDone) << text_of(platform.log);
  const Answer drained = last.get();
  EXPECT_EQ(drained.status, 200) << drained.body;
  EXPECT_EQ(database_->scalar("SELECT state FROM payment.payment_records WHERE business_no = 'order-2'"), "AWAITING_PAYER");
  EXPECT_NE(text_of(platform.log).find(R"("event":"stopped","platform")"), std::string::npos) << text_of(platform.log);
  EXPECT_NE(text_of(platform.log).find(R"("clean":true)"), std::string::npos) << text_of(platform.log);
  EXPECT_EQ(run({"healthcheck", "--config", platform.config}).code, kFailed) << "nobody listens any more";
}

TEST_F(Program, ASecondRuntimeWithTheSameConfigurationEndsWithTwoAndNamesTheListener) {
  const Platform platform = serve();
  const Ran second = run({"serve", "--role", "all", "--config", platform.config});
  EXPECT_EQ(second.code, kUsage) << second.output;
  const std::string said =
      fmt::format("{}:5:12: listeners[].port: payment cannot listen on port {}: Address already in use", platform.config, platform.payment);
  EXPECT_NE(second.output.find(said), std::string::npos) << second.output;
  const std::string other = config("other", testing_servers::free_ports(4), platform.management);
  const Ran third = run({"serve", "--role", "reconciliation", "--config", other});
  EXPECT_EQ(third.code, kUsage) << third.output;
  EXPECT_NE(third.output.find(fmt::format("{}:6:12: listeners[].port: management cannot listen on port {}", other, platform.management)),
            std::string::npos)
      << third.output;
  EXPECT_EQ(platform.query("nobody").status, 404) << "the first goes on";
}

TEST_F(Program, RequiredAuthenticationWithoutCredentialsIsWarnedOfAtTheStart) {
  const auto warned = [](const Platform& platform) { return text_of(platform.log).find(R"("event":"api_closed")") != std::string::npos; };
  Platform closed = serve("Required");
  EXPECT_EQ(closed.query("any").status, 401);
  EXPECT_TRUE(warned(closed)) << text_of(closed.log);
  closed.process.end(SIGTERM);
  database_->write_secret("api-key", "merchant-1");
  database_->write_secret("api-secret", "callers-own-secret");
  EXPECT_FALSE(warned(serve("Required")));
}

}  // namespace
