#include <set>

#include <gtest/gtest.h>

#include "controllers/platform/gates.hpp"
#include "controllers/platform/testing/fake_cluster.hpp"
#include "controllers/platform/windows.hpp"
#include "crds/types/status.hpp"

namespace controllers {
namespace {

using test::FakeCluster;
using test::quickstart_spec;

constexpr const char* kOld = "localhost/payment-runtime:0.1.0";
constexpr const char* kNew = "localhost/payment-runtime:0.2.0";

FakeCluster settled(Object spec = quickstart_spec()) {
  FakeCluster cluster(std::move(spec));
  cluster.settle();
  return cluster;
}

std::string image(FakeCluster& cluster, const std::string& app) {
  return cluster.child("apps/v1", "Deployment", app)["spec"]["template"]["spec"]["containers"][0]["image"];
}

/// What an operator of another release would have written: the template differs, and we applied it.
void render_otherwise(FakeCluster& cluster, const char* kind, const std::string& name) {
  cluster.child("apps/v1", kind, name)["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] = 7;
}

int grace(FakeCluster& cluster, const char* kind, const std::string& name) {
  return cluster.child("apps/v1", kind, name)["spec"]["template"]["spec"]["terminationGracePeriodSeconds"];
}

void approve(FakeCluster& cluster, const std::string& hash) { cluster.platform["metadata"]["annotations"][kApprove] = hash; }

bool holds(const Plan& plan, const std::string& name) {
  return std::any_of(plan.pending.begin(), plan.pending.end(), [&](const Pending& pending) { return pending.ref.name == name; });
}

bool applies(const Plan& plan, const std::string& name, const char* kind = "Deployment") {
  return std::any_of(plan.apply.begin(), plan.apply.end(),
                     [&](const Apply& apply) { return object::name_of(apply.object) == name && apply.object["kind"] == kind; });
}

TEST(Roll, GoesSchemaThenCallbackThenReconciliationThenPayment) {
  FakeCluster cluster = settled();
  cluster.edit_spec({{"image", kNew}});
  std::vector<std::string> order;
  for (int round = 0; round < 12; ++round) {
    const Plan plan = cluster.decide();
    for (const Apply& apply : plan.apply) {
      const std::string kind = apply.object["kind"];
      if (kind == "Job" || kind == "Deployment" || kind == "CronJob") order.push_back(object::label_of(apply.object, "app"));
    }
    cluster.execute(plan);
    cluster.play();
  }
  EXPECT_EQ(order, (std::vector<std::string>{"schema", "channel-simulator", "callback-service", "reconciliation-service",
                                             "reconciliation-cronjob", "payment-service"}));
  EXPECT_TRUE(cluster.decide().empty());
  EXPECT_EQ(cluster.condition("Ready")["status"], "True");
  EXPECT_FALSE(cluster.platform["status"].contains("pendingChanges"));
}

TEST(Roll, AFailedMigrationLeavesTheOldReleaseServingAndSaysSo) {
  FakeCluster cluster = settled();
  cluster.edit_spec({{"image", kNew}});
  cluster.execute(cluster.decide());
  for (auto& [ref, object] : cluster.snapshot.children) {
    if (ref.kind == "Job") {
      cluster.break_workload(ref.name);
      object["status"]["conditions"] =
          Object::array({{{"type", "Failed"}, {"status", "True"}, {"lastTransitionTime", base::to_rfc3339(cluster.now)}}});
    }
  }
  cluster.settle();
  for (const char* app : {"callback-service", "reconciliation-service", "payment-service"}) EXPECT_EQ(image(cluster, app), kOld) << app;
  EXPECT_EQ(cluster.condition("Ready")["reason"], "SchemaFailed");
  const Object& pending = cluster.platform["status"]["pendingChanges"];
  ASSERT_EQ(pending.size(), 5U);
  EXPECT_NE(pending[0]["waitsFor"].get<std::string>().find("to bring the schema up to release 0.2.0"), std::string::npos) << pending[0];
}

TEST(Roll, StopsAtTheFirstServiceThatDoesNotComeUp) {
  FakeCluster cluster = settled();
  cluster.edit_spec({{"image", kNew}});
  cluster.break_workload("callback-service");
  cluster.settle();
  EXPECT_EQ(image(cluster, "callback-service"), kNew);
  EXPECT_EQ(image(cluster, "reconciliation-service"), kOld);
  EXPECT_EQ(image(cluster, "payment-service"), kOld);
  EXPECT_EQ(cluster.condition("Ready")["status"], "False");

  cluster.edit_spec({{"image", kOld}});      // the way back is an ordinary edit
  cluster.mend_workload("callback-service");
  cluster.settle();
  for (const char* app : {"callback-service", "reconciliation-service", "payment-service"}) EXPECT_EQ(image(cluster, app), kOld) << app;
  EXPECT_EQ(cluster.condition("Ready")["status"], "True");
}

TEST(Roll, IsNotReadyAtAnyStepBeforeTheLast) {
  FakeCluster cluster = settled();
  cluster.edit_spec({{"image", kNew}});
  for (int round = 0; round < 12; ++round) {
    cluster.execute(cluster.decide());
    if (image(cluster, "payment-service") == kNew) return;
    EXPECT_EQ(cluster.condition("Ready")["status"], "False") << "round " << round << ": " << cluster.condition("Ready");
    cluster.play();
  }
  ADD_FAILURE() << "never got there";
}

TEST(Roll, PassesAServiceThatItsUserHasSwitchedOff) {
  FakeCluster cluster = settled();
  cluster.child("apps/v1", "Deployment", "callback-service")["spec"]["replicas"] = 0;
  cluster.edit_spec({{"image", kNew}});
  for (int round = 0; round < 12; ++round) {
    cluster.execute(cluster.decide());
    cluster.play();
  }
  EXPECT_EQ(image(cluster, "payment-service"), kNew);
}

TEST(Roll, WhatIsNotAboutPodsIsStillPutRightMeanwhile) {
  FakeCluster cluster = settled();
  cluster.edit_spec({{"image", kNew}});
  cluster.execute(cluster.decide());
  cluster.child("apps/v1", "Deployment", "payment-service")["metadata"]["labels"]["app.kubernetes.io/part-of"] = "somebody";
  const Plan plan = cluster.decide();
  ASSERT_TRUE(applies(plan, "payment-service"));
  cluster.execute(plan);
  EXPECT_EQ(image(cluster, "payment-service"), kOld);
  EXPECT_EQ(object::label_of(cluster.child("apps/v1", "Deployment", "payment-service"), "app.kubernetes.io/version"), "0.1.0");
  EXPECT_FALSE(applies(cluster.decide(), "payment-service"));
}

TEST(Restart, OfTheDatabaseThatNobodyAskedForWaitsForApproval) {
  FakeCluster cluster = settled();
  render_otherwise(cluster, "StatefulSet", "mysql");
  const Plan plan = cluster.decide();
  EXPECT_TRUE(plan.apply.empty()) << plan.apply[0].reason;
  ASSERT_EQ(plan.pending.size(), 1U);
  EXPECT_EQ(plan.pending[0].ref.name, "mysql");
  EXPECT_EQ(plan.pending[0].change, "spec.template.spec.terminationGracePeriodSeconds 7 -> 120; pods restart");
  EXPECT_EQ(plan.pending[0].waits_for,
            "approval: kubectl annotate -n payment paymentplatform quickstart paymentplatform.io/approve=" + plan.hash + " --overwrite");
  cluster.settle();
  EXPECT_EQ(cluster.platform["status"]["pendingChanges"][0]["component"], "StatefulSet mysql");
  EXPECT_EQ(cluster.condition("Ready")["status"], "True") << "nothing is wrong, and nothing is under way";
  EXPECT_EQ(cluster.condition("Reconciling")["status"], "False");

  approve(cluster, plan.hash);
  cluster.settle();
  EXPECT_EQ(grace(cluster, "StatefulSet", "mysql"), 120);
  EXPECT_FALSE(cluster.platform["status"].contains("pendingChanges"));
}

TEST(Restart, AnApprovalIsOfOneChangeAndNotOfTheNext) {
  FakeCluster cluster = settled();
  render_otherwise(cluster, "StatefulSet", "mysql");
  approve(cluster, cluster.decide().hash);
  cluster.settle();
  ASSERT_EQ(grace(cluster, "StatefulSet", "mysql"), 120);
  render_otherwise(cluster, "StatefulSet", "mysql");      // the same again
  EXPECT_TRUE(holds(cluster.decide(), "mysql"));
  approve(cluster, "");
  EXPECT_TRUE(holds(cluster.decide(), "mysql"));
}

TEST(Restart, AnApprovalOfSomethingElseIsRemarkedOn) {
  FakeCluster cluster = settled();
  render_otherwise(cluster, "StatefulSet", "mysql");
  approve(cluster, "0123456789abcdef");
  const Plan plan = cluster.decide();
  ASSERT_EQ(plan.pending.size(), 1U);
  EXPECT_TRUE(plan.pending[0].waits_for.ends_with(" (the annotation is \"0123456789abcdef\" now, which is of nothing that waits)"))
      << plan.pending[0].waits_for;
  approve(cluster, std::string(100'000, 'x'));
  EXPECT_LT(cluster.decide().pending[0].waits_for.size(), 300U);
}

TEST(Restart, ThatAnEditOfTheSpecAsksForHappensAtOnce) {
  FakeCluster cluster = settled();
  cluster.edit_spec({{"database", {{"managed", {{"maxConnections", 700}}}}}});
  const Plan plan = cluster.decide();
  EXPECT_TRUE(plan.pending.empty());
  EXPECT_TRUE(applies(plan, "mysql", "StatefulSet"));
}

TEST(Restart, IsNotAskedForByAnEditOfSomethingElse) {
  for (const Object& edit : {Object{{"database", {{"managed", {{"storage", {{"size", "30Gi"}}}}}}}},
                             Object{{"services", {{"payment", {{"logLevel", "debug"}}}}}}, Object{{"database", {{"engine", "mysql"}}}},
                             Object{{"database", {{"schema", {{"podTemplate", {{"spec", {{"priorityClassName", "low"}}}}}}}}}}}) {
    FakeCluster cluster = settled();
    render_otherwise(cluster, "StatefulSet", "mysql");
    cluster.edit_spec(edit);
    const Plan plan = cluster.decide();
    EXPECT_TRUE(holds(plan, "mysql")) << edit;
    EXPECT_FALSE(applies(plan, "mysql", "StatefulSet")) << edit;
  }
}

TEST(Restart, OfServicesIsNotAskedForByWhatConcernsOtherPods) {
  const Object patch = {{"podTemplate", {{"spec", {{"priorityClassName", "low"}}}}}};
  for (const Object& edit : {Object{{"redis", {{"managed", patch}}}}, Object{{"channels", {{"simulator", patch}}}},
                             Object{{"services", {{"callback", patch}}}}}) {
    Object spec = quickstart_spec();
    spec["maintenanceWindows"] = Object::array({{{"start", "0 2 * * 0"}, {"duration", "2h"}}});
    FakeCluster cluster = settled(spec);
    render_otherwise(cluster, "Deployment", "payment-service");
    cluster.edit_spec(edit);
    EXPECT_TRUE(holds(cluster.decide(), "payment-service")) << edit;
  }
}

TEST(Restart, OfServicesIsApprovedWhateverTheAutoscalerDoesMeanwhile) {
  Object spec = quickstart_spec();
  spec["maintenanceWindows"] = Object::array({{{"start", "0 2 * * 0"}, {"duration", "2h"}}});
  FakeCluster cluster = settled(spec);
  render_otherwise(cluster, "Deployment", "payment-service");
  const std::string hash = cluster.decide().hash;
  Object& live = cluster.child("apps/v1", "Deployment", "payment-service");
  live["spec"]["replicas"] = 7;
  live["metadata"]["generation"] = live["metadata"]["generation"].get<int>() + 1;
  cluster.play();
  EXPECT_EQ(cluster.decide().hash, hash);
  approve(cluster, hash);
  EXPECT_TRUE(applies(cluster.decide(), "payment-service"));
}

TEST(Restart, WaitsWhenNobodyKnowsAnyMoreWhatOfThePodsIsOurs) {
  FakeCluster cluster = settled();
  render_otherwise(cluster, "StatefulSet", "mysql");
  cluster.child("apps/v1", "StatefulSet", "mysql")["metadata"]["managedFields"] = Object::array();
  const Plan plan = cluster.decide();
  EXPECT_TRUE(holds(plan, "mysql"));
  EXPECT_FALSE(applies(plan, "mysql", "StatefulSet"));
}

TEST(Restart, ThatWaitsIsToldWhilePausedToo) {
  FakeCluster cluster = settled();
  render_otherwise(cluster, "StatefulSet", "mysql");
  cluster.edit_spec({{"paused", true}});
  cluster.settle();
  EXPECT_EQ(cluster.platform["status"]["pendingChanges"][0]["component"], "StatefulSet mysql");
  EXPECT_EQ(grace(cluster, "StatefulSet", "mysql"), 7);
}

TEST(Paused, WhatAnEditWouldChangeIsListedAsWaiting) {
  FakeCluster cluster = settled();
  cluster.edit_spec({{"paused", true}, {"services", {{"payment", {{"logLevel", "debug"}}}}}});
  cluster.settle();
  const Object& pending = cluster.platform["status"]["pendingChanges"];
  ASSERT_EQ(pending.size(), 2U) << pending;
  EXPECT_EQ(pending[0]["component"], "ConfigMap payment-service");
  EXPECT_EQ(pending[1]["component"], "Deployment payment-service");
  for (const Object& one : pending) {
    EXPECT_EQ(one["reason"], "Paused");
    EXPECT_EQ(one["waitsFor"], "the platform is paused: kubectl payment resume quickstart -n payment");
  }
  EXPECT_EQ(pending[1]["restarts"], "3 pods of payment-service, one after another");
  EXPECT_EQ(cluster.condition("Ready")["status"], "Unknown");
  EXPECT_EQ(cluster.condition("Ready")["reason"], "Paused");
  EXPECT_EQ(
      cluster.condition("Reconciling")["message"],
      "nothing is changed until spec.paused and annotation paymentplatform.io/paused are gone; 2 changes wait: see status.pendingChanges");
}

TEST(Paused, ANewPlatformListsAllOfItsObjectsOnce) {
  Object spec = quickstart_spec();
  spec["paused"] = true;
  FakeCluster cluster(spec);
  cluster.settle();
  std::set<std::string> names;
  for (const Object& one : cluster.platform["status"]["pendingChanges"]) EXPECT_TRUE(names.insert(one["component"]).second) << one;
  EXPECT_GE(names.size(), 30U);
  EXPECT_LE(names.size(), crds::kPendingChangesMax);
  EXPECT_TRUE(cluster.snapshot.children.empty());
}

TEST(Paused, InTheMiddleOfARollIsNotCalledARoll) {
  FakeCluster cluster = settled();
  cluster.edit_spec({{"image", kNew}});
  cluster.execute(cluster.decide());
  cluster.edit_spec({{"paused", true}});
  cluster.settle();
  EXPECT_EQ(cluster.condition("Ready")["reason"], "Paused") << cluster.condition("Ready");
}

TEST(Restart, OfADatabaseThatIsDownAnywayNeedsNoApproval) {
  FakeCluster cluster = settled();
  render_otherwise(cluster, "StatefulSet", "mysql");
  cluster.break_workload("mysql");
  cluster.play();
  EXPECT_TRUE(applies(cluster.decide(), "mysql", "StatefulSet"));
}

TEST(Restart, TheConfigurationWaitsWithThePodsThatMountIt) {
  FakeCluster cluster = settled();
  render_otherwise(cluster, "StatefulSet", "mysql");
  cluster.child("v1", "ConfigMap", "mysql")["data"]["payment.cnf"] = "[mysqld]\n";
  EXPECT_FALSE(applies(cluster.decide(), "mysql", "ConfigMap"));
  approve(cluster, cluster.decide().hash);
  EXPECT_TRUE(applies(cluster.decide(), "mysql", "ConfigMap"));
}

TEST(Restart, OfServicesHappensAtOnceUnlessThereAreWindows) {
  FakeCluster cluster = settled();
  render_otherwise(cluster, "Deployment", "payment-service");
  EXPECT_TRUE(applies(cluster.decide(), "payment-service"));

  Object spec = quickstart_spec();
  spec["maintenanceWindows"] = Object::array({{{"start", "0 2 * * 0"}, {"duration", "2h"}}});
  cluster = settled(spec);      // it is Sunday, 08:00
  render_otherwise(cluster, "Deployment", "payment-service");
  const Plan plan = cluster.decide();
  EXPECT_FALSE(applies(plan, "payment-service"));
  ASSERT_TRUE(holds(plan, "payment-service"));
  EXPECT_EQ(plan.pending[0].waits_for.rfind("a maintenance window (the next opens 2026-03-08T02:00:00Z), or approval: ", 0), 0U)
      << plan.pending[0].waits_for;
  EXPECT_EQ(plan.requeue_after, std::chrono::hours(1)) << "the clock may be set meanwhile";
}

TEST(Restart, HappensWhenAWindowOpens) {
  Object spec = quickstart_spec();
  spec["maintenanceWindows"] = Object::array({{{"start", "0 9 * * *"}, {"duration", "30m"}}});
  FakeCluster cluster = settled(spec);
  cluster.now += std::chrono::minutes(30);
  render_otherwise(cluster, "StatefulSet", "mysql");
  EXPECT_EQ(cluster.decide().requeue_after, std::chrono::minutes(30));
  cluster.now += std::chrono::minutes(30);
  EXPECT_TRUE(applies(cluster.decide(), "mysql", "StatefulSet"));
}

TEST(Restart, AStatusOfWhatWaitsDoesNotChangeByItself) {
  Object spec = quickstart_spec();
  spec["maintenanceWindows"] = Object::array({{{"start", "0 2 * * 0"}, {"duration", "2h"}}});
  FakeCluster cluster = settled(spec);
  render_otherwise(cluster, "StatefulSet", "mysql");
  cluster.settle();
  for (int hour = 0; hour < 24; ++hour) {
    cluster.now += std::chrono::hours(1);
    EXPECT_TRUE(cluster.decide().empty()) << hour;
  }
}

TEST(Windows, AreOpenFromTheirFirstMomentToTheirLast) {
  const Windows windows = {{"0 2 * * 0", "1h30m"}, {"@daily", "10m"}};
  const auto at = [](const char* text) { return *base::parse_rfc3339(text); };
  EXPECT_FALSE(is_open(windows, at("2026-03-01T01:59:59Z")));
  EXPECT_TRUE(is_open(windows, at("2026-03-01T02:00:00Z")));
  EXPECT_TRUE(is_open(windows, at("2026-03-01T03:29:59Z")));
  EXPECT_FALSE(is_open(windows, at("2026-03-01T03:30:00Z")));
  EXPECT_TRUE(is_open(windows, at("2026-03-02T00:09:59Z")));
  EXPECT_EQ(*next_opening(windows, at("2026-03-01T03:30:00Z")), at("2026-03-02T00:00:00Z"));
  EXPECT_FALSE(is_open({}, at("2026-03-01T02:00:00Z")));
  EXPECT_EQ(next_opening({}, at("2026-03-01T02:00:00Z")), std::nullopt);
}

TEST(Layout, OfANewerOperatorIsLeftAloneAndSaid) {
  for (const char* layout : {"2", "17", "x"}) {
    FakeCluster cluster = settled();
    cluster.child("apps/v1", "Deployment", "redis")["metadata"]["annotations"][kLayout] = layout;
    cluster.child("apps/v1", "Deployment", "redis")["spec"]["replicas"] = 0;
    cluster.edit_spec({{"image", kNew}});
    const Plan plan = cluster.decide();
    EXPECT_TRUE(plan.apply.empty() && plan.remove.empty() && plan.replace.empty() && plan.generate.empty() && plan.scale.empty());
    cluster.execute(plan);
    EXPECT_EQ(cluster.condition("Stalled")["reason"], "NewerOperator");
    EXPECT_EQ(cluster.condition("Stalled")["status"], "True");
  }
}

TEST(Layout, OfANewerOperatorIsSeenOnEveryKindOfObject) {
  for (const Ref& ref : {Ref{"v1", "ConfigMap", "redis"}, Ref{"v1", "Service", "mysql"}, Ref{"v1", "PersistentVolumeClaim", "data-mysql-0"},
                         Ref{"autoscaling/v2", "HorizontalPodAutoscaler", "payment-service"}, Ref{"v1", "ServiceAccount", "redis"}}) {
    FakeCluster cluster = settled();
    Object& object = cluster.snapshot.children.at(ref);
    EXPECT_EQ(object["metadata"]["annotations"][kLayout], std::to_string(kLayoutNow)) << ref.kind;
    object["metadata"]["annotations"][kLayout] = "2";
    object["metadata"]["labels"]["app.kubernetes.io/part-of"] = "of-a-newer-one";
    const Plan plan = cluster.decide();
    EXPECT_TRUE(plan.apply.empty()) << ref.kind;
    cluster.execute(plan);
    EXPECT_EQ(cluster.condition("Stalled")["reason"], "NewerOperator") << ref.kind;
  }
}

TEST(Layout, OfANewerOperatorIsNotDeletedByAnOlderOne) {
  Object spec = quickstart_spec();
  spec["deletionPolicy"] = "Delete";
  FakeCluster cluster = settled(spec);
  cluster.child("apps/v1", "Deployment", "redis")["metadata"]["annotations"][kLayout] = "2";
  cluster.platform["metadata"]["deletionTimestamp"] = base::to_rfc3339(cluster.now);
  const Plan plan = cluster.decide();
  EXPECT_TRUE(plan.remove.empty());
  EXPECT_FALSE(plan.finalizers) << "who comes after us still has it to do";
  cluster.execute(plan);
  EXPECT_EQ(cluster.condition("Stalled")["reason"], "NewerOperator");
  cluster.child("apps/v1", "Deployment", "redis")["metadata"]["annotations"][kLayout] = "1";
  EXPECT_FALSE(cluster.decide().remove.empty());
}

TEST(Layout, OfAnOlderOperatorIsBroughtToOurs) {
  ASSERT_GE(kLayoutNow, 1);
  FakeCluster cluster = settled();
  cluster.child("apps/v1", "Deployment", "redis")["metadata"]["annotations"][kLayout] = "0";
  EXPECT_TRUE(refuse_newer(cluster.snapshot).has_value()) << "no operator wrote layout 0";
  cluster.child("apps/v1", "Deployment", "redis")["metadata"]["annotations"][kLayout] = "1";
  EXPECT_FALSE(refuse_newer(cluster.snapshot).has_value());
}

}  // namespace
}  // namespace controllers
