#include <gtest/gtest.h>

#include "controllers/platform/status.hpp"
#include "controllers/platform/testing/fake_cluster.hpp"
#include "crds/types/status.hpp"

namespace controllers {
namespace {

using test::essence;
using test::FakeCluster;
using test::quickstart_spec;
using test::settled;

TEST(Install, EndsReadyAndThenWritesAndReadsNothing) {
  FakeCluster cluster = settled();
  EXPECT_EQ(cluster.condition("Ready")["reason"], "PlatformReady");
  EXPECT_EQ(cluster.condition("Reconciling")["status"], "False");
  EXPECT_EQ(cluster.condition("Stalled")["status"], "False");
  EXPECT_EQ(cluster.platform["status"]["services"], "4/4");
  EXPECT_EQ(cluster.platform["status"]["version"], "0.1.0");
  EXPECT_EQ(cluster.platform["status"]["endpoints"]["payment"], "http://payment-service.payment:8086");

  const Plan plan = cluster.decide();
  EXPECT_TRUE(plan.empty());
  EXPECT_EQ(plan.requeue_after, std::nullopt);
  EXPECT_EQ(cluster.reads, 0U);
}

TEST(Install, KilledAfterEveryWriteEndsWithTheSameObjects) {
  const FakeCluster whole = settled();
  for (std::size_t step = 1; step < 60; ++step) {
    FakeCluster cluster(quickstart_spec());
    cluster.execute(cluster.decide(), step);
    cluster.settle();
    EXPECT_EQ(essence(cluster), essence(whole)) << "killed after write " << step;
  }
}

TEST(Install, EveryObjectIsReadByNameBeforeItsFirstApply) {
  FakeCluster cluster(quickstart_spec());
  const Plan plan = cluster.decide();
  for (const Apply& apply : plan.apply) {
    EXPECT_EQ(cluster.snapshot.reads.count(ref_of(apply.object)), 1U) << object::name_of(apply.object);
    EXPECT_EQ(apply.uid, "");
  }
}

TEST(Install, TheUsersSecretIsReadBeforeWhatDependsOnItsKeysIsNamed) {
  FakeCluster cluster(quickstart_spec());
  const Plan plan = reconcile(cluster.platform, cluster.snapshot, cluster.options, cluster.now);
  ASSERT_EQ(plan.reads.size(), 1U);
  EXPECT_EQ(plan.reads[0], (Ref{"v1", "Secret", "payment-service-secret"}));
}

std::ptrdiff_t applies_of(const Plan& plan, const std::string& kind) {
  return std::count_if(plan.apply.begin(), plan.apply.end(), [&kind](const Apply& apply) { return apply.object["kind"] == kind; });
}

TEST(Install, TheVolumeClaimWaitsForTheSecretWithItsPassword) {
  FakeCluster cluster(quickstart_spec());
  const Plan first = cluster.decide();
  EXPECT_EQ(first.generate.size(), 1U);
  EXPECT_EQ(applies_of(first, "PersistentVolumeClaim"), 0);
  cluster.execute(first);
  EXPECT_EQ(applies_of(cluster.decide(), "PersistentVolumeClaim"), 1);
}

// The keys may take seconds to make. A Job older than its Secret would look like one that set passwords which are no more.
TEST(Install, TheSchemaJobIsMadeOnceHoweverLongItsSecretTakes) {
  for (const char* password : {"generated", "mysql-password"}) {
    FakeCluster cluster(quickstart_spec());
    if (std::string(password) != "generated") cluster.user_secret("payment-service-secret", {password});
    const Plan first = cluster.decide();
    ASSERT_EQ(first.generate.size(), 1U);
    EXPECT_EQ(applies_of(first, "Job"), 0) << password;
    cluster.execute(first);
    cluster.now += std::chrono::seconds(5);
    const Plan second = cluster.decide();
    EXPECT_EQ(applies_of(second, "Job"), 1) << password;
    cluster.execute(second);
    EXPECT_TRUE(cluster.decide().replace.empty()) << password;
  }
}

TEST(Install, StatusIsCompleteFromTheFirstWriteOn) {
  FakeCluster cluster(quickstart_spec());
  const Plan plan = cluster.decide();
  ASSERT_TRUE(plan.status);
  EXPECT_EQ((*plan.status)["observedGeneration"], 1);
  std::map<std::string, std::string> conditions;
  for (const Object& condition : (*plan.status)["conditions"]) conditions[condition["type"]] = condition["status"];
  const std::map<std::string, std::string> expected = {{"Ready", "False"},         {"Reconciling", "True"},  {"Stalled", "False"},
                                                       {"DatabaseReady", "False"}, {"SchemaReady", "False"}, {"CacheReady", "False"},
                                                       {"ServicesReady", "False"}};
  EXPECT_EQ(conditions, expected);
}

TEST(Install, WhatIsReportedFitsTheSchemaOfTheStatus) {
  FakeCluster cluster = settled();
  crds::Status status;
  crds::Problems problems;
  EXPECT_TRUE(crds::decode_value(status, cluster.platform["status"], {}, "status", problems));
  for (const crds::Problem& problem : problems) ADD_FAILURE() << problem.path << " " << problem.message;
}

TEST(Install, ReadyWarnsOfDevelopmentAuthenticationAndOfTheSimulator) {
  const std::string message = settled().condition("Ready")["message"];
  EXPECT_NE(message.find("apiAuthentication is Development"), std::string::npos) << message;
  EXPECT_NE(message.find("no real money moves"), std::string::npos) << message;
}

TEST(Install, ASimulatorThatNoChannelUsesIsNoReasonToSayThatNoMoneyMoves) {
  FakeCluster cluster;
  cluster.edit_spec(
      {{"channels",
        {{"wechatPay", {{"enabled", true}, {"baseUrl", "https://api2.mch.weixin.qq.com"}}}, {"simulator", {{"enabled", true}}}}}});
  cluster.user_secret("payment-service-secret",
                      {"mysql-password", "wechat-app-id", "wechat-mch-id", "wechat-private-key", "wechat-merchant-serial-no",
                       "wechat-api-v3-key", "wechat-public-key", "wechat-public-key-id"});
  cluster.settle();
  const std::string message = cluster.condition("Ready")["message"];
  EXPECT_EQ(message.find("no real money moves"), std::string::npos) << message;
  EXPECT_NE(message.find("there is no ingress, so that WeChat Pay cannot call back"), std::string::npos) << message;
  const std::string config = cluster.child("v1", "ConfigMap", "payment-service")["data"]["runtime.yaml"];
  EXPECT_NE(config.find(R"(notifyUrl: "https://callback-service.payment:8088/api/callback/wechat")"), std::string::npos)
      << "WeChat Pay refuses orders with another scheme: " << config;
}

TEST(Install, EventsTellOnlyOfTransitions) {
  FakeCluster cluster(quickstart_spec());
  std::vector<std::string> reasons;
  for (int round = 0; round < 8; ++round) {
    const Plan plan = cluster.decide();
    for (const Event& event : plan.events) reasons.push_back(event.reason);
    cluster.execute(plan);
    cluster.play();
  }
  EXPECT_EQ(reasons, std::vector<std::string>{"PlatformReady"});
}

TEST(Drift, ADeletedChildComesBack) {
  const FakeCluster whole = settled();
  for (const auto& [ref, object] : whole.snapshot.children) {
    if (ref.kind == "Secret") continue;      // its loss is another story
    FakeCluster cluster = whole;
    cluster.snapshot.children.erase(ref);
    cluster.settle();
    EXPECT_EQ(essence(cluster), essence(whole)) << ref.kind << " " << ref.name;
  }
}

TEST(Drift, AnEditedFieldIsPutRightAndThePlanSaysWhich) {
  FakeCluster cluster = settled();
  Object& redis = cluster.child("apps/v1", "Deployment", "redis");
  redis["spec"]["template"]["spec"]["containers"][0]["image"] = "evil:1";
  redis["metadata"]["managedFields"][0]["fieldsV1"]["f:spec"]["f:template"]["f:spec"]["f:containers"][R"(k:{"name":"redis"})"].erase(
      "f:image");
  const Plan plan = cluster.decide();
  ASSERT_EQ(plan.apply.size(), 1U);
  EXPECT_EQ(object::name_of(plan.apply[0].object), "redis");
  EXPECT_FALSE(plan.apply[0].uid.empty());
  EXPECT_EQ(plan.apply[0].reason, "spec.template.spec.containers[name=redis].image evil:1 -> localhost/redis:7.0; pods restart");
  EXPECT_EQ(plan.apply[0].differences,
            (std::vector<object::Difference>{{"spec.template.spec.containers[name=redis].image", "localhost/redis:7.0", "evil:1"}}));
}

TEST(Drift, TheImageOfAForeignContainerBeforeOursIsNotTakenForOurs) {
  for (const auto& [kind, name] : {std::pair{"Deployment", "redis"}, {"Deployment", "payment-service"}, {"StatefulSet", "mysql"}}) {
    FakeCluster cluster = settled();
    Object& containers = cluster.child("apps/v1", kind, name)["spec"]["template"]["spec"]["containers"];
    containers.insert(containers.begin(), Object{{"name", "sidecar"}, {"image", "mesh:1"}});
    EXPECT_TRUE(cluster.decide().apply.empty()) << name << ": " << cluster.decide().apply.front().reason;
  }
}

TEST(Drift, AnEditToAnImageThatCannotBePulledIsRevertedToWhatRanAndNotToANewDefault) {
  FakeCluster cluster = settled();
  cluster.options.redis_image = "localhost/redis:8.0";      // the operator was upgraded since
  Object& redis = cluster.child("apps/v1", "Deployment", "redis");
  redis["spec"]["template"]["spec"]["containers"][0]["image"] = "evil:1";
  redis["metadata"]["managedFields"][0]["fieldsV1"]["f:spec"]["f:template"]["f:spec"]["f:containers"][R"(k:{"name":"redis"})"].erase(
      "f:image");
  cluster.add_pod(
      "redis-1", "redis",
      {{"containerStatuses",
        Object::array(
            {{{"name", "redis"}, {"image", "evil:1"}, {"ready", false}, {"state", {{"waiting", {{"reason", "ErrImagePull"}}}}}}})}});
  const Plan plan = cluster.decide();
  ASSERT_EQ(plan.apply.size(), 1U);
  EXPECT_EQ(plan.apply[0].object["spec"]["template"]["spec"]["containers"][0]["image"], "localhost/redis:7.0");
}

TEST(Drift, FieldsOfOthersAreLeftAlone) {
  FakeCluster cluster = settled();
  Object& deployment = cluster.child("apps/v1", "Deployment", "payment-service");
  deployment["metadata"]["labels"]["team"] = "shop";
  deployment["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = "3";
  deployment["spec"]["template"]["spec"]["containers"].push_back({{"name", "sidecar"}, {"image", "mesh:1"}});
  EXPECT_TRUE(cluster.decide().empty());
}

TEST(Drift, AnAddedSelectorLabelIsRemoved) {
  FakeCluster cluster = settled();
  cluster.child("v1", "Service", "payment-service")["spec"]["selector"]["canary"] = "yes";
  EXPECT_EQ(cluster.decide().apply.size(), 1U);
}

TEST(Drift, AChildWhoseLabelsWereEditedAwayIsStillOurs) {
  FakeCluster cluster = settled();
  const Ref ref{"v1", "Service", "redis"};
  Object stripped = cluster.snapshot.children.at(ref);
  stripped["metadata"]["labels"] = {{"app", "mine"}};
  cluster.snapshot.children.erase(ref);      // the watch is by label
  cluster.strangers[ref] = stripped;
  const Plan plan = cluster.decide();
  ASSERT_EQ(plan.apply.size(), 1U);
  EXPECT_EQ(plan.apply[0].uid, object::uid_of(stripped));
}

TEST(Change, FromOneSpecToAnotherEqualsAFreshInstall) {
  const Object b = {{"channels", {{"wechatPay", {{"enabled", false}}}, {"simulator", {{"enabled", false}}}}},
                    {"security", {{"apiAuthentication", "Required"}}},
                    {"services", {{"payment", {{"autoscaling", {{"enabled", false}}}, {"replicas", 2}, {"logLevel", "debug"}}}}},
                    {"redis", {{"managed", {{"maxMemory", "64mb"}}}}}};
  Object a = quickstart_spec();
  a["services"]["payment"]["env"] = Object::array({{{"name", "EXTRA"}, {"value", "1"}}});
  a["ingress"] = {{"enabled", true}, {"host", "pay.example.com"}};

  FakeCluster cluster = settled(a);
  EXPECT_TRUE(cluster.has("Ingress", "payment-ingress"));
  Object patch = b;
  patch["services"]["payment"]["env"] = nullptr;
  patch["ingress"] = nullptr;
  cluster.edit_spec(patch);
  cluster.settle();

  EXPECT_EQ(essence(cluster), essence(settled(b)));
  EXPECT_FALSE(cluster.has("Ingress", "payment-ingress"));
  EXPECT_FALSE(cluster.has("Deployment", "channel-simulator"));
  EXPECT_FALSE(cluster.has("HorizontalPodAutoscaler", "payment-service"));
  EXPECT_TRUE(cluster.decide().empty());
}

TEST(Change, ReadyIsNotClaimedForAGenerationThatIsNotYetApplied) {
  FakeCluster cluster = settled();
  cluster.edit_spec({{"services", {{"payment", {{"logLevel", "debug"}}}}}});
  const Plan plan = cluster.decide();
  ASSERT_TRUE(plan.status);
  const Object& ready = (*plan.status)["conditions"][0];
  EXPECT_EQ(ready["status"], "False");
  EXPECT_EQ(ready["reason"], "Progressing");
  EXPECT_EQ(ready["observedGeneration"], 2);
}

TEST(Change, ANewDefaultOfTheOperatorRestartsNothing) {
  FakeCluster cluster = settled();
  cluster.options = {"0.2.0", "localhost/payment-runtime:0.2.0", "localhost/mariadb:11.4", "localhost/redis:8.0"};
  EXPECT_TRUE(cluster.decide().empty());
}

void fail_pull(FakeCluster& cluster, const std::string& app, const std::string& image) {
  const Object waiting = {{"waiting", {{"reason", "ErrImagePull"}}}};
  cluster.add_pod(app + "-1", app,
                  {{"containerStatuses", Object::array({{{"name", app}, {"image", image}, {"ready", false}, {"state", waiting}}})}});
}

std::string redis_image(const Object& deployment) { return deployment["spec"]["template"]["spec"]["containers"][0]["image"]; }

TEST(Change, AnImageThatNeverRanAndCannotBePulledIsReplacedByTheNewDefault) {
  FakeCluster cluster(quickstart_spec());
  cluster.break_workload("redis");
  cluster.settle();
  fail_pull(cluster, "redis", "localhost/redis:7.0");
  cluster.options.redis_image = "localhost/redis:7.2";
  const Plan plan = cluster.decide();
  ASSERT_EQ(plan.apply.size(), 1U);
  EXPECT_EQ(redis_image(plan.apply[0].object), "localhost/redis:7.2");
}

TEST(Change, AFailedPullOfWhatOnceRanMovesNothingToANewDefault) {
  for (const char* app : {"redis", "mysql", "payment-service"}) {
    FakeCluster cluster = settled();
    cluster.options = {"0.2.0", "localhost/payment-runtime:0.2.0", "localhost/mariadb:11.4", "localhost/redis:8.0"};
    fail_pull(cluster, app, proven_image(cluster.platform, app));
    EXPECT_TRUE(cluster.decide().apply.empty()) << app;
    cluster.break_workload(app);      // not even when no pod of it is left
    cluster.settle();
    EXPECT_TRUE(cluster.decide().apply.empty()) << app;
  }
}

TEST(Change, AnImageThatSomebodyElseWroteIntoTheStatusIsNotBelieved) {
  FakeCluster cluster = settled();
  for (Object& component : cluster.platform["status"]["components"]) component["image"] = "evil:1";
  for (auto& [key, fields] : cluster.platform["metadata"]["managedFields"][0]["fieldsV1"]["f:status"]["f:components"].items()) {
    fields.erase("f:image");
  }
  const Plan plan = cluster.decide();
  EXPECT_TRUE(plan.apply.empty());
  ASSERT_TRUE(plan.status) << "and the truth is put back";
  cluster.execute(plan);
  EXPECT_EQ(proven_image(cluster.platform, "mysql"), "localhost/mariadb:10.11");
}

TEST(Change, AnImageThatWasPutIntoTheSpecAndOutAgainWithoutRunningIsNotKept) {
  FakeCluster cluster = settled();
  cluster.edit_spec({{"redis", {{"managed", {{"image", "localhost/redis:missing"}}}}}});
  cluster.execute(cluster.decide());
  cluster.break_workload("redis");
  cluster.settle();
  ASSERT_EQ(redis_image(cluster.child("apps/v1", "Deployment", "redis")), "localhost/redis:missing");
  EXPECT_EQ(proven_image(cluster.platform, "redis"), "localhost/redis:7.0") << "the status says what it last ran well";

  cluster.edit_spec({{"redis", {{"managed", {{"image", nullptr}}}}}});
  cluster.mend_workload("redis");
  cluster.settle();
  EXPECT_EQ(redis_image(cluster.child("apps/v1", "Deployment", "redis")), "localhost/redis:7.0");
}

TEST(Pause, ChangesNothingButTheStatus) {
  FakeCluster cluster = settled();
  cluster.edit_spec({{"paused", true}, {"services", {{"payment", {{"logLevel", "debug"}}}}}});
  cluster.snapshot.children.erase({"v1", "Service", "redis"});
  const Plan plan = cluster.decide();
  EXPECT_TRUE(plan.apply.empty() && plan.scale.empty() && plan.remove.empty() && plan.generate.empty());
  cluster.execute(plan);
  EXPECT_EQ(cluster.platform["status"]["observedGeneration"], 2);
  EXPECT_EQ(cluster.condition("Reconciling")["reason"], "Paused");
  EXPECT_TRUE(cluster.decide().empty());
}

TEST(Pause, WorksByAnnotationToo) {
  FakeCluster cluster = settled();
  cluster.platform["metadata"]["annotations"]["paymentplatform.io/paused"] = "true";
  cluster.snapshot.children.erase({"v1", "Service", "redis"});
  cluster.execute(cluster.decide());
  EXPECT_FALSE(cluster.has("Service", "redis"));
  EXPECT_EQ(cluster.condition("Reconciling")["reason"], "Paused");
}

TEST(Deletion, UnderRetainThereIsNothingToDo) {
  FakeCluster cluster = settled();
  cluster.platform["metadata"]["deletionTimestamp"] = base::to_rfc3339(cluster.now);
  EXPECT_TRUE(cluster.decide().empty());
  EXPECT_TRUE(object::list_at(cluster.platform, {"metadata", "finalizers"}).empty());
  for (const auto& [ref, object] : cluster.snapshot.children) {
    const bool outlives = ref.kind == "PersistentVolumeClaim" || ref.kind == "Secret";
    EXPECT_EQ(object::controller_uid(object), outlives ? "" : "platform-uid") << ref.kind << " " << ref.name;
  }
}

TEST(Deletion, UnderDeleteTheVolumeGoesAfterThePods) {
  Object spec = quickstart_spec();
  spec["deletionPolicy"] = "Delete";
  FakeCluster cluster = settled(spec);
  EXPECT_EQ(cluster.platform["metadata"]["finalizers"], Object::array({"paymentplatform.io/cleanup"}));
  cluster.add_pod("mysql-0", "mysql", Object::object());

  cluster.platform["metadata"]["deletionTimestamp"] = base::to_rfc3339(cluster.now);
  const Plan first = cluster.decide();
  for (const Remove& remove : first.remove)
    EXPECT_TRUE(remove.ref.kind != "PersistentVolumeClaim" && remove.ref.kind != "Secret") << remove.ref.name;
  EXPECT_FALSE(first.finalizers);
  cluster.execute(first);
  EXPECT_TRUE(cluster.has("PersistentVolumeClaim", "data-mysql-0"));

  cluster.snapshot.children.erase({"v1", "Pod", "mysql-0"});
  const Plan second = cluster.decide();
  EXPECT_EQ(second.remove.size(), 2U);
  EXPECT_FALSE(second.finalizers);
  cluster.execute(second);
  const Plan third = cluster.decide();
  EXPECT_EQ(third.finalizers, std::vector<std::string>{});
}

TEST(Deletion, APodThatNeverEndsDoesNotHoldThePlatformForEver) {
  Object spec = quickstart_spec();
  spec["deletionPolicy"] = "Delete";
  FakeCluster cluster = settled(spec);
  cluster.add_pod("mysql-0", "mysql", Object::object());
  cluster.platform["metadata"]["deletionTimestamp"] = base::to_rfc3339(cluster.now);
  cluster.now += std::chrono::minutes(11);
  EXPECT_EQ(cluster.decide().finalizers, std::vector<std::string>{});
}

TEST(Deletion, ARetainedVolumeServesAPlatformOfTheSameName) {
  FakeCluster cluster = settled();
  FakeCluster again(quickstart_spec());
  again.platform["metadata"]["uid"] = "second-uid";
  for (const auto& [ref, object] : cluster.snapshot.children) {
    if (ref.kind == "PersistentVolumeClaim" || ref.kind == "Secret") again.snapshot.children[ref] = object;
  }
  const Plan plan = again.decide();
  EXPECT_TRUE(plan.generate.empty());
  again.execute(plan);
  again.settle();
  EXPECT_EQ(again.condition("Ready")["status"], "True");
}

}  // namespace
}  // namespace controllers
