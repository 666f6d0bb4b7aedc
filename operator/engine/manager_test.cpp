// The real engine against an API server in memory, with a small stand-in for reconcile(): a platform wants the ConfigMaps
// that spec.objects names, one generated Secret, and a status that counts them.
#include "operator/engine/manager.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "operator/engine/testing.hpp"

namespace engine {
namespace {

using controllers::Generate;
using controllers::Object;
using controllers::Plan;
using controllers::Snapshot;
using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Fault;

const Key kShop{"pay", "shop"};

std::string path_of_map(const std::string& name) { return "/api/v1/namespaces/pay/configmaps/" + name; }
const std::string kPlatformPath = "/apis/paymentplatform.io/v1alpha1/namespaces/pay/paymentplatforms/shop";
const std::string kSecretPath = "/api/v1/namespaces/pay/secrets/payment-generated";

json labelled(const std::string& kind, const std::string& name, const std::string& instance) {
  return {{"apiVersion", "v1"},
          {"kind", kind},
          {"metadata",
           {{"name", name}, {"labels", {{"app.kubernetes.io/managed-by", "payment-operator"}, {"app.kubernetes.io/instance", instance}}}}}};
}

Plan small_reconcile(const Object& platform, const Snapshot& live, const controllers::Settings&, base::TimePoint) {
  Plan plan;
  const std::string instance = platform["metadata"]["name"];
  const json& wanted = platform["spec"]["objects"];
  if (!live.children.contains({"v1", "Secret", "payment-generated"})) {
    plan.generate.push_back({labelled("Secret", "payment-generated", instance),
                             {Generate::Password{"password", 16}, Generate::RsaKeyPair{"private", "public"}}});
  }
  for (const json& name : wanted) {
    json object = labelled("ConfigMap", name, instance);
    object["data"] = {{"value", platform["spec"]["value"]}};
    const auto it = live.children.find({"v1", "ConfigMap", name});
    if (it == live.children.end()) {
      // A stranger under our name is found by reading, as in the real one.
      const auto read = live.reads.find({"v1", "ConfigMap", name});
      if (read == live.reads.end()) {
        plan.reads.push_back({"v1", "ConfigMap", name});
      } else if (!read->second) {
        plan.apply.push_back({object, "", "missing"});
      }
    } else if (it->second["data"] != object["data"]) {
      plan.apply.push_back({object, it->second["metadata"]["uid"], "differs"});
    }
  }
  for (const auto& [ref, object] : live.children) {
    if (ref.kind != "ConfigMap" || std::find(wanted.begin(), wanted.end(), ref.name) != wanted.end()) continue;
    plan.remove.push_back({ref, object["metadata"]["uid"], "not wanted"});
  }
  const json status = {{"observedGeneration", platform["metadata"]["generation"]}, {"objects", live.children.size()}};
  if (platform.value("status", json()) != status) {
    plan.status = status;
    plan.events.push_back({false, "Counted", "objects: " + std::to_string(live.children.size())});
  }
  return plan;
}

class ManagerTest : public ::testing::Test {
 protected:
  void TearDown() override { manager.reset(); }

  void start() {
    manager = std::make_unique<Manager>(Ports{loop, server, rng, keys, instruments}, ManagerOptions{{}, {}, "test"}, reconcile);
    manager->set_leading(true);
    manager->start();
  }
  void create_platform(const json& names, const std::string& value = "1") {
    server.put(kPlatformPath, {{"apiVersion", "paymentplatform.io/v1alpha1"},
                               {"kind", "PaymentPlatform"},
                               {"metadata", {{"name", "shop"}, {"namespace", "pay"}, {"generation", ++generation}}},
                               {"spec", {{"objects", names}, {"value", value}}}});
  }
  static json many() {
    json names = json::array();
    for (int i = 0; i < 20; ++i) names.push_back("m" + std::to_string(i));
    return names;
  }
  /// Without what differs from run to run.
  json objects() const {
    json out;
    for (const auto& [path, object] : server.objects) {
      out[path] = object;
      out[path]["metadata"].erase("resourceVersion");
      out[path]["metadata"].erase("uid");
      out[path].erase("data");
      if (object.contains("data")) out[path]["keys"] = object["data"].size();
    }
    return out;
  }
  std::size_t count(const std::string& method, const std::string& part) const {
    return static_cast<std::size_t>(std::count_if(server.writes.begin(), server.writes.end(), [&](const kube::Request& request) {
      return request.method == method && request.path.find(part) != std::string::npos;
    }));
  }
  double metric(const std::string& name) const {
    const std::string text = "\n" + metrics.expose();
    const auto at = text.find("\n" + name + " ");
    return at == std::string::npos ? -1 : std::stod(text.substr(at + name.size() + 2));
  }

  kube::testing::ManualLoop loop;
  testing::FakeApiServer server{loop};
  base::SeededRng rng{5};
  testing::FakeKeyMaker keys{loop};
  obs::Metrics metrics;
  Instruments instruments{metrics};
  Reconcile reconcile = small_reconcile;
  std::unique_ptr<Manager> manager;
  int generation = 0;
};

TEST_F(ManagerTest, InstallsEverythingAndComesToRest) {
  create_platform(many());
  start();
  loop.advance(seconds(2));
  EXPECT_EQ(server.objects.size(), 22U);
  EXPECT_EQ(server.objects[kPlatformPath]["status"]["objects"], 21);
  EXPECT_EQ(server.objects[kSecretPath]["data"]["private"], "UFJJVkFURQ==");
  EXPECT_EQ(server.objects[kSecretPath]["data"]["password"].get<std::string>().size(), 24U);

  const auto writes = server.writes.size();
  const auto reads = server.reads;
  loop.advance(std::chrono::hours(2));
  EXPECT_EQ(server.writes.size(), writes) << "a steady platform costs no write";
  EXPECT_EQ(server.reads, reads) << "and no read by name";
}

TEST_F(ManagerTest, APlatformThatAppearsLaterIsInstalledToo) {
  start();
  loop.advance(seconds(1));
  create_platform({"a"});
  loop.advance(seconds(2));
  EXPECT_TRUE(server.objects.contains(path_of_map("a")));
}

TEST_F(ManagerTest, DeletedAndEditedChildrenComeBackAndAreCounted) {
  create_platform({"a", "b"});
  start();
  loop.advance(seconds(2));
  server.erase(path_of_map("a"));
  json edited = server.objects[path_of_map("b")];
  edited["data"]["value"] = "edited";
  server.put(path_of_map("b"), edited);
  loop.advance(seconds(2));
  EXPECT_EQ(server.objects[path_of_map("a")]["data"]["value"], "1");
  EXPECT_EQ(server.objects[path_of_map("b")]["data"]["value"], "1");
  EXPECT_EQ(metric("paymentplatform_drift_corrected_total"), 2);
}

TEST_F(ManagerTest, WhatIsNoLongerWantedIsRemovedByUid) {
  create_platform({"a", "b"});
  start();
  loop.advance(seconds(2));
  const std::string uid = server.objects[path_of_map("b")]["metadata"]["uid"];
  create_platform({"a"});
  loop.advance(seconds(2));
  EXPECT_FALSE(server.objects.contains(path_of_map("b")));
  const auto removal = std::find_if(server.writes.begin(), server.writes.end(), [](const auto& r) { return r.method == "DELETE"; });
  ASSERT_NE(removal, server.writes.end());
  EXPECT_NE(removal->body.find(uid), std::string::npos);
}

TEST_F(ManagerTest, AfterItsOwnWritesItWaitsForTheCacheAndWritesNothingTwice) {
  create_platform(many());
  start();
  loop.advance(milliseconds(1));
  server.hold_events = true;
  loop.advance(seconds(3));
  EXPECT_EQ(count("PATCH", "/configmaps/"), 20U);
  EXPECT_EQ(count("POST", "/secrets"), 1U);
  server.release_events();
  loop.advance(seconds(3));
  EXPECT_EQ(count("PATCH", "/configmaps/"), 20U);
  EXPECT_EQ(count("POST", "/secrets"), 1U);
}

TEST_F(ManagerTest, ALostReplyIsResolvedByLookingNotByDoingItAgainBlindly) {
  int lost = 0;
  server.fault = [&](const kube::Request& request) {
    return request.path.find("/secrets") != std::string::npos && ++lost == 1 ? Fault::LostAfter : Fault::None;
  };
  create_platform({"a"});
  start();
  loop.advance(seconds(10));
  EXPECT_EQ(lost, 1) << "the Secret was seen, so nothing was left to create";
  EXPECT_EQ(server.objects[kPlatformPath]["status"]["objects"], 2);
}

TEST_F(ManagerTest, AStrangerUnderOurNameIsNeverWritten) {
  server.put(
      path_of_map("a"),
      {{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", {{"name", "a"}, {"namespace", "pay"}}}, {"data", {{"mine", "yes"}}}});
  create_platform({"a", "b"});
  start();
  loop.advance(seconds(5));
  EXPECT_EQ(count("PATCH", "/configmaps/a"), 0U);
  EXPECT_TRUE(server.objects.contains(path_of_map("b")));
}

TEST_F(ManagerTest, TooManyRequestsWaitsAsLongAsTheServerAsks) {
  server.fault = [&](const kube::Request& request) {
    return request.path.find("/configmaps/a") != std::string::npos && count("PATCH", "/configmaps/a") == 1 ? Fault::TooMany : Fault::None;
  };
  create_platform({"a"});
  start();
  loop.advance(milliseconds(6'500));
  EXPECT_EQ(count("PATCH", "/configmaps/a"), 1U);
  loop.advance(seconds(2));
  EXPECT_EQ(count("PATCH", "/configmaps/a"), 2U);
}

TEST_F(ManagerTest, ARefusalIsInTheSnapshotUntilTheObjectIsTakenAndTheOthersAreWritten) {
  bool refuse = true;
  server.fault = [&](const kube::Request& request) {
    return refuse && request.path.find("/configmaps/a") != std::string::npos ? Fault::Refused : Fault::None;
  };
  std::map<controllers::Ref, std::string> seen;
  reconcile = [&seen](const Object& platform, const Snapshot& live, const controllers::Settings& settings, base::TimePoint now) {
    seen = live.refused;
    return small_reconcile(platform, live, settings, now);
  };
  create_platform({"a", "b"});
  start();
  loop.advance(std::chrono::minutes(5));
  EXPECT_TRUE(server.objects.contains(path_of_map("b")));
  EXPECT_EQ(seen, (std::map<controllers::Ref, std::string>{{{"v1", "ConfigMap", "a"}, "Invalid"}}));
  const auto tries = count("PATCH", "/configmaps/a");
  EXPECT_GE(tries, 5U);
  EXPECT_LE(tries, 25U) << "with growing delays, at most half a minute apart";
  refuse = false;
  loop.advance(std::chrono::minutes(1));
  EXPECT_TRUE(server.objects.contains(path_of_map("a")));
  EXPECT_TRUE(seen.empty());
}

TEST_F(ManagerTest, APlanThatNeverEndsIsSlowedDown) {
  int turn = 0;
  reconcile = [&turn](const Object& platform, const Snapshot& live, const controllers::Settings& settings, base::TimePoint now) {
    Plan plan = small_reconcile(platform, live, settings, now);
    plan.status = json{{"turn", ++turn}};
    return plan;
  };
  create_platform({"a"});
  start();
  loop.advance(std::chrono::minutes(10));
  EXPECT_LE(turn, 60);
}

TEST_F(ManagerTest, ANewSpecDoesNotWaitForTheEndOfABackoff) {
  server.fault = [&](const kube::Request& request) {
    return request.path.find("/configmaps/a") != std::string::npos ? Fault::Refused : Fault::None;
  };
  create_platform({"a"});
  start();
  loop.advance(std::chrono::minutes(5));
  create_platform({"b"});
  loop.advance(milliseconds(100));
  EXPECT_TRUE(server.objects.contains(path_of_map("b")));
}

TEST_F(ManagerTest, ANewWishStopsThePlanOfTheOldOneBeforeItsNextWrite) {
  std::size_t of_old = 0;
  server.fault = [&](const kube::Request& request) {
    if (request.body.find("old") != std::string::npos && ++of_old == 3) loop.post([this] { create_platform({"a"}, "new"); });
    return Fault::None;
  };
  server.delay = milliseconds(50);
  create_platform(many(), "old");
  start();
  loop.advance(seconds(10));
  EXPECT_LE(of_old, kRequestsInFlightPerPlan) << "what was in flight, and nothing after it";
  EXPECT_EQ(server.objects.size(), 3U) << "platform, Secret, and what is wanted now";
  EXPECT_EQ(server.objects[path_of_map("a")]["data"]["value"], "new");
}

TEST_F(ManagerTest, ADeletionStopsAPlanBeforeItsNextWrite) {
  std::size_t before = 0;
  server.delay = milliseconds(50);
  server.fault = [&](const kube::Request&) {
    if (++before == 3) {
      loop.post([this] {
        json platform = server.objects[kPlatformPath];
        platform["metadata"]["deletionTimestamp"] = "2026-11-21T00:00:00Z";
        server.put(kPlatformPath, platform);
      });
    }
    return Fault::None;
  };
  reconcile = [](const Object& platform, const Snapshot& live, const controllers::Settings& settings, base::TimePoint now) {
    return platform["metadata"].contains("deletionTimestamp") ? Plan{} : small_reconcile(platform, live, settings, now);
  };
  create_platform(many());
  start();
  loop.advance(seconds(10));
  EXPECT_LE(server.writes.size(), kRequestsInFlightPerPlan);
}

TEST_F(ManagerTest, AReconcileThatTakesTooLongIsCutShortCountedAndBegunAnew) {
  json names = json::array();
  for (int i = 0; i < 100; ++i) names.push_back("m" + std::to_string(i));
  server.delay = seconds(9);      // eight at a time, the whole would take two minutes
  create_platform(names);
  start();
  loop.advance(kReconcileDeadline + seconds(10));
  EXPECT_EQ(metric("controller_runtime_reconcile_timeouts_total{controller=\"paymentplatform\"}"), 1);
  EXPECT_LE(count("PATCH", "/configmaps/"), 8U * 7 + 8);
  server.delay = milliseconds(0);
  loop.advance(seconds(30));
  EXPECT_EQ(server.objects.size(), 102U);
  EXPECT_EQ(server.objects[kPlatformPath]["status"]["objects"], 101);
}

TEST_F(ManagerTest, AnAnnotationIsAWishAndDoesNotWaitForTheEndOfABurst) {
  int looks = 0;
  reconcile = [&looks](const Object& platform, const Snapshot& live, const controllers::Settings& settings, base::TimePoint now) {
    ++looks;
    return small_reconcile(platform, live, settings, now);
  };
  create_platform({"a"});
  start();
  loop.advance(seconds(5));
  const int before = looks;
  json platform = server.objects[kPlatformPath];
  platform["metadata"]["annotations"]["paymentplatform.io/paused"] = "true";
  server.put(kPlatformPath, platform);
  loop.settle();
  EXPECT_EQ(looks, before + 1);
}

TEST_F(ManagerTest, WithoutLeadershipItWatchesAndWritesNothing) {
  create_platform({"a"});
  start();
  manager->set_leading(false);
  loop.advance(seconds(30));
  EXPECT_TRUE(server.writes.empty());
  EXPECT_EQ(manager->not_ready(), "");
  manager->set_leading(true);
  loop.advance(seconds(2));
  EXPECT_TRUE(server.objects.contains(path_of_map("a")));
}

TEST_F(ManagerTest, AStopStartsNoFurtherWriteAndWaitsForThoseInFlight) {
  create_platform(many());
  start();
  bool stopped = false;
  std::size_t at_stop = 0;
  server.fault = [&](const kube::Request&) {
    if (server.writes.size() == 3) {
      loop.post([&] {
        at_stop = server.writes.size();
        manager->stop([&] { stopped = true; });
      });
    }
    return Fault::None;
  };
  loop.advance(seconds(30));
  EXPECT_TRUE(stopped);
  EXPECT_GT(at_stop, 0U);
  EXPECT_EQ(server.writes.size(), at_stop);
}

/// Crash after every write in turn, and a restart: the objects are those of an undisturbed run, with one Secret made once.
TEST_F(ManagerTest, ACrashAfterAnyWriteEndsWithTheSameObjects) {
  create_platform(many());
  start();
  loop.advance(seconds(5));
  const json expected = objects();
  const std::size_t total = server.writes.size();
  manager.reset();
  for (std::size_t crash_at = 1; crash_at <= total; ++crash_at) {
    SCOPED_TRACE("crash after write " + std::to_string(crash_at));
    server.objects.clear();
    server.writes.clear();
    generation = 0;
    create_platform(many());
    start();
    bool crashed = false;
    server.fault = [&](const kube::Request&) {
      // The process dies: what it sent is applied, what it would still send is not, and no answer reaches it.
      if (crashed || server.writes.size() < crash_at) return crashed ? Fault::LostBefore : Fault::None;
      crashed = true;
      return Fault::LostAfter;
    };
    while (!crashed) loop.advance(milliseconds(1));
    manager.reset();
    server.fault = [](const kube::Request&) { return Fault::None; };
    const bool had_secret = server.objects.contains(kSecretPath);
    const json secret = had_secret ? server.objects[kSecretPath] : json();
    start();
    loop.advance(seconds(10));
    ASSERT_EQ(objects(), expected);
    if (had_secret) {
      ASSERT_EQ(server.objects[kSecretPath], secret);
    }
    manager.reset();
  }
}

TEST_F(ManagerTest, RandomFaultsOnEveryWriteStillEndAtRest) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    base::SeededRng dice(seed);
    server.objects.clear();
    generation = 0;
    bool faults = true;
    server.fault = [&](const kube::Request&) {
      constexpr Fault kFaults[] = {Fault::LostBefore, Fault::LostAfter, Fault::Conflict, Fault::TooMany};
      return faults && dice.below(3) == 0 ? kFaults[dice.below(4)] : Fault::None;
    };
    create_platform(many());
    start();
    for (int i = 0; i < 60; ++i) {
      loop.advance(milliseconds(500));
      if (dice.below(4) == 0) server.erase(path_of_map("m" + std::to_string(dice.below(20))));
    }
    faults = false;
    loop.advance(std::chrono::minutes(3));
    ASSERT_EQ(server.objects.size(), 22U);
    ASSERT_EQ(server.objects[kPlatformPath]["status"]["objects"], 21);
    const auto writes = server.writes.size();
    loop.advance(std::chrono::minutes(30));
    ASSERT_EQ(server.writes.size(), writes);
    manager.reset();
  }
}

}  // namespace
}  // namespace engine
