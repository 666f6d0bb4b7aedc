#include <gtest/gtest.h>

#include "operator/engine/fixture.hpp"

namespace engine {
namespace {

using namespace testing;

class ReconcilerTest : public EngineTest {};

TEST_F(ReconcilerTest, DeletedAndEditedChildrenComeBackAndAreCounted) {
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

TEST_F(ReconcilerTest, TooManyRequestsWaitsAsLongAsTheServerAsks) {
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

TEST_F(ReconcilerTest, ARefusalIsInTheSnapshotUntilTheObjectIsTakenAndTheOthersAreWritten) {
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

TEST_F(ReconcilerTest, APlanThatNeverEndsIsSlowedDown) {
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

TEST_F(ReconcilerTest, AFieldThatSomebodyKeepsChangingBackIsWrittenEverMoreSeldomAndSaidUntilTheFightEnds) {
  std::map<controllers::Ref, controllers::Fight> fought;
  int transitions = 0;
  reconcile = [&](const Object& platform, const Snapshot& live, const controllers::Settings& settings, base::TimePoint now) {
    transitions += live.fought.empty() == fought.empty() ? 0 : 1;
    fought = live.fought;
    return small_reconcile(platform, live, settings, now);
  };
  create_platform({"a", "b"});
  start();
  loop.advance(seconds(2));
  bool fights = true;
  const auto interfere = [&] {
    json& theirs = server.objects[path_of_map("a")];
    if (!fights || theirs["data"]["value"] == "theirs") return;
    json edited = theirs;
    edited["data"]["value"] = "theirs";
    edited["metadata"]["managedFields"] = json::parse(R"([{"manager":"argocd","operation":"Apply","fieldsV1":{"f:data":{"f:value":{}}}}])");
    server.put(path_of_map("a"), edited);
  };
  server.writes.clear();
  for (int i = 0; i < 30 * 60 * 5; ++i) {
    interfere();
    loop.advance(milliseconds(200));
  }
  const controllers::Fight expected{"data.value", "argocd"};
  ASSERT_EQ(fought.size(), 1U);
  EXPECT_EQ(fought.begin()->second, expected);
  EXPECT_EQ(transitions, 1) << "said once, whatever the writes do meanwhile";
  EXPECT_GE(count("PATCH", "/configmaps/a"), 15U);
  EXPECT_LE(count("PATCH", "/configmaps/a"), 35U) << "in half an hour";
  EXPECT_EQ(count("PATCH", "/configmaps/b"), 0U);

  fights = false;
  loop.advance(std::chrono::minutes(7));
  EXPECT_EQ(server.objects[path_of_map("a")]["data"]["value"], "1");
  EXPECT_TRUE(fought.empty());
  EXPECT_EQ(transitions, 2);
  const auto writes = server.writes.size();
  loop.advance(std::chrono::hours(1));
  EXPECT_EQ(server.writes.size(), writes);
}

TEST_F(ReconcilerTest, ANewWishDoesNotWaitForAnOldFight) {
  create_platform({"a"});
  start();
  loop.advance(seconds(2));
  for (int i = 0; i < 600; ++i) {
    json edited = server.objects[path_of_map("a")];
    edited["data"]["value"] = "theirs";
    server.put(path_of_map("a"), edited);
    loop.advance(milliseconds(200));
  }
  ASSERT_EQ(server.objects[path_of_map("a")]["data"]["value"], "theirs") << "held back";
  create_platform({"a"}, "2");
  loop.advance(milliseconds(100));
  EXPECT_EQ(server.objects[path_of_map("a")]["data"]["value"], "2");
}

TEST_F(ReconcilerTest, ANewSpecDoesNotWaitForTheEndOfABackoff) {
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

TEST_F(ReconcilerTest, ANewWishStopsThePlanOfTheOldOneBeforeItsNextWrite) {
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

TEST_F(ReconcilerTest, ADeletionStopsAPlanBeforeItsNextWrite) {
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

TEST_F(ReconcilerTest, AReconcileThatTakesTooLongIsCutShortCountedAndBegunAnew) {
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

TEST_F(ReconcilerTest, AnAnnotationIsAWishAndDoesNotWaitForTheEndOfABurst) {
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

/// Ready when nothing is left to be written.
Plan with_conditions(const Object& platform, const Snapshot& live, const controllers::Settings& settings, base::TimePoint now) {
  Plan plan = small_reconcile(platform, live, settings, now);
  const bool ready = plan.reads.empty() && plan.apply.empty() && plan.generate.empty();
  json status = {{"observedGeneration", platform["metadata"]["generation"]},
                 {"conditions", json::array({{{"type", "Ready"}, {"status", ready ? "True" : "False"}}})},
                 {"pendingChanges", platform["spec"].value("pending", json::array())}};
  plan.status.reset();
  plan.events.clear();
  if (platform.value("status", json()) != status) plan.status = std::move(status);
  return plan;
}

TEST_F(ReconcilerTest, TheTimeFromAChangeToReadyIsMeasuredAndThatOfAnEarlierProcessIsNot) {
  reconcile = with_conditions;
  create_platform({"a"});
  start();
  loop.advance(seconds(5));
  EXPECT_EQ(metric("paymentplatform_time_to_ready_seconds_count"), 0) << "it was there before, and says not since when";
  server.fault = [](const kube::Request& request) {
    return request.path.find("/configmaps/b") != std::string::npos ? Fault::LostBefore : Fault::None;
  };
  create_platform({"a", "b"});
  loop.advance(seconds(20));
  EXPECT_EQ(metric("paymentplatform_time_to_ready_seconds_count"), 0);
  server.fault = [](const kube::Request&) { return Fault::None; };
  loop.advance(seconds(40));
  EXPECT_EQ(metric("paymentplatform_time_to_ready_seconds_count"), 1);
  EXPECT_GT(metric("paymentplatform_time_to_ready_seconds_sum"), 20);
  EXPECT_EQ(metric("paymentplatform_ready{name=\"shop\",namespace=\"pay\"}"), 1);
}

TEST_F(ReconcilerTest, OfANewPlatformTheTimeCountsFromItsCreation) {
  reconcile = with_conditions;
  start();
  loop.advance(seconds(5));
  create_platform({"a"});
  json platform = server.objects[kPlatformPath];
  platform["metadata"]["creationTimestamp"] = base::to_rfc3339(loop.clock().now() - seconds(3));
  server.put(kPlatformPath, platform);
  loop.advance(seconds(5));
  EXPECT_EQ(metric("paymentplatform_time_to_ready_seconds_count"), 1);
  EXPECT_GE(metric("paymentplatform_time_to_ready_seconds_sum"), 3);
  EXPECT_LT(metric("paymentplatform_time_to_ready_seconds_sum"), 4.5);
}

TEST_F(ReconcilerTest, PendingChangesAreCountedUntilThePlatformIsGone) {
  const std::string pending = "paymentplatform_pending_changes{name=\"shop\",namespace=\"pay\"}";
  reconcile = with_conditions;
  create_platform({"a"});
  json platform = server.objects[kPlatformPath];
  platform["spec"]["pending"] = json::array({{{"component", "StatefulSet mysql"}}, {{"component", "Deployment redis"}}});
  server.put(kPlatformPath, platform);
  start();
  loop.advance(seconds(5));
  EXPECT_EQ(metric(pending), 2);
  server.erase(kPlatformPath);
  loop.advance(seconds(5));
  EXPECT_EQ(metric(pending), -1);
}

TEST_F(ReconcilerTest, WithoutNewsAPlatformAtRestIsNotLookedAtBeforeItsTime) {
  int looks = 0;
  reconcile = [&looks](const Object& platform, const Snapshot& live, const controllers::Settings& settings, base::TimePoint now) {
    ++looks;
    Plan plan = small_reconcile(platform, live, settings, now);
    plan.requeue_after = seconds(15);
    return plan;
  };
  create_platform({"a"});
  start();
  loop.advance(seconds(5));
  const int before = looks;
  loop.advance(seconds(150));
  EXPECT_EQ(looks, before + 10);
}

TEST_F(ReconcilerTest, APlatformWithoutChildrenIsToldOfItsNeighbours) {
  std::map<std::string, std::vector<std::string>> told;
  reconcile = [&](const Object& platform, const Snapshot& live, const controllers::Settings& settings, base::TimePoint now) {
    std::vector<std::string>& seen = told[platform["metadata"]["name"]];
    seen.clear();
    for (const controllers::Neighbour& other : live.neighbours) seen.push_back(other.name + " " + other.name_prefix);
    return platform["metadata"]["name"] == "shop" ? small_reconcile(platform, live, settings, now) : Plan{};
  };
  create_platform(json::array({"a"}));
  for (const auto& [name_space, name] : {std::pair{"pay", "second"}, {"elsewhere", "third"}}) {
    server.put(std::string("/apis/paymentplatform.io/v1alpha1/namespaces/") + name_space + "/paymentplatforms/" + name,
               {{"apiVersion", "paymentplatform.io/v1alpha1"},
                {"kind", "PaymentPlatform"},
                {"metadata", {{"name", name}, {"namespace", name_space}, {"generation", 1}}},
                {"spec", {{"objects", json::array()}, {"value", "1"}, {"namePrefix", "b-"}}}});
  }
  start();
  loop.advance(seconds(2));
  EXPECT_EQ(told["second"], std::vector<std::string>{"shop "});
  EXPECT_EQ(told["third"], std::vector<std::string>{}) << "names are by namespace";
  EXPECT_EQ(told["shop"], std::vector<std::string>{}) << "one that has begun has its names";
}

}  // namespace
}  // namespace engine
