// The list of reasons is closed from both sides: docs/reference/conditions.md explains every reason that there is and no other (and stands
// in every FakeCluster for what a status says), and each of them is told of some platform.
#include <functional>

#include <gtest/gtest.h>

#include "controllers/component/reason.hpp"
#include "controllers/platform/gates.hpp"
#include "controllers/platform/testing/explained.hpp"
#include "controllers/platform/testing/fake_cluster.hpp"

namespace controllers {
namespace {

using test::FakeCluster;
using test::settled;

TEST(Reasons, AreTheClosedListOfThePage) {
  std::set<std::string> known;
  for (std::size_t i = 0; i < kReasons; ++i) known.insert(name_of(static_cast<Reason>(i)));
  EXPECT_EQ(known.size(), kReasons) << "each has a name of its own";
  std::set<std::string> explained;
  for (const auto& [reason, places] : test::explained_reasons()) explained.insert(reason);
  EXPECT_EQ(explained, known);
}

/// What happens to a platform that is well.
using Trouble = std::function<void(FakeCluster&)>;

Object* schema_job(FakeCluster& cluster) {
  for (auto& [ref, object] : cluster.snapshot.children) {
    if (ref.kind == "Job") return &object;
  }
  return nullptr;
}

Trouble breaks(const std::string& workload) {
  return [workload](FakeCluster& cluster) {
    cluster.break_workload(workload);
    cluster.play();
  };
}

Trouble loses(const char* kind, const std::string& name) {
  return [kind, name](FakeCluster& cluster) { cluster.snapshot.children.erase({"apps/v1", kind, name}); };
}

/// A pod of redis in this state.
Trouble pod(const Object& status) {
  return [status](FakeCluster& cluster) {
    breaks("redis")(cluster);
    cluster.add_pod("redis-0", "redis", status);
  };
}

Trouble container(const Object& state) {
  return pod({{"containerStatuses", Object::array({{{"name", "redis"}, {"ready", false}, {"state", state}}})}});
}

Trouble spec(const Object& edit) {
  return [edit](FakeCluster& cluster) { cluster.edit_spec(edit); };
}

Trouble job(const Object& status) {
  return [status](FakeCluster& cluster) {
    cluster.break_workload(object::name_of(*schema_job(cluster)));
    (*schema_job(cluster))["status"] = status;
  };
}

Object condition(const char* type, const Object& more = Object::object()) {
  Object condition = {{"type", type}, {"status", "True"}};
  condition.update(more);
  return {{"conditions", Object::array({condition})}};
}

void by_the_operator_that_renders_otherwise(FakeCluster& cluster) {
  cluster.child("apps/v1", "StatefulSet", "mysql")["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] = 7;
}

void password_of_the_user_changes(FakeCluster& cluster) {
  cluster.user_secret("payment-service-secret", {"mysql-application-password"}, "bmV3");
  cluster.edit_spec({{"ingress", {{"annotations", {{"a", "b"}}}}}});
}

void claim_is_not_bound(FakeCluster& cluster) {
  breaks("mysql")(cluster);
  Object& claim = cluster.child("v1", "PersistentVolumeClaim", "data-mysql-0");
  claim["status"]["phase"] = "Pending";
  claim["spec"].erase("volumeName");
  cluster.break_workload("data-mysql-0");
  cluster.now += std::chrono::minutes(1);
}

const std::map<Reason, Trouble>& troubles() {
  static const std::map<Reason, Trouble> kTroubles = {
      {Reason::Paused, spec({{"paused", true}, {"services", {{"payment", {{"logLevel", "debug"}}}}}})},
      {Reason::InvalidSpec, spec({{"services", {{"payment", {{"replicas", -1}}}}}})},
      {Reason::NamePrefixNotServed, spec({{"namePrefix", "shop-"}})},
      {Reason::SecretIncomplete, spec({{"channels", {{"simulator", {{"enabled", false}}}}}})},
      {Reason::DataAtRisk, spec({{"database", {{"managed", {{"image", "mysql:8.4"}}}}}})},
      {Reason::Release, spec({{"image", "localhost/payment-runtime:0.2.0"}})},
      {Reason::Restart, by_the_operator_that_renders_otherwise},
      {Reason::PasswordRotation, password_of_the_user_changes},
      {Reason::NameConflict,
       [](FakeCluster& c) {
         c.child("apps/v1", "Deployment", "redis")["metadata"]["ownerReferences"] = Object::array(
             {{{"apiVersion", "apps.example.com/v1"}, {"kind", "App"}, {"name", "other"}, {"uid", "other"}, {"controller", true}}});
       }},
      {Reason::SecretLost, [](FakeCluster& c) { c.snapshot.children.erase({"v1", "Secret", "payment-generated"}); }},
      {Reason::NewerOperator,
       [](FakeCluster& c) { c.child("v1", "Service", "mysql")["metadata"]["annotations"][kLayout] = std::to_string(kLayoutNow + 1); }},
      {Reason::ObjectRefused,
       [](FakeCluster& c) {
         c.edit_spec({{"reconciliation", {{"schedule", "@daily"}}}});
         c.snapshot.refused[{"batch/v1", "CronJob", "reconciliation-cronjob"}] = "quota exceeded";
       }},
      {Reason::LoopDetected,
       [](FakeCluster& c) { c.snapshot.fought[{"apps/v1", "Deployment", "redis"}] = {"spec.strategy.type", "kubectl-edit"}; }},
      {Reason::WaitingForDatabase,
       [](FakeCluster& c) {
         job(Object::object())(c);
         breaks("mysql")(c);
       }},
      {Reason::DatabaseStarting, breaks("mysql")},
      {Reason::CacheProgressing, breaks("redis")},
      {Reason::ServicesProgressing, breaks("payment-service")},
      {Reason::SimulatorCreating, loses("Deployment", "channel-simulator")},
      {Reason::SimulatorProgressing, breaks("channel-simulator")},
      {Reason::SchemaMigrating, job(Object::object())},
      {Reason::SchemaFailed, job(condition("Failed", {{"message", "backoff limit"}}))},
      {Reason::StorageUnavailable, claim_is_not_bound},
      {Reason::ImageUnavailable, container({{"waiting", {{"reason", "ImagePullBackOff"}}}})},
      {Reason::ContainerInvalid, container({{"waiting", {{"reason", "CreateContainerConfigError"}}}})},
      {Reason::ContainerFailing, container({{"waiting", {{"reason", "CrashLoopBackOff"}}}})},
      {Reason::Unschedulable, pod({{"conditions", Object::array({{{"type", "PodScheduled"}, {"status", "False"}}})}})},
      {Reason::PodsRefused,
       [](FakeCluster& c) {
         breaks("redis")(c);
         c.child("apps/v1", "Deployment", "redis")["status"].update(condition("ReplicaFailure"));
       }},
  };
  return kTroubles;
}

TEST(Reasons, AreEachToldOfSomePlatform) {
  const FakeCluster well = settled();
  std::set<std::string> told = well.reasons;
  for (const auto& [reason, trouble] : troubles()) {
    FakeCluster cluster = well;
    trouble(cluster);
    cluster.execute(cluster.decide());
    EXPECT_TRUE(cluster.reasons.contains(name_of(reason))) << name_of(reason) << " is not told; " << cluster.platform["status"];
    EXPECT_FALSE(well.reasons.contains(name_of(reason))) << name_of(reason) << " is told without trouble";
    told.insert(cluster.reasons.begin(), cluster.reasons.end());
  }
  for (const auto& [reason, places] : test::explained_reasons()) EXPECT_TRUE(told.contains(reason)) << reason << " is never told";
}

}  // namespace
}  // namespace controllers
