// What a platform says and does when something is wrong, and that it heals when that is put right.
#include <gtest/gtest.h>

#include "controllers/platform/example.hpp"
#include "controllers/platform/testing/fake_cluster.hpp"

namespace controllers {
namespace {

using test::FakeCluster;
using test::quickstart_spec;

Object waiting(const std::string& container, const std::string& reason, const std::string& message) {
  return {{"containerStatuses", Object::array({{{"name", container},
                                                {"image", "localhost/x:1"},
                                                {"ready", false},
                                                {"state", {{"waiting", {{"reason", reason}, {"message", message}}}}}}})}};
}

bool says(const Object& condition, const std::string& words) { return condition.value("message", "").find(words) != std::string::npos; }

class BadSpec : public testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(BadSpec, IsStalledWithTheFieldPathAndNothingIsWritten) {
  FakeCluster cluster(Object::parse(GetParam().first));
  const Plan plan = cluster.decide();
  EXPECT_TRUE(plan.apply.empty() && plan.generate.empty() && plan.scale.empty() && plan.remove.empty());
  cluster.execute(plan);
  const Object stalled = cluster.condition("Stalled");
  EXPECT_EQ(stalled["status"], "True");
  EXPECT_EQ(stalled["reason"], "InvalidSpec");
  EXPECT_TRUE(says(stalled, GetParam().second)) << stalled["message"];
  EXPECT_EQ(cluster.condition("Ready")["status"], "False");
  EXPECT_EQ(cluster.platform["status"]["observedGeneration"], 1);
  EXPECT_TRUE(cluster.decide().empty());
}

INSTANTIATE_TEST_SUITE_P(
    All, BadSpec,
    testing::Values(
        std::pair{R"({"channels": {"bitcoin": {}}})", "spec.channels.bitcoin"},
        std::pair{R"({"database": {"external": {}}})", "spec.database.external"},
        std::pair{R"({"services": {"payment": {"replicas": -1}}})", "spec.services.payment.replicas"},
        std::pair{R"({"services": {"callback": {"autoscaling": {"minReplicas": 11}}}})", "spec.services.callback.autoscaling.minReplicas"},
        std::pair{R"({"reconciliation": {"schedule": "* * * * * *"}})", "spec.reconciliation.schedule"},
        std::pair{R"({"reconciliation": {"schedule": "0 0 30 2 *"}})", "spec.reconciliation.schedule never fires"},
        std::pair{R"({"database": {"managed": {"config": {"a b": "1"}}}})", "spec.database.managed.config"},
        std::pair{R"({"database": {"managed": {"maxConnections": 50}}, "services": {"payment": {"autoscaling": {"maxReplicas": 100}}}})",
                  "spec.database.managed.maxConnections"},
        std::pair{R"({"ingress": {"enabled": true}})", "spec.ingress.host"}, std::pair{R"({"paused": "yes"})", "spec.paused"}));

TEST(BadSpec, OfARunningPlatformLeavesEverythingAsItIs) {
  FakeCluster cluster(quickstart_spec());
  cluster.settle();
  cluster.edit_spec({{"services", {{"payment", {{"replicas", -1}}}}}});
  const Plan plan = cluster.decide();
  EXPECT_TRUE(plan.apply.empty() && plan.remove.empty());
  cluster.execute(plan);
  EXPECT_EQ(cluster.condition("Stalled")["reason"], "InvalidSpec");
  EXPECT_EQ(cluster.condition("DatabaseReady")["status"], "True");
  EXPECT_EQ(cluster.condition("DatabaseReady")["observedGeneration"], 1);

  cluster.edit_spec({{"services", {{"payment", {{"replicas", 3}}}}}});
  cluster.settle();
  EXPECT_EQ(cluster.condition("Ready")["status"], "True");
}

TEST(BadObject, OfAnyShapeDoesNotThrow) {
  for (const char* text :
       {"null", "[]", "{}", R"({"metadata": []})", R"({"metadata": {"name": 5}, "spec": [], "status": 3})", R"({"spec": {"services": 7}})",
        R"({"metadata": {"annotations": 1, "finalizers": "x", "deletionTimestamp": "soon"}})"}) {
    (void)reconcile(Object::parse(text), {}, test::settings(), test::kStart);
  }
  Snapshot live;
  for (const char* kind : {"Pod", "Secret", "Job", "PersistentVolumeClaim", "Deployment", "StatefulSet"}) {
    live.children[{"v1", kind, "mysql"}] =
        Object::parse(R"({"metadata": {"labels": 3, "managedFields": {"a": 1}}, "spec": "x", "status": [1]})");
  }
  (void)reconcile(FakeCluster(quickstart_spec()).platform, live, test::settings(), test::kStart);
}

TEST(NameConflict, AStrangerIsNeverTakenOverAndNothingIsTouched) {
  FakeCluster cluster(quickstart_spec());
  const Ref ref{"v1", "Service", "redis"};
  cluster.strangers[ref] = {{"apiVersion", "v1"}, {"kind", "Service"}, {"metadata", {{"name", "redis"}, {"uid", "x"}}}};
  const Plan plan = cluster.decide();
  EXPECT_TRUE(plan.apply.empty() && plan.generate.empty());
  EXPECT_TRUE(plan.requeue_after);
  cluster.execute(plan);
  EXPECT_EQ(cluster.condition("Stalled")["reason"], "NameConflict");
  EXPECT_TRUE(says(cluster.condition("Ready"), "Service redis")) << cluster.condition("Ready");

  cluster.strangers.clear();
  cluster.settle();
  EXPECT_EQ(cluster.condition("Ready")["status"], "True");
}

TEST(NameConflict, TheChildOfAFormerPlatformIsWaitedFor) {
  FakeCluster cluster(quickstart_spec());
  cluster.settle();
  cluster.platform["metadata"]["uid"] = "second-uid";      // deleted and made anew; garbage collection is still at work
  cluster.platform["status"] = {{"observedGeneration", -1}};
  const Plan plan = cluster.decide();
  for (const Apply& apply : plan.apply) EXPECT_TRUE(apply.object["kind"] == "PersistentVolumeClaim" || apply.object["kind"] == "Secret");
  EXPECT_TRUE(plan.remove.empty());
  EXPECT_TRUE(plan.requeue_after);
}

TEST(Secrets, AUsersKeyWinsAndTheRestIsGenerated) {
  FakeCluster cluster(quickstart_spec());
  cluster.user_secret("payment-service-secret", {"mysql-password", "wechat-mch-id"});
  cluster.settle();
  const Object& set = cluster.child("apps/v1", "StatefulSet", "mysql");
  const std::string volumes = set["spec"]["template"]["spec"]["volumes"].dump();
  EXPECT_NE(volumes.find(R"("name":"payment-service-secret")"), std::string::npos) << volumes;
  const std::string payment = cluster.child("apps/v1", "Deployment", "payment-service")["spec"]["template"]["spec"]["volumes"].dump();
  EXPECT_NE(payment.find("payment-generated"), std::string::npos);
  EXPECT_NE(payment.find("payment-service-secret"), std::string::npos);
  cluster.reads = 0;
  EXPECT_TRUE(cluster.decide().empty());
  EXPECT_EQ(cluster.reads, 1U) << "the decision is recovered from the workloads; the user's password may have changed";
}

TEST(Secrets, AKeyPairIsNeverMixedFromTwoSources) {
  FakeCluster cluster(quickstart_spec());
  cluster.user_secret("payment-service-secret", {"wechat-private-key"});      // without wechat-merchant-public-key
  cluster.settle();
  const std::string volumes = cluster.child("apps/v1", "Deployment", "payment-service")["spec"]["template"]["spec"]["volumes"].dump();
  EXPECT_EQ(volumes.find("payment-service-secret"), std::string::npos) << volumes;
}

TEST(Secrets, ARealChannelNeedsTheUsersKeysAndSaysWhichIsMissing) {
  FakeCluster cluster(test::example("production")["spec"]);
  cluster.user_secret("payment-service-secret", {"mysql-password", "wechat-app-id", "wechat-mch-id", "wechat-private-key",
                                                 "wechat-merchant-serial-no", "wechat-public-key", "wechat-public-key-id"});
  for (int round = 0; round < 4; ++round) {
    cluster.execute(cluster.decide());
    cluster.play();
  }
  EXPECT_EQ(cluster.condition("Ready")["reason"], "SecretIncomplete");
  EXPECT_TRUE(says(cluster.condition("Ready"), R"(Secret "payment-service-secret" has no key "wechat-api-v3-key")"))
      << cluster.condition("Ready");
  EXPECT_TRUE(cluster.has("StatefulSet", "mysql")) << "what does not need the key goes on";
  EXPECT_FALSE(cluster.has("Deployment", "payment-service"));
  EXPECT_EQ(cluster.decide().requeue_after, std::chrono::seconds(15)) << "users' Secrets are not watched";

  cluster.user_secret("payment-service-secret",
                      {"mysql-password", "wechat-app-id", "wechat-mch-id", "wechat-private-key", "wechat-merchant-serial-no",
                       "wechat-api-v3-key", "wechat-public-key", "wechat-public-key-id"});
  cluster.settle();
  EXPECT_EQ(cluster.condition("Ready")["status"], "True") << cluster.condition("Ready");
  EXPECT_EQ(cluster.condition("Stalled")["status"], "False");
}

TEST(Secrets, CallersCredentialsAreMountedWhenTheyAppear) {
  Object spec = quickstart_spec();
  spec["security"]["apiAuthentication"] = "Required";
  FakeCluster cluster(spec);
  cluster.settle();
  const auto volumes = [&](const char* service) {
    return cluster.child("apps/v1", "Deployment", service)["spec"]["template"]["spec"]["volumes"].dump();
  };
  EXPECT_NE(volumes("payment-service").find(R"("name":"payment-service-secret","optional":true)"), std::string::npos)
      << volumes("payment-service");
  EXPECT_EQ(volumes("callback-service").find("api-secret"), std::string::npos);
}

TEST(Secrets, ALaterPasswordOfTheUserDoesNotLockTheDatabaseOut) {
  FakeCluster cluster(quickstart_spec());
  cluster.settle();
  cluster.user_secret("payment-service-secret", {"mysql-password"});
  cluster.edit_spec({{"services", {{"payment", {{"logLevel", "debug"}}}}}});
  for (const Apply& apply : cluster.decide().apply) EXPECT_NE(object::name_of(apply.object), "mysql") << apply.reason;
}

/// Pod templates of everything that mounts Secrets.
std::map<std::string, Object> templates(const FakeCluster& cluster) {
  std::map<std::string, Object> found;
  for (const auto& [ref, object] : cluster.snapshot.children) {
    if (object.contains("spec") && (object["spec"].contains("template") || object["spec"].contains("jobTemplate"))) {
      found[ref.kind + " " + ref.name] = object["spec"];
    }
  }
  return found;
}

const std::vector<std::string> kAllUserKeys = {
    "mysql-password",    "mysql-migrator-password", "mysql-application-password",  "mysql-reader-password",     "wechat-app-id",
    "wechat-mch-id",     "wechat-private-key",      "wechat-merchant-public-key",  "wechat-merchant-serial-no", "wechat-api-v3-key",
    "wechat-public-key", "wechat-public-key-id",    "simulator-wechat-private-key"};

const Ref kUserSecret{"v1", "Secret", "payment-service-secret"};

FakeCluster settled_with_user_keys(const std::string& channel) {
  FakeCluster cluster(channel == "simulated" ? quickstart_spec() : test::example("production")["spec"]);
  cluster.user_secret(kUserSecret.name, kAllUserKeys);
  cluster.settle();
  return cluster;
}

class UserSecretGone : public testing::TestWithParam<const char*> {};

// Not Ready for any reason at all, and just then the Secret is being replaced: the keys must stay the ones that database and channel know.
TEST_P(UserSecretGone, WhileNotReadyKeepsTheKeysAndSaysSo) {
  FakeCluster cluster = settled_with_user_keys(GetParam());
  const auto before = templates(cluster);
  const Object kept = cluster.strangers.at(kUserSecret);

  cluster.break_workload("redis");
  cluster.play();
  cluster.execute(cluster.decide());
  cluster.strangers.erase(kUserSecret);
  for (int round = 0; round < 3; ++round) {
    cluster.execute(cluster.decide());
    cluster.play();
  }
  EXPECT_EQ(templates(cluster), before);
  EXPECT_EQ(cluster.condition("Ready")["reason"], "SecretIncomplete");
  EXPECT_EQ(cluster.condition("Stalled")["status"], "True");
  EXPECT_TRUE(says(cluster.condition("Ready"), R"(Secret "payment-service-secret" does not exist)")) << cluster.condition("Ready");

  cluster.strangers[kUserSecret] = kept;
  cluster.mend_workload("redis");
  cluster.play();
  cluster.settle();
  EXPECT_EQ(cluster.condition("Ready")["status"], "True") << cluster.condition("Ready");
  EXPECT_EQ(templates(cluster), before);
}

TEST_P(UserSecretGone, WithAWorkloadThatIsGoneTooItIsNotMadeWithOtherKeys) {
  for (const char* lost : {"payment-service", "mysql", "channel-simulator", "reconciliation-cronjob"}) {
    SCOPED_TRACE(lost);
    FakeCluster cluster = settled_with_user_keys(GetParam());
    const auto before = templates(cluster);
    const Object kept = cluster.strangers.at(kUserSecret);
    std::erase_if(cluster.snapshot.children, [&](const auto& child) { return child.first.name == lost && child.second.contains("spec"); });
    cluster.strangers.erase(kUserSecret);
    cluster.edit_spec({{"services", {{"payment", {{"logLevel", "debug"}}}}}});
    for (int round = 0; round < 3; ++round) {
      cluster.execute(cluster.decide());
      cluster.play();
    }
    for (const auto& [name, spec] : templates(cluster)) {
      EXPECT_EQ(spec.dump().find("payment-generated"), std::string::npos) << name << " was given a generated key";
    }
    cluster.strangers[kUserSecret] = kept;
    cluster.settle();
    EXPECT_EQ(templates(cluster).size(), before.size());
    EXPECT_EQ(cluster.condition("Ready")["status"], "True") << cluster.condition("Ready");
  }
}

INSTANTIATE_TEST_SUITE_P(Channels, UserSecretGone, testing::Values("simulated", "real"),
                         [](const auto& one) { return std::string(one.param); });

TEST(Secrets, AKeyThatTheUserTookOutIsNotReplacedByAnother) {
  FakeCluster cluster(quickstart_spec());
  cluster.user_secret("payment-service-secret", kAllUserKeys);
  cluster.settle();
  const auto before = templates(cluster);
  std::vector<std::string> fewer = kAllUserKeys;
  std::erase(fewer, "mysql-application-password");
  cluster.user_secret("payment-service-secret", fewer);
  cluster.break_workload("redis");
  cluster.play();
  for (int round = 0; round < 2; ++round) cluster.execute(cluster.decide());
  EXPECT_EQ(templates(cluster), before);
  EXPECT_TRUE(says(cluster.condition("Ready"), R"(has no key "mysql-application-password")")) << cluster.condition("Ready");
}

TEST(Secrets, ASpecThatNamesNoSecretGivesTheUsersKeysUp) {
  FakeCluster cluster(quickstart_spec());
  cluster.user_secret("payment-service-secret", {"mysql-application-password"});
  cluster.settle();
  cluster.edit_spec({{"secretRef", {{"name", ""}}}});
  cluster.settle();
  EXPECT_EQ(cluster.condition("Ready")["status"], "True") << cluster.condition("Ready");
  EXPECT_EQ(cluster.child("apps/v1", "Deployment", "payment-service")["spec"]["template"]["spec"]["volumes"].dump().find(
                "payment-service-secret"),
            std::string::npos);
}

TEST(Secrets, FromARealChannelToTheSimulatorTheSimulatorsKeysAreMade) {
  Object spec = quickstart_spec();
  spec["channels"]["wechatPay"]["baseUrl"] = "https://wechat.example.com";
  FakeCluster cluster(spec);
  cluster.user_secret("payment-service-secret", {"wechat-app-id", "wechat-mch-id", "wechat-private-key", "wechat-merchant-serial-no",
                                                 "wechat-api-v3-key", "wechat-public-key", "wechat-public-key-id"});
  cluster.settle();
  cluster.edit_spec({{"channels", {{"wechatPay", {{"baseUrl", ""}}}}}});
  cluster.settle();
  EXPECT_EQ(cluster.condition("Ready")["status"], "True") << cluster.condition("Ready");
}

TEST(Secrets, ALostRootPasswordStopsEverythingInsteadOfMakingAnother) {
  FakeCluster cluster(quickstart_spec());
  cluster.settle();
  const Object secret = cluster.child("v1", "Secret", "payment-generated");
  cluster.snapshot.children.erase({"v1", "Secret", "payment-generated"});
  const Plan plan = cluster.decide();
  EXPECT_TRUE(plan.generate.empty());
  cluster.execute(plan);
  EXPECT_EQ(cluster.condition("Stalled")["reason"], "SecretLost");

  cluster.snapshot.children[{"v1", "Secret", "payment-generated"}] = secret;      // restored from a backup
  cluster.settle();
  EXPECT_EQ(cluster.condition("Ready")["status"], "True");
}

TEST(Claim, AWrongStorageClassIsReportedAndTheClaimReplacedWhenTheSpecIsPutRight) {
  Object spec = quickstart_spec();
  spec["database"] = {{"managed", {{"storage", {{"size", "1Gi"}, {"storageClassName", "nope"}}}}}};
  FakeCluster cluster(spec);
  cluster.break_workload("mysql");
  cluster.break_workload("data-mysql-0");
  for (int round = 0; round < 4; ++round) {
    cluster.execute(cluster.decide());
    cluster.play();
  }
  cluster.now += std::chrono::seconds(20);
  cluster.execute(cluster.decide());
  EXPECT_EQ(cluster.condition("Ready")["reason"], "StorageUnavailable");
  EXPECT_TRUE(says(cluster.condition("Ready"), "data-mysql-0")) << cluster.condition("Ready");
  EXPECT_TRUE(says(cluster.condition("Ready"), "spec.database.managed.storage.storageClassName"));

  const std::string old = object::uid_of(cluster.child("v1", "PersistentVolumeClaim", "data-mysql-0"));
  cluster.edit_spec({{"database", {{"managed", {{"storage", {{"storageClassName", "standard"}}}}}}}});
  const Plan plan = cluster.decide();
  ASSERT_EQ(plan.replace.size(), 1U);
  EXPECT_EQ(plan.replace[0].uid, old);
  cluster.mend_workload("mysql");
  cluster.mend_workload("data-mysql-0");
  cluster.execute(plan);
  cluster.settle();
  EXPECT_EQ(cluster.condition("Ready")["status"], "True") << cluster.condition("Ready");
  EXPECT_EQ(cluster.child("v1", "PersistentVolumeClaim", "data-mysql-0")["spec"]["storageClassName"], "standard");
}

TEST(Claim, ABoundClaimIsNeverReplacedNorShrunkAndTheStatusSaysSo) {
  FakeCluster cluster(quickstart_spec());
  cluster.settle();
  cluster.edit_spec({{"database", {{"managed", {{"storage", {{"size", "1Gi"}}}}}}}});
  const Plan plan = cluster.decide();
  EXPECT_TRUE(plan.replace.empty());
  cluster.execute(plan);
  cluster.settle();
  EXPECT_EQ(cluster.child("v1", "PersistentVolumeClaim", "data-mysql-0")["spec"]["resources"]["requests"]["storage"], "20Gi");
  EXPECT_TRUE(says(cluster.condition("DatabaseReady"), "cannot shrink"));

  cluster.edit_spec({{"database", {{"managed", {{"storage", {{"size", "30Gi"}}}}}}}});
  cluster.settle();
  EXPECT_EQ(cluster.child("v1", "PersistentVolumeClaim", "data-mysql-0")["spec"]["resources"]["requests"]["storage"], "30Gi");
}

TEST(Image, AMissingImageIsReportedWithPodAndNextStep) {
  FakeCluster cluster(quickstart_spec());
  cluster.break_workload("payment-service");
  for (int round = 0; round < 4; ++round) {
    cluster.execute(cluster.decide());
    cluster.play();
  }
  cluster.add_pod("payment-service-1", "payment-service", waiting("payment-service", "ImagePullBackOff", "not found"));
  cluster.execute(cluster.decide());
  EXPECT_EQ(cluster.condition("Ready")["reason"], "ImageUnavailable");
  EXPECT_TRUE(says(cluster.condition("Ready"), "Pod payment-service-1")) << cluster.condition("Ready");
  EXPECT_EQ(cluster.condition("ServicesReady")["reason"], "ImageUnavailable");
  EXPECT_EQ(cluster.condition("DatabaseReady")["status"], "True");

  cluster.mend_workload("payment-service");
  cluster.snapshot.children.erase({"v1", "Pod", "payment-service-1"});
  cluster.play();
  cluster.settle();
  EXPECT_EQ(cluster.condition("Ready")["status"], "True");
}

TEST(Cache, ItsLossIsReportedWithWhatItMeans) {
  FakeCluster cluster(quickstart_spec());
  cluster.settle();
  cluster.break_workload("redis");
  cluster.play();
  cluster.execute(cluster.decide());
  EXPECT_EQ(cluster.condition("CacheReady")["status"], "False");
  EXPECT_TRUE(says(cluster.condition("CacheReady"), "payments go on")) << cluster.condition("CacheReady");
}

TEST(Schema, AFailedJobIsReportedInItsOwnWordsAndMadeAnew) {
  FakeCluster cluster(quickstart_spec());
  cluster.settle();
  const auto job_of = [](FakeCluster& c) {
    for (auto& [ref, object] : c.snapshot.children) {
      if (ref.kind == "Job") return &object;
    }
    return static_cast<Object*>(nullptr);
  };
  Object* job = job_of(cluster);
  ASSERT_NE(job, nullptr);
  const std::string name = object::name_of(*job);
  const std::string uid = object::uid_of(*job);
  (*job)["status"]["conditions"] = Object::array(
      {{{"type", "Failed"}, {"status", "True"}, {"lastTransitionTime", base::to_rfc3339(cluster.now)}, {"message", "backoff limit"}}});
  cluster.break_workload(name);
  cluster.add_pod(
      name + "-1", "schema",
      {{"phase", "Failed"},
       {"containerStatuses", Object::array({{{"name", "migrate"},
                                             {"ready", false},
                                             {"state",
                                              {{"terminated",
                                                {{"exitCode", 1},
                                                 {"reason", "Error"},
                                                 {"message", "{\"event\":\"migrate_failed\",\"problem\":\"access denied\"}\n"}}}}}}})}},
      {{"batch.kubernetes.io/job-name", name}});

  const Plan early = cluster.decide();
  EXPECT_TRUE(early.replace.empty());
  EXPECT_EQ(early.requeue_after, std::chrono::seconds(21));
  cluster.execute(early);
  EXPECT_EQ(cluster.condition("SchemaReady")["reason"], "SchemaFailed");
  EXPECT_TRUE(says(cluster.condition("Ready"), "migrate_failed: access denied")) << cluster.condition("Ready");

  cluster.now += std::chrono::seconds(30);
  const Plan late = cluster.decide();
  ASSERT_EQ(late.replace.size(), 1U);
  EXPECT_EQ(late.replace[0].uid, uid);
  cluster.execute(late);
  cluster.snapshot.children.erase({"v1", "Pod", name + "-1"});
  cluster.mend_workload(name);
  cluster.settle();
  EXPECT_EQ(cluster.condition("Ready")["status"], "True");
}

TEST(Schema, AJobThatFailsOverAndOverIsToldOnce) {
  FakeCluster cluster(quickstart_spec());
  cluster.settle();
  for (auto& [ref, object] : cluster.snapshot.children) {
    if (ref.kind == "Job") cluster.break_workload(ref.name);
  }
  const auto fail = [&] {
    for (auto& [ref, object] : cluster.snapshot.children) {
      if (ref.kind != "Job") continue;
      object["status"]["conditions"] = Object::array(
          {{{"type", "Failed"}, {"status", "True"}, {"lastTransitionTime", base::to_rfc3339(cluster.now)}, {"message", "backoff limit"}}});
    }
  };
  std::vector<std::string> events;
  std::size_t statuses = 0;
  for (int attempt = 0; attempt < 5; ++attempt) {
    fail();
    for (int round = 0; round < 6; ++round) {      // failed, replaced, being made, at work
      const Plan plan = cluster.decide();
      for (const Event& event : plan.events) events.push_back(event.reason);
      statuses += plan.status ? 1U : 0U;
      cluster.execute(plan);
      cluster.now += std::chrono::seconds(10);
    }
  }
  EXPECT_EQ(events, std::vector<std::string>{"SchemaFailed"});
  EXPECT_LE(statuses, 2U) << "the same is not written again with every attempt";
  EXPECT_EQ(cluster.condition("SchemaReady")["reason"], "SchemaFailed") << "also while the next attempt is at work";

  for (auto& [ref, object] : cluster.snapshot.children) {
    if (ref.kind == "Job") cluster.mend_workload(ref.name);
  }
  cluster.settle();
  EXPECT_EQ(cluster.condition("Ready")["status"], "True");
}

TEST(Schema, AnotherImageIsAnotherJobAndTheOldOneGoes) {
  FakeCluster cluster(quickstart_spec());
  cluster.settle();
  cluster.edit_spec({{"image", "localhost/payment-runtime:0.2.0"}});
  cluster.settle();
  std::size_t jobs = 0;
  for (const auto& [ref, object] : cluster.snapshot.children) jobs += ref.kind == "Job" ? 1U : 0U;
  EXPECT_EQ(jobs, 1U);
  EXPECT_EQ(cluster.platform["status"]["version"], "0.2.0");
}

TEST(Schema, AMigrationAtWorkIsNotCutOff) {
  FakeCluster cluster(quickstart_spec());
  cluster.settle();
  for (auto& [ref, object] : cluster.snapshot.children) {
    if (ref.kind == "Job") {
      object.erase("status");
      cluster.break_workload(ref.name);
    }
  }
  cluster.edit_spec({{"image", "localhost/payment-runtime:0.2.0"}});
  EXPECT_TRUE(cluster.decide().remove.empty());
}

TEST(Refused, WhatTheApiServerRefusesIsSaidUntilItIsNoLongerAsked) {
  FakeCluster cluster(quickstart_spec());
  cluster.settle();
  cluster.edit_spec({{"reconciliation", {{"schedule", "@daily"}}}});
  cluster.snapshot.refused[{"batch/v1", "CronJob", "reconciliation-cronjob"}] = "quota exceeded";
  cluster.platform["status"] = *cluster.decide().status;
  EXPECT_EQ(cluster.condition("Ready")["reason"], "ObjectRefused");
  EXPECT_TRUE(says(cluster.condition("Ready"), "quota exceeded")) << cluster.condition("Ready");

  // Put right, the live object is as wanted: there is no write that could succeed and clear the refusal.
  cluster.edit_spec({{"reconciliation", {{"schedule", "0/30 * * * *"}}}});
  cluster.settle();
  EXPECT_EQ(cluster.condition("Ready")["status"], "True");
}

TEST(Times, MoveOnlyOnTransitions) {
  FakeCluster cluster(quickstart_spec());
  cluster.settle();
  const std::string since = cluster.condition("Ready")["lastTransitionTime"];
  cluster.now += std::chrono::hours(1);
  EXPECT_TRUE(cluster.decide().empty());

  cluster.break_workload("redis");
  cluster.play();
  cluster.execute(cluster.decide());
  EXPECT_NE(cluster.condition("Ready")["lastTransitionTime"], since);
  EXPECT_EQ(cluster.condition("DatabaseReady")["lastTransitionTime"], since);
}

}  // namespace
}  // namespace controllers
