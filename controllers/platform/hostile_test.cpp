// What users, tools and other controllers do to a platform behind the operator's back.
#include <gtest/gtest.h>

#include "controllers/platform/deletion.hpp"
#include "controllers/platform/testing/fake_cluster.hpp"
#include "crds/types/status.hpp"

namespace controllers {
namespace {

using test::FakeCluster;
using test::quickstart_spec;

FakeCluster settled(Object spec = quickstart_spec()) {
  FakeCluster cluster(std::move(spec));
  cluster.settle();
  return cluster;
}

bool writes_objects(const Plan& plan) {
  return !(plan.apply.empty() && plan.scale.empty() && plan.generate.empty() && plan.replace.empty() && plan.remove.empty());
}

TEST(Hostile, AChildThatAnotherControllerTookOverIsLeftToItAndSaid) {
  FakeCluster cluster = settled();
  Object& redis = cluster.child("apps/v1", "Deployment", "redis");
  redis["metadata"]["ownerReferences"] =
      Object::array({{{"apiVersion", "apps.example.com/v1"}, {"kind", "App"}, {"name", "other"}, {"uid", "other"}, {"controller", true}}});
  redis["spec"]["replicas"] = 0;
  const Plan plan = cluster.decide();
  EXPECT_FALSE(writes_objects(plan));
  cluster.execute(plan);
  EXPECT_EQ(cluster.condition("Stalled")["reason"], "NameConflict");
  EXPECT_NE(cluster.condition("Stalled")["message"].get<std::string>().find("Deployment redis"), std::string::npos);
}

TEST(Hostile, AStatusThatSomebodyWroteIsPutRightInOneWriteAndMovesNothingElse) {
  const Object truth = settled().platform["status"];
  for (const Object& forged :
       {Object(), Object::object(), Object(7), Object::parse(R"({"conditions": "x", "components": 3})"),
        Object::parse(R"({"observedGeneration": 99, "conditions": [{"type": "Ready", "status": "True"}], "version": "9"})"),
        Object::parse(R"({"conditions": [1, null, {"type": 5}], "components": [{"name": "mysql", "image": "evil"}]})")}) {
    FakeCluster cluster = settled();
    cluster.platform["status"] = forged;
    cluster.platform["metadata"].erase("managedFields");
    const Plan plan = cluster.decide();
    EXPECT_FALSE(writes_objects(plan)) << forged;
    ASSERT_TRUE(plan.status) << forged;
    cluster.execute(plan);
    EXPECT_EQ(cluster.platform["status"]["components"], truth["components"]) << forged;
    EXPECT_EQ(cluster.condition("Ready")["status"], "True") << forged;
    EXPECT_TRUE(cluster.decide().empty()) << forged;
  }
}

/// A Deployment that somebody made from one of ours, labels and all, and that sorts before it.
void copy(FakeCluster& cluster, const std::string& app, const std::string& secret) {
  Object copy = cluster.child("apps/v1", "Deployment", app);
  copy["metadata"]["name"] = "a-canary";
  copy["metadata"]["uid"] = "uid-canary";
  copy["metadata"].erase("ownerReferences");
  for (Object& volume : copy["spec"]["template"]["spec"]["volumes"]) {
    if (!volume.contains("projected")) continue;
    for (Object& source : volume["projected"]["sources"]) {
      if (source.contains("secret")) source["secret"]["name"] = secret;
    }
  }
  cluster.snapshot.children[{"apps/v1", "Deployment", "a-canary"}] = copy;
}

TEST(Hostile, ACopyOfAServiceDoesNotDecideWhosePasswordsTheServicesUse) {
  FakeCluster cluster = settled();
  copy(cluster, "payment-service", "somebody-elses");
  const Plan plan = cluster.decide();
  for (const Apply& apply : plan.apply) EXPECT_EQ(apply.object.dump().find("somebody-elses"), std::string::npos) << apply.reason;
  EXPECT_FALSE(writes_objects(plan));
}

TEST(Hostile, ACopyOfAServiceDoesNotHoldUpARoll) {
  FakeCluster cluster = settled();
  copy(cluster, "callback-service", "payment-generated");
  cluster.edit_spec({{"image", "localhost/payment-runtime:0.2.0"}});
  cluster.settle();
  const Object& payment = cluster.child("apps/v1", "Deployment", "payment-service");
  EXPECT_EQ(payment["spec"]["template"]["spec"]["containers"][0]["image"], "localhost/payment-runtime:0.2.0");
}

TEST(Hostile, PasswordsThatWereGeneratedAnewAreGivenToTheDatabase) {
  Object spec = quickstart_spec();
  spec["secretRef"] = {{"name", "mine"}};
  FakeCluster cluster(spec);
  cluster.user_secret("mine", {"mysql-password"});      // of root; those of the other users are generated
  cluster.settle();
  const auto job = [&cluster] {
    for (const auto& [ref, object] : cluster.snapshot.children) {
      if (ref.kind == "Job") return object::uid_of(object);
    }
    return std::string();
  };
  const std::string first = job();
  ASSERT_NE(first, "");
  cluster.snapshot.children.erase({"v1", "Secret", std::string(kGeneratedSecret)});
  cluster.now += std::chrono::hours(1);
  cluster.settle();
  EXPECT_NE(job(), "");
  EXPECT_NE(job(), first) << "the schema Job sets the passwords of the database's users";
}

TEST(Hostile, NullWhereAnObjectBelongsThrowsNothing) {
  for (const char* path : {"/database", "/database/managed", "/redis", "/redis/managed", "/channels", "/channels/simulator", "/services",
                           "/services/payment", "/ingress", "/security", "/reconciliation", "/maintenanceWindows"}) {
    Object spec = quickstart_spec();
    spec[Object::json_pointer(path)] = nullptr;
    FakeCluster cluster(spec);
    cluster.settle();
    EXPECT_NE(cluster.condition("Ready")["reason"], "") << path;
  }
}

TEST(Hostile, AClaimThatSomebodyElseHoldsDoesNotKeepADeletedPlatformForEver) {
  Object spec = quickstart_spec();
  spec["deletionPolicy"] = "Delete";
  FakeCluster cluster = settled(spec);
  cluster.platform["metadata"]["deletionTimestamp"] = base::to_rfc3339(cluster.now);
  const Object claim = cluster.child("v1", "PersistentVolumeClaim", "data-mysql-0");
  for (int round = 0; round < 3; ++round) cluster.execute(cluster.decide());
  Object held = claim;
  held["metadata"]["deletionTimestamp"] = base::to_rfc3339(cluster.now);
  cluster.snapshot.children[{"v1", "PersistentVolumeClaim", "data-mysql-0"}] = held;
  cluster.platform["metadata"]["finalizers"] = Object::array({kFinalizer});
  const Plan waiting = cluster.decide();
  EXPECT_TRUE(waiting.empty());
  ASSERT_TRUE(waiting.requeue_after.has_value()) << "nothing else tells that ten minutes are over";
  cluster.now += std::chrono::minutes(10);
  EXPECT_TRUE(cluster.decide().finalizers.has_value());
}

TEST(Hostile, AMegabyteOfAnnotationsStaysWhereItIs) {
  FakeCluster cluster(quickstart_spec());
  for (int i = 0; i < 64; ++i) cluster.platform["metadata"]["annotations"]["note-" + std::to_string(i)] = std::string(16 * 1024, 'x');
  cluster.settle();
  EXPECT_EQ(cluster.condition("Ready")["status"], "True");
  for (const auto& [ref, child] : cluster.snapshot.children) EXPECT_EQ(child.dump().find("note-"), std::string::npos) << ref.name;
  EXPECT_LT(cluster.platform["status"].dump().size(), 64U * 1024U);
}

TEST(Hostile, TwentyUnknownFieldsAreNamedWithinTheBoundOfAMessage) {
  Object spec = quickstart_spec();
  for (int i = 0; i < 20; ++i) spec["unknown" + std::to_string(i) + std::string(100, 'x')] = i;
  FakeCluster cluster(spec);
  const Plan plan = cluster.decide();
  EXPECT_FALSE(writes_objects(plan));
  cluster.execute(plan);
  const Object stalled = cluster.condition("Stalled");
  EXPECT_EQ(stalled["reason"], "InvalidSpec");
  const std::string message = stalled["message"];
  EXPECT_NE(message.find("spec.unknown0"), std::string::npos) << message;
  EXPECT_LE(message.size(), crds::kMessageMax);
}

TEST(Hostile, ASecretOfAnotherKindLacksItsKeysAndIsNamed) {
  Object spec = quickstart_spec();
  spec["channels"]["simulator"]["enabled"] = false;
  FakeCluster cluster(spec);
  cluster.user_secret("payment-service-secret", {"tls.crt", "tls.key"});
  cluster.strangers.at({"v1", "Secret", "payment-service-secret"})["type"] = "kubernetes.io/tls";
  cluster.execute(cluster.decide());
  EXPECT_EQ(cluster.condition("Stalled")["reason"], "SecretIncomplete");
  EXPECT_NE(cluster.condition("Stalled")["message"].get<std::string>().find("payment-service-secret"), std::string::npos);
}

/// Deletes the platform after every write of what `prepare` sets off; everything that is ours goes, and nothing is made any more.
void expect_gone_from_anywhere(const std::function<void(FakeCluster&)>& prepare) {
  Object spec = quickstart_spec();
  spec["deletionPolicy"] = "Delete";
  for (std::size_t writes = 0;; ++writes) {
    FakeCluster cluster(spec);
    prepare(cluster);
    const std::size_t before = cluster.writes;
    const Plan plan = cluster.decide();
    cluster.execute(plan, writes);
    const bool whole = cluster.writes - before < writes;
    cluster.platform["metadata"]["deletionTimestamp"] = base::to_rfc3339(cluster.now);
    for (int round = 0; round < 6; ++round) {
      const Plan deletion = cluster.decide();
      EXPECT_TRUE(deletion.apply.empty() && deletion.generate.empty() && deletion.scale.empty()) << "after " << writes << " writes";
      cluster.execute(deletion);
    }
    EXPECT_TRUE(cluster.snapshot.children.empty()) << cluster.snapshot.children.begin()->first.name << " after " << writes << " writes";
    EXPECT_TRUE(object::list_at(cluster.platform, {"metadata", "finalizers"}).empty()) << "after " << writes << " writes";
    if (whole) return;
  }
}

TEST(Hostile, DeletionDuringAnInstallLeavesNothing) {
  expect_gone_from_anywhere([](FakeCluster&) {});
}

TEST(Hostile, DeletionDuringAnUpgradeLeavesNothing) {
  expect_gone_from_anywhere([](FakeCluster& cluster) {
    cluster.settle();
    cluster.edit_spec({{"image", "localhost/payment-runtime:0.2.0"}, {"redis", {{"managed", {{"maxMemory", "2gb"}}}}}});
  });
}

TEST(Hostile, DeletionWhilePausedLeavesNothing) {
  expect_gone_from_anywhere([](FakeCluster& cluster) {
    cluster.settle();
    cluster.edit_spec({{"paused", true}});
  });
}

TEST(Hostile, DeletionOfAPlatformWithABadSpecLeavesNothing) {
  expect_gone_from_anywhere([](FakeCluster& cluster) {
    cluster.settle();
    cluster.edit_spec({{"services", {{"payment", {{"replicas", -1}}}}}});
  });
}

}  // namespace
}  // namespace controllers
