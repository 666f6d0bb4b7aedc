// What a platform says and does when something is wrong, and that it heals when that is put right.
#include <gtest/gtest.h>

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
  EXPECT_TRUE(says(cluster.condition("Ready"), "warning: "));
  EXPECT_TRUE(
      says(cluster.condition("Ready"), "spec.database.managed.storage.size 1Gi has no effect: PersistentVolumeClaim data-mysql-0 has 20Gi"))
      << cluster.condition("Ready");
  EXPECT_EQ(cluster.condition("Reconciling")["message"], "everything is as the spec says, apart from spec.database.managed.storage.size");

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

TEST(Image, OfAReleaseThatDoesNotExistSaysThatPaymentsGoOnWithTheOneBefore) {
  FakeCluster cluster = test::settled();
  cluster.edit_spec({{"image", "localhost/payment-runtime:9.9.9"}});
  cluster.execute(cluster.decide());
  std::string job;
  for (const auto& [ref, object] : cluster.snapshot.children) {
    if (ref.kind == "Job" && image_of(object, "migrate") == "localhost/payment-runtime:9.9.9") job = ref.name;
  }
  ASSERT_NE(job, "");
  cluster.break_workload(job);
  cluster.add_pod(job + "-1", "schema", waiting("migrate", "ErrImagePull", "not found"), {{"batch.kubernetes.io/job-name", job}});
  cluster.settle();
  EXPECT_EQ(cluster.condition("SchemaReady")["reason"], "ImageUnavailable");
  EXPECT_TRUE(says(cluster.condition("SchemaReady"), "; payments go on, with release 0.1.0")) << cluster.condition("SchemaReady");
  EXPECT_EQ(cluster.condition("Ready")["message"], cluster.condition("SchemaReady")["message"]);

  for (const char* part : {"mysql", "payment-service"}) {
    FakeCluster down = cluster;
    down.break_workload(part);
    down.play();
    down.execute(down.decide());
    EXPECT_FALSE(says(down.condition("SchemaReady"), "payments go on")) << part << " is down";
  }
}

Object without_node(base::TimePoint since, const std::string& why) {
  const Object scheduled = {
      {"type", "PodScheduled"}, {"status", "False"}, {"message", why}, {"lastTransitionTime", base::to_rfc3339(since)}};
  return {{"phase", "Pending"}, {"conditions", Object::array({scheduled})}};
}

TEST(Placement, ANewestPodWithoutANodeIsTroubleAfterTenSecondsHoweverWellTheOldOneIs) {
  Object spec = quickstart_spec();
  spec["services"]["callback"] = {{"autoscaling", {{"enabled", false}}}, {"replicas", 1}};
  FakeCluster cluster = test::settled(spec);
  cluster.hold_roll("callback-service");
  cluster.edit_spec({{"services", {{"callback", {{"podTemplate", {{"spec", {{"nodeSelector", {{"x", "y"}}}}}}}}}}}});
  cluster.execute(cluster.decide());
  cluster.play();
  cluster.add_pod("callback-service-old", "callback-service", {{"phase", "Running"}});
  cluster.add_pod("callback-service-new", "callback-service",
                  without_node(cluster.now, "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector"));
  const Plan early = cluster.decide();
  EXPECT_EQ(early.requeue_after, std::chrono::seconds(10)) << "nothing else tells of that moment";
  cluster.execute(early);
  EXPECT_EQ(cluster.condition("ServicesReady")["reason"], "ServicesProgressing");
  EXPECT_TRUE(says(cluster.condition("ServicesReady"), "has 0 of 1 pods of its newest template available, beside 1 of the one before"))
      << cluster.condition("ServicesReady");

  cluster.now += *early.requeue_after;
  cluster.execute(cluster.decide());
  EXPECT_EQ(cluster.condition("ServicesReady")["reason"], "Unschedulable");
  EXPECT_TRUE(says(cluster.condition("ServicesReady"), "Pod callback-service-new has no node: 0/1 nodes"))
      << cluster.condition("ServicesReady");
}

TEST(Placement, TheAdviceFollowsTheSchedulersWords) {
  const auto advice = [](const std::string& why) {
    Object pod = {{"metadata", {{"name", "p"}}}, {"status", without_node(test::kStart, why)}};
    return pod_problem(pod, test::kStart + std::chrono::minutes(1))->message.substr(std::string("Pod p has no node: ").size() + why.size());
  };
  EXPECT_EQ(advice("1 Insufficient cpu."), "; add capacity or lower the requests");
  EXPECT_EQ(advice("1 node(s) didn't match Pod's node affinity/selector."),
            "; put nodeSelector or nodeAffinity of its podTemplate right, or label a node");
  EXPECT_EQ(advice("1 Insufficient memory, 2 node(s) had untolerated taint {a: b}."),
            "; add capacity or lower the requests; tolerate the taint in its podTemplate, or take it off a node");
  EXPECT_EQ(advice("pod has unbound immediate PersistentVolumeClaims."), "");
  EXPECT_EQ(advice("a plugin of somebody says no"), "; add capacity, or put requests and placement of its podTemplate right");
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

TEST(Schema, AFailedJobIsTriedAgainThoughTheOperatorsClockIsAnHourBehind) {
  FakeCluster cluster(quickstart_spec());
  cluster.settle();
  const base::TimePoint failed = cluster.now + std::chrono::hours(1);
  for (auto& [ref, object] : cluster.snapshot.children) {
    if (ref.kind != "Job") continue;
    cluster.break_workload(ref.name);
    object["status"]["conditions"] =
        Object::array({{{"type", "Failed"}, {"status", "True"}, {"lastTransitionTime", base::to_rfc3339(failed)}}});
  }
  EXPECT_EQ(cluster.decide().replace.size(), 1U);
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

// Under deletionPolicy Delete nothing is made before it, so this may be all that there is to tell.
TEST(Refused, AFinalizerThatIsRefusedIsSaid) {
  Object spec = quickstart_spec();
  spec["deletionPolicy"] = "Delete";
  FakeCluster cluster(spec);
  cluster.snapshot.refused[{crds::kApiVersion, crds::kKind, "quickstart"}] = "denied by a webhook";
  cluster.platform["status"] = *cluster.decide().status;
  EXPECT_EQ(cluster.condition("Ready")["reason"], "ObjectRefused");
  EXPECT_TRUE(says(cluster.condition("Ready"), "PaymentPlatform quickstart: denied by a webhook")) << cluster.condition("Ready");
}

TEST(Refused, WhatTheApiServerRefusesIsSaidUntilItIsNoLongerAsked) {
  FakeCluster cluster(quickstart_spec());
  cluster.settle();
  cluster.edit_spec({{"reconciliation", {{"schedule", "@daily"}}}});
  cluster.snapshot.refused[{"batch/v1", "CronJob", "reconciliation-cronjob"}] = "quota exceeded";
  cluster.platform["status"] = *cluster.decide().status;
  EXPECT_EQ(cluster.condition("Ready")["reason"], "ObjectRefused");
  EXPECT_TRUE(says(cluster.condition("Ready"), "quota exceeded")) << cluster.condition("Ready");
  EXPECT_EQ(cluster.condition("Stalled")["status"], "True");
  EXPECT_EQ(cluster.condition("Stalled")["reason"], "ObjectRefused");
  EXPECT_EQ(cluster.condition("Reconciling")["status"], "False") << "kstatus: nothing gets better by itself";

  // Put right, the live object is as wanted: there is no write that could succeed and clear the refusal.
  cluster.edit_spec({{"reconciliation", {{"schedule", "0/30 * * * *"}}}});
  cluster.settle();
  EXPECT_EQ(cluster.condition("Ready")["status"], "True");
  EXPECT_EQ(cluster.condition("Stalled")["status"], "False");
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
