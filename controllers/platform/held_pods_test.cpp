// Pods that are held back go on with all that they need, and the plan lists what waits: for keys that the user has not given, or for the
// turn of a release.
#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "controllers/platform/explain.hpp"
#include "controllers/platform/forecast.hpp"
#include "controllers/platform/testing/fake_cluster.hpp"

namespace controllers {
namespace {

using test::essence;
using test::FakeCluster;
using test::quickstart_spec;
using test::settled;

const Object kRealChannel = {{"channels", {{"simulator", {{"enabled", false}}}}}};
const Object kOtherAddress = {{"channels", {{"wechatPay", {{"baseUrl", "https://wechat.example.com"}}}}}};
const std::vector<std::string> kChannelKeys = {"wechat-app-id",     "wechat-mch-id",     "wechat-private-key",  "wechat-merchant-serial-no",
                                               "wechat-api-v3-key", "wechat-public-key", "wechat-public-key-id"};

void pass(FakeCluster& cluster, int rounds = 4) {
  for (int round = 0; round < rounds; ++round) {
    cluster.execute(cluster.decide());
    cluster.play();
  }
}

Object changed(Object spec, const Object& edit) {
  spec.merge_patch(edit);
  return spec;
}

TEST(MissingKeys, NothingThatRunningServicesNeedIsChangedOrDeleted) {
  for (const Object& edit : {kRealChannel, kOtherAddress}) {
    FakeCluster cluster = settled();
    const auto before = essence(cluster);
    cluster.edit_spec(edit);
    pass(cluster);
    EXPECT_EQ(essence(cluster), before) << edit;
    EXPECT_EQ(cluster.condition("Stalled")["reason"], "SecretIncomplete");
    EXPECT_EQ(cluster.condition("ServicesReady")["status"], "True");
    EXPECT_TRUE(cluster.decide().empty()) << "and so it stays";

    cluster.user_secret("payment-service-secret", kChannelKeys);
    cluster.settle();
    EXPECT_EQ(cluster.condition("Ready")["status"], "True") << cluster.condition("Ready");
    EXPECT_FALSE(cluster.platform["status"].contains("pendingChanges"));
    FakeCluster fresh(changed(quickstart_spec(), edit));
    fresh.user_secret("payment-service-secret", kChannelKeys);
    fresh.settle();
    EXPECT_EQ(essence(cluster), essence(fresh)) << edit;
  }
}

TEST(MissingKeys, ThePlanAndTheStatusListWhatWaitsAndForWhichKey) {
  FakeCluster cluster = settled();
  cluster.edit_spec(kRealChannel);
  const std::vector<Plan> plans = {cluster.decide()};
  const PlanReport report = explain(cluster.platform, cluster.snapshot, plans);
  std::set<std::string> waiting;
  for (const ObjectChange& change : report.objects) {
    EXPECT_EQ(change.waits_for, R"(Secret "payment-service-secret" does not exist; create it with key "wechat-app-id")") << change.ref.name;
    waiting.insert(std::string(name_of(change.verb)) + " " + change.ref.kind + " " + change.ref.name);
    if (change.ref.kind == "ConfigMap" && change.verb == ObjectChange::Verb::Change) {
      EXPECT_LE(change.fields.size(), 3U) << "line by line: " << change.ref.name;
    }
  }
  EXPECT_EQ(waiting,
            (std::set<std::string>{
                "change ConfigMap callback-service", "change ConfigMap payment-service", "change ConfigMap reconciliation-service",
                "change CronJob reconciliation-cronjob", "change Deployment callback-service", "change Deployment payment-service",
                "change Deployment reconciliation-service", "delete ConfigMap channel-simulator", "delete Deployment channel-simulator",
                "delete Service channel-simulator", "delete ServiceAccount channel-simulator"}));

  cluster.execute(plans.front());
  const Object& pending = cluster.platform["status"]["pendingChanges"];
  EXPECT_EQ(pending.size(), waiting.size());
  for (const Object& one : pending) EXPECT_EQ(one["reason"], "SecretIncomplete") << one;
}

TEST(MissingKeys, OfAnInstallKeepBackOnlyThePodsThatMountThem) {
  FakeCluster cluster(changed(quickstart_spec(), kRealChannel));
  pass(cluster);
  EXPECT_TRUE(cluster.has("StatefulSet", "mysql"));
  EXPECT_TRUE(cluster.has("ConfigMap", "payment-service"));
  EXPECT_FALSE(cluster.has("Deployment", "payment-service"));
  const std::vector<Plan> plans = {cluster.decide()};
  const PlanReport report = explain(cluster.platform, cluster.snapshot, plans);
  ASSERT_EQ(report.objects.size(), 4U);
  for (const ObjectChange& change : report.objects) EXPECT_EQ(change.verb, ObjectChange::Verb::Create) << change.ref.name;
}

TEST(HeldRelease, KeepsTheSimulatorThatTheFormerReleaseStillCalls) {
  FakeCluster cluster = settled();
  cluster.user_secret("payment-service-secret", kChannelKeys);
  cluster.edit_spec(changed(kRealChannel, {{"image", "localhost/payment-runtime:0.2.0"}}));
  cluster.execute(cluster.decide());
  EXPECT_TRUE(cluster.has("Deployment", "channel-simulator"));
  const Object& pending = cluster.platform["status"]["pendingChanges"];
  EXPECT_TRUE(std::any_of(pending.begin(), pending.end(), [](const Object& one) {
    return one["component"] == "Deployment channel-simulator" && one["change"] == "is deleted: the spec no longer asks for it";
  })) << pending;
  pass(cluster, 12);
  EXPECT_FALSE(cluster.has("Deployment", "channel-simulator"));
  EXPECT_EQ(cluster.condition("Ready")["status"], "True") << cluster.condition("Ready");
}

TEST(MissingKeys, ARollThatIsUnderWayIsToldOnceOfEachObject) {
  FakeCluster cluster = settled();
  cluster.edit_spec(changed(kRealChannel, {{"image", "localhost/payment-runtime:0.2.0"}}));
  for (int round = 0; round < 6; ++round) {
    const Plan plan = cluster.decide();
    std::set<Ref> told;
    for (const Pending& pending : plan.pending) EXPECT_TRUE(told.insert(pending.ref).second) << pending.ref.kind << " " << pending.ref.name;
    cluster.execute(plan);
    cluster.play();
  }
  EXPECT_TRUE(cluster.has("Deployment", "channel-simulator"));
}

}  // namespace
}  // namespace controllers
