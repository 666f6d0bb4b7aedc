// Passwords of the database that a user changes in a Secret: the platform keeps to those that the database has, until somebody lets it go
// on.
#include <gtest/gtest.h>

#include "controllers/platform/explain.hpp"
#include "controllers/platform/forecast.hpp"
#include "controllers/platform/gates.hpp"
#include "controllers/platform/testing/fake_cluster.hpp"

namespace controllers {
namespace {

using object::text_at;
using test::FakeCluster;
using test::quickstart_spec;

constexpr const char* kSecret = "payment-service-secret";
const std::vector<std::string> kPasswords = {"mysql-password", "mysql-migrator-password", "mysql-application-password",
                                             "mysql-reader-password"};

FakeCluster with_users_passwords(Object spec = quickstart_spec()) {
  FakeCluster cluster(std::move(spec));
  cluster.user_secret(kSecret, kPasswords, "b2xk");
  cluster.settle();
  EXPECT_EQ(cluster.condition("Ready")["status"], "True") << cluster.platform["status"].dump(2);
  return cluster;
}

void change(FakeCluster& cluster, const std::string& key, const std::string& value = "bmV3") {
  cluster.strangers.at({"v1", "Secret", kSecret})["data"][key] = value;
}

Object pending(const FakeCluster& cluster) {
  const Object* list = object::dig(cluster.platform, {"status", "pendingChanges"});
  return list == nullptr ? Object::array() : *list;
}

std::string schema_job(const FakeCluster& cluster) {
  std::string name;
  for (const auto& [ref, object] : cluster.snapshot.children) {
    if (ref.kind == "Job") name += (name.empty() ? "" : " ") + ref.name;
  }
  return name;
}

/// What pods are made from, the schema Job's apart.
std::map<Ref, Object> templates(const FakeCluster& cluster) {
  std::map<Ref, Object> found;
  for (const auto& [ref, object] : cluster.snapshot.children) {
    if (ref.kind == "Deployment" || ref.kind == "StatefulSet") found[ref] = object["spec"]["template"];
    if (ref.kind == "CronJob") found[ref] = object["spec"]["jobTemplate"];
  }
  return found;
}

bool mounts(const FakeCluster& cluster, const Ref& ref, const std::string& key, const std::string& secret) {
  for (const Object& volume : object::list_at(cluster.snapshot.children.at(ref), {"spec", "template", "spec", "volumes"})) {
    for (const Object& source : object::list_at(volume, {"projected", "sources"})) {
      for (const Object& item : object::list_at(source, {"secret", "items"})) {
        if (item["key"] == key) return source["secret"]["name"] == secret;
      }
    }
  }
  return false;
}

const Ref kPayment{"apps/v1", "Deployment", "payment-service"};

void approve(FakeCluster& cluster) {
  const std::string how = text_at(pending(cluster).at(0), {"waitsFor"});
  const std::string sign = std::string(kApprove) + "=";
  const auto at = how.find(sign);
  ASSERT_NE(at, std::string::npos) << how;
  cluster.platform["metadata"]["annotations"][kApprove] = how.substr(at + sign.size(), 16);
}

TEST(PasswordRotation, WaitsAndSaysWhichKeyAndHowToLetItGoOn) {
  FakeCluster cluster = with_users_passwords();
  const auto before = templates(cluster);
  const std::string job = schema_job(cluster);
  change(cluster, "mysql-application-password");
  cluster.settle();

  ASSERT_EQ(pending(cluster).size(), 1U) << pending(cluster);
  const Object told = pending(cluster)[0];
  EXPECT_EQ(told["reason"], "PasswordRotation");
  EXPECT_EQ(told["component"], "Job " + job);
  EXPECT_NE(text_at(told, {"change"}).find("Secret payment-service-secret has another value of mysql-application-password than"),
            std::string::npos)
      << told;
  EXPECT_NE(text_at(told, {"waitsFor"}).find("kubectl annotate -n payment paymentplatform quickstart paymentplatform.io/approve="),
            std::string::npos);
  EXPECT_EQ(cluster.condition("Ready")["status"], "True");
  EXPECT_EQ(cluster.condition("Reconciling")["reason"], "Settled");
  EXPECT_EQ(templates(cluster), before);
  EXPECT_EQ(schema_job(cluster), job) << "the database is told nothing";
}

TEST(PasswordRotation, AnApprovalRunsTheSchemaJobAnewAndRestartsNothing) {
  FakeCluster cluster = with_users_passwords();
  const auto before = templates(cluster);
  const std::string job = schema_job(cluster);
  change(cluster, "mysql-application-password");
  cluster.settle();
  approve(cluster);
  cluster.settle();
  EXPECT_NE(schema_job(cluster), job);
  EXPECT_EQ(schema_job(cluster).find(' '), std::string::npos) << "one Job: " << schema_job(cluster);
  EXPECT_EQ(templates(cluster), before);
  EXPECT_TRUE(pending(cluster).empty()) << pending(cluster);
  EXPECT_EQ(cluster.condition("Ready")["status"], "True");

  cluster.writes = 0;
  cluster.settle();
  EXPECT_EQ(cluster.writes, 0U);
  change(cluster, "mysql-application-password", "b2xk");
  cluster.settle();
  EXPECT_EQ(pending(cluster).size(), 1U) << "an approval is of these passwords: not of the former, either";
}

TEST(PasswordRotation, AnApprovalOfOnePasswordIsNotOneOfAnother) {
  FakeCluster cluster = with_users_passwords();
  const std::string job = schema_job(cluster);
  change(cluster, "mysql-reader-password");
  cluster.settle();
  approve(cluster);
  change(cluster, "mysql-reader-password", "bmV3ZXI=");      // before the operator has looked
  cluster.settle();
  EXPECT_EQ(schema_job(cluster), job);
  EXPECT_EQ(pending(cluster).size(), 1U);
}

TEST(PasswordRotation, GoesAheadInAMaintenanceWindow) {
  Object spec = quickstart_spec();
  spec["maintenanceWindows"] = Object::array({{{"start", "0 12 * * *"}, {"duration", "1h"}}});      // it is eight
  FakeCluster cluster = with_users_passwords(spec);
  const std::string job = schema_job(cluster);
  change(cluster, "mysql-application-password");
  cluster.settle();
  EXPECT_EQ(schema_job(cluster), job);
  EXPECT_EQ(
      text_at(pending(cluster).at(0), {"waitsFor"}).rfind("a maintenance window (the next opens 2026-03-01T12:00:00Z), or approval: ", 0),
      0U)
      << pending(cluster);
  cluster.now += std::chrono::hours(4) + std::chrono::minutes(1);
  cluster.settle();
  EXPECT_NE(schema_job(cluster), job);
  EXPECT_TRUE(pending(cluster).empty());
}

TEST(PasswordRotation, GoesAlongWithAnEditThatStartsPodsWhichWouldHaveTheNewPassword) {
  FakeCluster cluster = with_users_passwords();
  const std::string job = schema_job(cluster);
  change(cluster, "mysql-application-password");
  cluster.settle();
  EXPECT_EQ(schema_job(cluster), job);
  cluster.edit_spec({{"ingress", {{"enabled", false}, {"annotations", {{"a", "b"}}}}}});
  cluster.settle();
  EXPECT_EQ(schema_job(cluster), job) << "this one starts none";
  cluster.edit_spec({{"redis", {{"managed", {{"maxMemory", "64mb"}}}}}});
  cluster.settle();
  EXPECT_EQ(schema_job(cluster), job) << "this one starts one that has no password of the database";
  cluster.edit_spec({{"services", {{"payment", {{"logLevel", "debug"}}}}}});
  cluster.settle();
  EXPECT_NE(schema_job(cluster), job);
  EXPECT_TRUE(pending(cluster).empty()) << pending(cluster);
  EXPECT_EQ(cluster.condition("Ready")["status"], "True");
}

TEST(PasswordRotation, IsApprovedOnceEvenWhereTheFormerPasswordCameBackMeanwhile) {
  FakeCluster cluster = with_users_passwords();
  change(cluster, "mysql-application-password");
  cluster.settle();
  approve(cluster);
  cluster.settle();
  const Object annotation = cluster.platform["metadata"]["annotations"][kApprove];
  change(cluster, "mysql-application-password", "b2xk");
  cluster.settle();
  approve(cluster);
  cluster.settle();
  EXPECT_TRUE(pending(cluster).empty()) << pending(cluster);
  cluster.platform["metadata"]["annotations"][kApprove] = annotation;
  change(cluster, "mysql-application-password");
  cluster.settle();
  EXPECT_EQ(pending(cluster).size(), 1U);
}

TEST(PasswordRotation, OfTheRootPasswordIsNotLeftToAWindow) {
  Object spec = quickstart_spec();
  spec["maintenanceWindows"] = Object::array({{{"start", "0 12 * * *"}, {"duration", "1h"}}});
  FakeCluster cluster = with_users_passwords(spec);
  const std::string job = schema_job(cluster);
  change(cluster, "mysql-password");
  cluster.settle();
  EXPECT_EQ(text_at(pending(cluster).at(0), {"waitsFor"}).rfind("approval: ", 0), 0U) << pending(cluster);
  cluster.now += std::chrono::hours(4) + std::chrono::minutes(1);
  cluster.settle();
  EXPECT_EQ(schema_job(cluster), job);
  EXPECT_EQ(pending(cluster).size(), 1U);
  approve(cluster);
  cluster.settle();
  EXPECT_NE(schema_job(cluster), job);
}

TEST(PasswordRotation, GoesAlongWithAReleaseWhoseMigrationSetsPasswordsAnyway) {
  FakeCluster cluster = with_users_passwords();
  change(cluster, "mysql-application-password");
  cluster.settle();
  cluster.edit_spec({{"image", "localhost/payment-runtime:0.2.0"}});
  cluster.settle();
  EXPECT_TRUE(pending(cluster).empty()) << pending(cluster);
  EXPECT_EQ(cluster.condition("Ready")["status"], "True");
}

TEST(PasswordRotation, OfTheRootPasswordSaysWhoHasToSetIt) {
  FakeCluster cluster = with_users_passwords();
  const Object before = cluster.child("apps/v1", "StatefulSet", "mysql");
  change(cluster, "mysql-password");
  cluster.settle();
  EXPECT_NE(text_at(pending(cluster).at(0), {"change"}).find("set that of root@'%' in the database first"), std::string::npos);
  approve(cluster);
  cluster.settle();
  EXPECT_EQ(cluster.child("apps/v1", "StatefulSet", "mysql"), before) << "the database is not restarted";
}

TEST(PasswordRotation, TellsNothingOfThePasswords) {
  FakeCluster cluster = with_users_passwords();
  change(cluster, "mysql-application-password");
  const Plan plan = cluster.decide();
  ASSERT_TRUE(plan.status);
  for (const char* word : {"b2xk", "bmV3", "Z2VuZXJhdGVk"}) EXPECT_EQ(plan.status->dump().find(word), std::string::npos) << word;
  // The same password under another generated Secret has another digest: nobody finds it by trying.
  FakeCluster other(quickstart_spec());
  other.user_secret(kSecret, kPasswords, "b2xk");
  other.execute(other.decide());
  other.child("v1", "Secret", "payment-generated")["data"]["mysql-password"] = "b3RoZXI=";
  other.settle();
  EXPECT_NE(schema_job(other), schema_job(with_users_passwords()));
}

TEST(PasswordRotation, IsLookedForWhileAllIsWellAndOnlyWhereThereIsSomethingToLookAt) {
  FakeCluster cluster = with_users_passwords();
  cluster.reads = 0;
  const Plan plan = cluster.decide();
  EXPECT_EQ(cluster.reads, 1U);
  EXPECT_EQ(plan.requeue_after, std::chrono::seconds(300));
  EXPECT_TRUE(plan.empty());

  FakeCluster generated = test::settled();
  EXPECT_EQ(generated.decide().requeue_after, std::nullopt);
  EXPECT_EQ(generated.reads, 0U);
}

TEST(PasswordRotation, ASecretOrAKeyThatIsAwayIsNoNewPassword) {
  FakeCluster cluster = with_users_passwords();
  const std::string job = schema_job(cluster);
  cluster.strangers.at({"v1", "Secret", kSecret})["data"].erase("mysql-application-password");
  cluster.settle();
  EXPECT_TRUE(pending(cluster).empty());
  cluster.strangers.clear();
  cluster.settle();
  EXPECT_TRUE(pending(cluster).empty());
  EXPECT_EQ(schema_job(cluster), job);
}

TEST(PasswordRotation, NothingHappensWhileThePlatformIsPaused) {
  FakeCluster cluster = with_users_passwords();
  const std::string job = schema_job(cluster);
  change(cluster, "mysql-application-password");
  cluster.settle();
  approve(cluster);
  cluster.platform["metadata"]["annotations"][crds::kPausedAnnotation] = "true";
  cluster.settle();
  EXPECT_EQ(schema_job(cluster), job);
}

TEST(PasswordRotation, IsInThePlanForPeople) {
  FakeCluster cluster = with_users_passwords();
  change(cluster, "mysql-application-password");
  cluster.settle();
  cluster.snapshot.reads[{"v1", "Secret", kSecret}] = cluster.strangers.at({"v1", "Secret", kSecret});
  const Forecast foreseen = forecast(cluster.platform, cluster.snapshot, cluster.options, cluster.now);
  const PlanReport report = explain(cluster.platform, cluster.snapshot, foreseen.plans);
  ASSERT_EQ(report.objects.size(), 1U);
  EXPECT_EQ(report.objects[0].verb, ObjectChange::Verb::Replace);
  EXPECT_EQ(report.objects[0].ref.kind, "Job");
  EXPECT_TRUE(report.objects[0].needs_approval);
  EXPECT_NE(report.objects[0].why.find("mysql-application-password"), std::string::npos);
  EXPECT_EQ(report.objects[0].waits_for, text_at(pending(cluster).at(0), {"waitsFor"}));
  EXPECT_FALSE(report.approval.empty());
}

// Before, a generated one was replaced at once by what the user's Secret had gained, whenever anything at all was not Ready.
TEST(GainedPassword, WaitsInPlaceOfTheGeneratedOne) {
  FakeCluster cluster = test::settled();
  const auto before = templates(cluster);
  const std::string job = schema_job(cluster);
  cluster.user_secret(kSecret, {"mysql-application-password"});
  cluster.break_workload("redis");
  cluster.play();
  for (int round = 0; round < 3; ++round) cluster.execute(cluster.decide());
  EXPECT_EQ(templates(cluster), before);
  EXPECT_EQ(schema_job(cluster), job);
  ASSERT_EQ(pending(cluster).size(), 1U);
  EXPECT_EQ(pending(cluster)[0]["reason"], "PasswordRotation");

  approve(cluster);
  cluster.mend_workload("redis");
  cluster.play();
  cluster.settle();
  EXPECT_TRUE(mounts(cluster, kPayment, "mysql-application-password", kSecret));
  EXPECT_TRUE(mounts(cluster, {"batch/v1", "Job", schema_job(cluster)}, "mysql-application-password", kSecret));
  EXPECT_TRUE(pending(cluster).empty()) << pending(cluster);
  EXPECT_EQ(cluster.condition("Ready")["status"], "True") << cluster.condition("Ready");
}

/// Found while Redis was away, which is mended since.
FakeCluster told_of_a_gained_password() {
  FakeCluster cluster = test::settled();
  cluster.user_secret(kSecret, {"mysql-application-password"});
  cluster.break_workload("redis");
  cluster.play();
  cluster.settle();
  cluster.mend_workload("redis");
  cluster.play();
  cluster.settle();
  return cluster;
}

TEST(GainedPassword, StaysToldWhenAllIsWellAgainSoThatItsApprovalCounts) {
  FakeCluster cluster = told_of_a_gained_password();
  EXPECT_EQ(cluster.condition("Ready")["status"], "True");
  ASSERT_EQ(pending(cluster).size(), 1U);
  approve(cluster);
  cluster.settle();
  EXPECT_TRUE(mounts(cluster, kPayment, "mysql-application-password", kSecret));
  EXPECT_TRUE(pending(cluster).empty()) << pending(cluster);
}

TEST(GainedPassword, ThatWaitsIsLookedAtAgain) {
  FakeCluster cluster = told_of_a_gained_password();
  ASSERT_EQ(pending(cluster).size(), 1U);
  EXPECT_EQ(cluster.decide().requeue_after, std::chrono::seconds(300));
  cluster.strangers.at({"v1", "Secret", kSecret})["data"].erase("mysql-application-password");
  cluster.settle();
  EXPECT_TRUE(pending(cluster).empty()) << pending(cluster);
}

// Where services are held back, the database must go on with the password that they have.
TEST(GainedPassword, WaitsWhileAKeyIsMissingThatHoldsServicesBack) {
  FakeCluster cluster = test::settled();
  const std::string job = schema_job(cluster);
  cluster.user_secret(kSecret, {"mysql-application-password"});      // and none of WeChat Pay's
  cluster.edit_spec({{"channels", {{"simulator", {{"enabled", false}}}}}});
  cluster.settle();
  EXPECT_EQ(schema_job(cluster), job);
  EXPECT_TRUE(mounts(cluster, kPayment, "mysql-application-password", "payment-generated"));
  const Object waiting = pending(cluster);
  const auto rotation = std::find_if(waiting.begin(), waiting.end(), [](const Object& one) { return one["reason"] == "PasswordRotation"; });
  ASSERT_NE(rotation, waiting.end()) << waiting;
  EXPECT_EQ(text_at(*rotation, {"waitsFor"}).rfind("key wechat-", 0), 0U) << *rotation;
}

TEST(GainedPassword, WaitsWhileAReleaseIsRolledOutStepByStep) {
  FakeCluster cluster = test::settled();
  cluster.user_secret(kSecret, {"mysql-application-password"});
  cluster.edit_spec({{"image", "localhost/payment-runtime:0.2.0"}});
  cluster.break_workload("callback-service");
  const std::string former = schema_job(cluster);
  for (int look = 0; look < 3; ++look) {      // the migration takes its time, and the former Job is gone meanwhile
    cluster.execute(cluster.decide());
    EXPECT_EQ(schema_job(cluster).find(' '), std::string::npos) << "a second Job for the same release: " << schema_job(cluster);
  }
  EXPECT_NE(schema_job(cluster), former);
  cluster.settle();
  EXPECT_TRUE(mounts(cluster, kPayment, "mysql-application-password", "payment-generated"));
  EXPECT_TRUE(mounts(cluster, {"batch/v1", "Job", schema_job(cluster)}, "mysql-application-password", "payment-generated"))
      << "the release before still logs in with it";
}

/// Windows would hold back a restart that nobody asked for; this one must not stop half-way.
TEST(GainedPassword, OnceBegunIsFinishedAfterACrashAtAnyWrite) {
  Object spec = quickstart_spec();
  spec["maintenanceWindows"] = Object::array({{{"start", "0 12 * * *"}, {"duration", "1h"}}});
  std::optional<std::map<Ref, Object>> undisturbed;
  std::size_t writes = 1;
  for (std::size_t stop = writes + 1; stop-- > 0;) {
    SCOPED_TRACE(stop);
    FakeCluster cluster = test::settled(spec);
    cluster.user_secret(kSecret, {"mysql-application-password"});
    cluster.break_workload("redis");
    cluster.play();
    cluster.execute(cluster.decide());
    cluster.execute(cluster.decide());
    approve(cluster);
    const Plan plan = cluster.decide();
    if (!undisturbed) {
      writes = plan.apply.size() + plan.remove.size();
      ASSERT_GE(writes, 5U);
      stop = writes;
    }
    cluster.execute(plan, stop);
    cluster.mend_workload("redis");
    cluster.play();
    cluster.settle();
    EXPECT_TRUE(mounts(cluster, kPayment, "mysql-application-password", kSecret));
    EXPECT_TRUE(pending(cluster).empty()) << pending(cluster);
    if (undisturbed) {
      EXPECT_EQ(essence(cluster), *undisturbed);
    } else {
      undisturbed = essence(cluster);
    }
  }
}

TEST(LostDigests, AGeneratedSecretThatWasMadeAnewRunsTheSchemaJobAndHoldsNothingBack) {
  FakeCluster cluster = with_users_passwords();
  cluster.snapshot.children.erase({"v1", "Secret", "payment-generated"});
  cluster.now += std::chrono::seconds(5);
  cluster.settle();
  EXPECT_EQ(schema_job(cluster).find(' '), std::string::npos) << schema_job(cluster);
  cluster.now += std::chrono::seconds(5);      // and once more, with other passwords in it
  Object& generated = cluster.child("v1", "Secret", "payment-generated");
  generated["data"]["mysql-password"] = "b3RoZXI=";
  generated["metadata"]["creationTimestamp"] = base::to_rfc3339(cluster.now);
  cluster.settle();
  EXPECT_TRUE(pending(cluster).empty()) << pending(cluster);
  EXPECT_EQ(cluster.condition("Ready")["status"], "True");
}

}  // namespace
}  // namespace controllers
