// Two operators, each with a loop that can be stopped as SIGSTOP would, on one API server in memory.
#include "operator/engine/leader.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "operator/engine/manager.hpp"
#include "operator/engine/testing.hpp"
#include "operator/kube/fenced_transport.hpp"

namespace engine {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;

const std::string kLeasePath = "/apis/coordination.k8s.io/v1/namespaces/ops/leases/payment-operator";

/// What a process would do while it is stopped happens when it goes on; its clock goes on meanwhile.
class PausableLoop final : public kube::Loop {
 public:
  explicit PausableLoop(kube::Loop& loop) : loop_(loop) {}
  [[nodiscard]] const base::Clock& clock() const override { return loop_.clock(); }
  void post(kube::Task task) override {
    loop_.post([this, task = std::move(task)] { run(task); });
  }
  TimerId start_timer(milliseconds delay, kube::Task task) override {
    return loop_.start_timer(delay, [this, task = std::move(task)] { run(task); });
  }
  void cancel_timer(TimerId id) override { loop_.cancel_timer(id); }

  void pause() { paused_ = true; }
  void resume() {
    paused_ = false;
    for (kube::Task& task : std::exchange(held_, {})) loop_.post(std::move(task));
  }

 private:
  void run(const kube::Task& task) {
    if (paused_) return held_.push_back(task);
    task();
  }

  kube::Loop& loop_;
  bool paused_ = false;
  std::vector<kube::Task> held_;
};

/// The server's answers reach the process through its own loop. Counts what this process writes.
class Line final : public kube::Transport {
 public:
  Line(kube::Loop& loop, kube::Transport& server) : loop_(loop), server_(server) {}

  void send(kube::Request request, std::function<void(base::Result<kube::Response>)> done) override {
    if (request.method != "GET" && request.path.find("/leases") == std::string::npos) ++writes;
    if (cut) return loop_.post([done] { done(base::fail(base::Code::Unknown, "no answer")); });
    server_.send(std::move(request), [this, done = std::move(done)](const base::Result<kube::Response>& result) {
      loop_.post([done, result] { done(result); });
    });
  }
  std::unique_ptr<kube::Stream> open(kube::Request request, kube::StreamEvents events) override {
    auto shared = std::make_shared<kube::StreamEvents>(std::move(events));
    kube::StreamEvents relayed;
    relayed.opened = [this, shared] { loop_.post(shared->opened); };
    relayed.data = [this, shared](std::string_view piece) { loop_.post([shared, text = std::string(piece)] { shared->data(text); }); };
    relayed.ended = [this, shared](const base::Status& status) { loop_.post([shared, status] { shared->ended(status); }); };
    return server_.open(std::move(request), std::move(relayed));
  }

  std::size_t writes = 0;
  bool cut = false;

 private:
  kube::Loop& loop_;
  kube::Transport& server_;
};

/// Wants the ConfigMaps that the spec names, and nothing else.
controllers::Plan maps(const controllers::Object& platform, const controllers::Snapshot& live, const controllers::Settings&,
                       base::TimePoint) {
  controllers::Plan plan;
  for (const json& name : platform["spec"]["objects"]) {
    if (live.children.contains({"v1", "ConfigMap", name})) continue;
    plan.apply.push_back({{{"apiVersion", "v1"},
                           {"kind", "ConfigMap"},
                           {"metadata", {{"name", name}, {"labels", {{"app.kubernetes.io/instance", "shop"}}}}}},
                          "",
                          "missing"});
  }
  return plan;
}

struct Process {
  Process(kube::Loop& world, kube::Transport& server, std::string identity)
      : loop(world),
        line(loop, server),
        leader(loop, line, rng, {"ops", "payment-operator", std::move(identity), {}}, metrics,
               [this](bool leads) { manager.set_leading(leads); }),
        fence(loop, line, [this] { return leader.write_time(); }),
        manager({loop, fence, rng, keys, instruments}, {{}, {}, "test", [this] { return leader.write_time() > milliseconds(0); }}, maps) {
    manager.start();
    leader.start();
  }
  [[nodiscard]] bool leads() const { return leader.write_time() > milliseconds(0); }

  PausableLoop loop;
  Line line;
  base::SeededRng rng{3};
  testing::FakeKeyMaker keys{loop};
  obs::Metrics metrics;
  Instruments instruments{metrics};
  Leader leader;
  kube::FencedTransport fence;
  Manager manager;
};

class LeaderTest : public ::testing::Test {
 protected:
  /// Started, and its watches are open.
  std::unique_ptr<Process> process(const std::string& identity) {
    auto made = std::make_unique<Process>(loop, server, identity);
    loop.advance(seconds(1));
    return made;
  }
  std::string holder() { return server.objects[kLeasePath]["spec"].value("holderIdentity", ""); }
  void create_platform(int objects) {
    json names = json::array();
    for (int i = 0; i < objects; ++i) names.push_back("m" + std::to_string(i));
    server.put("/apis/paymentplatform.io/v1alpha1/namespaces/pay/paymentplatforms/shop",
               {{"apiVersion", "paymentplatform.io/v1alpha1"},
                {"kind", "PaymentPlatform"},
                {"metadata", {{"name", "shop"}, {"namespace", "pay"}, {"generation", ++generation}}},
                {"spec", {{"objects", names}}}});
  }
  std::size_t maps_there() const {
    return static_cast<std::size_t>(std::count_if(server.objects.begin(), server.objects.end(),
                                                  [](const auto& entry) { return entry.first.find("/configmaps/") != std::string::npos; }));
  }

  /// Stops the process with answers to come and writes left.
  void pause_at_write(Process& process, std::size_t number) {
    server.fault = [&process, number](const kube::Request&) {
      if (process.line.writes == number) process.loop.pause();
      return testing::Fault::None;
    };
  }

  kube::testing::ManualLoop loop;
  testing::FakeApiServer server{loop};
  int generation = 0;
};

TEST_F(LeaderTest, OfTwoOneLeadsAndWritesAndTheOtherKeepsItsCachesWarm) {
  const auto a = process("a");
  const auto b = process("b");
  create_platform(5);
  loop.advance(std::chrono::minutes(5));
  EXPECT_TRUE(a->leads());
  EXPECT_FALSE(b->leads());
  EXPECT_EQ(maps_there(), 5U);
  EXPECT_EQ(b->line.writes, 0U);
  EXPECT_EQ(b->manager.not_ready(), "");
  EXPECT_NE(a->metrics.expose().find("leader_election_master_status{name=\"payment-operator\"} 1"), std::string::npos);
  EXPECT_NE(b->metrics.expose().find("leader_election_master_status{name=\"payment-operator\"} 0"), std::string::npos);
}

TEST_F(LeaderTest, ALeaseSaysWhoHoldsItSinceWhenAndHowOftenItChangedHands) {
  auto a = process("a");
  loop.advance(seconds(30));
  const json first = server.objects[kLeasePath]["spec"];
  EXPECT_EQ(first["leaseDurationSeconds"], 15);
  EXPECT_EQ(first["leaseTransitions"], 0);
  EXPECT_LT(first["acquireTime"], first["renewTime"]);
  a.reset();
  const auto b = process("b");
  loop.advance(seconds(30));
  EXPECT_EQ(holder(), "b");
  EXPECT_EQ(server.objects[kLeasePath]["spec"]["leaseTransitions"], 1);
}

TEST_F(LeaderTest, AfterAPlannedStopTheOtherLeadsWithinThreeSeconds) {
  const auto a = process("a");
  const auto b = process("b");
  loop.advance(seconds(20));
  bool left = false;
  a->manager.stop([&] { a->leader.leave([&] { left = true; }); });
  loop.advance(milliseconds(1));
  EXPECT_TRUE(left);
  EXPECT_EQ(holder(), "");
  create_platform(3);
  loop.advance(seconds(3));
  EXPECT_TRUE(b->leads());
  EXPECT_EQ(maps_there(), 3U);
}

TEST_F(LeaderTest, AfterACrashTheOtherLeadsWhenTheLeaseHasEnded) {
  auto a = process("a");
  const auto b = process("b");
  loop.advance(seconds(20));
  a.reset();
  loop.advance(seconds(12));
  EXPECT_FALSE(b->leads());
  loop.advance(seconds(6));
  EXPECT_TRUE(b->leads());
}

TEST_F(LeaderTest, APausedLeaderThatGoesOnAfterItsLeaseWritesNothing) {
  const auto a = process("a");
  const auto b = process("b");
  pause_at_write(*a, 10);
  create_platform(40);
  loop.advance(seconds(40));
  const auto before = a->line.writes;
  EXPECT_LT(before, 20U) << "in the middle of a plan";
  EXPECT_TRUE(b->leads());
  EXPECT_EQ(maps_there(), 40U);
  create_platform(50);
  a->loop.resume();
  loop.advance(seconds(60));
  EXPECT_EQ(a->line.writes, before);
  EXPECT_EQ(maps_there(), 50U);
  EXPECT_EQ(holder(), "b");
}

TEST_F(LeaderTest, ALeaderThatWasPausedBeyondItsDeadlineRenewsBeforeItWrites) {
  const auto a = process("a");
  pause_at_write(*a, 10);
  create_platform(40);
  loop.advance(seconds(11));
  const json paused_with = server.objects[kLeasePath]["spec"]["renewTime"];
  const auto before = a->line.writes;
  EXPECT_LT(before, 20U) << "in the middle of a plan";
  server.fault = [&](const kube::Request& request) {
    const bool renewed = server.objects[kLeasePath]["spec"]["renewTime"] != paused_with;
    EXPECT_TRUE(renewed || request.path.find("/leases") != std::string::npos) << request.path;
    return testing::Fault::None;
  };
  a->loop.resume();
  loop.advance(seconds(5));
  EXPECT_GT(a->line.writes, before);
  EXPECT_EQ(maps_there(), 40U);
}

TEST_F(LeaderTest, ALeaderThatReachesNobodyWritesNothingAfterTheRenewDeadline) {
  const auto a = process("a");
  a->line.cut = true;
  loop.advance(seconds(11));
  const auto before = a->line.writes;
  create_platform(3);
  loop.advance(seconds(60));
  EXPECT_FALSE(a->leads());
  EXPECT_EQ(a->line.writes, before);
  a->line.cut = false;
  loop.advance(seconds(10));
  EXPECT_TRUE(a->leads());
  EXPECT_EQ(maps_there(), 3U);
}

TEST_F(LeaderTest, AWriteIsGivenUpBeforeSomebodyElseCanLead) {
  kube::testing::ScriptedTransport wire(loop);
  milliseconds allowed{7'000};
  const auto request = [](const char* method) {
    kube::Request made;
    made.method = method;
    return made;
  };
  kube::FencedTransport fence(loop, wire, [&] { return allowed; });
  fence.send(request("PATCH"), [](const auto&) {});
  EXPECT_EQ(wire.take().request.timeout, milliseconds(7'000));
  allowed = milliseconds(0);
  fence.send(request("GET"), [](const auto&) {});
  EXPECT_EQ(wire.take().request.timeout, kube::kRequestTimeout);
  std::optional<base::Error> refused;
  fence.send(request("DELETE"), [&](const auto& result) { refused = result.error(); });
  EXPECT_FALSE(refused) << "never inside the call";
  loop.settle();
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->code, base::Code::Cancelled);
  EXPECT_TRUE(wire.asked.empty());
}

}  // namespace
}  // namespace engine
