// spec.*.podTemplate: what a patch does to pods, and what it may not do.
#include <set>

#include <gtest/gtest.h>

#include "controllers/platform/patches.hpp"
#include "controllers/platform/testing/fake_cluster.hpp"

namespace controllers {
namespace {

using test::essence;
using test::FakeCluster;
using test::quickstart_spec;
using test::settled;

/// Paths below spec of every podTemplate that the schema has.
std::vector<std::string> patchable() {
  std::vector<std::string> found;
  const std::function<void(const crds::Schema&, const std::string&)> visit = [&](const crds::Schema& schema, const std::string& path) {
    if (!schema.contains("properties")) return;
    for (const auto& [name, field] : schema["properties"].items()) {
      if (name == "podTemplate") found.push_back(path + "/" + name);
      visit(field, path + "/" + name);
    }
  };
  visit(crds::schema_value(crds::Spec{}, crds::Bounds{}), "");
  return found;
}

std::string dotted(std::string path) {
  std::replace(path.begin(), path.end(), '/', '.');
  return "spec" + path;
}

Object with(const std::string& field, const Object& patch) {
  Object spec = quickstart_spec();
  spec[Object::json_pointer(field)] = patch;
  return spec;
}

const Object kToleration = Object::parse(R"({"spec": {"tolerations": [{"key": "pay", "operator": "Exists", "effect": "NoSchedule"}]}})");
const char* const kPayment = "/services/payment/podTemplate";

Object& template_of(Object& workload) {
  return workload["kind"] == "CronJob" ? workload["spec"]["jobTemplate"]["spec"]["template"] : workload["spec"]["template"];
}

Object& payment_pod(FakeCluster& cluster) { return template_of(cluster.child("apps/v1", "Deployment", "payment-service")); }

/// Every kind of pod patched, each with a toleration of its own.
Object all_patched() {
  Object spec = quickstart_spec();
  for (const std::string& field : patchable()) {
    spec[Object::json_pointer(field)] = {{"spec", {{"tolerations", Object::array({{{"key", dotted(field)}, {"operator", "Exists"}}})}}}};
  }
  return spec;
}

TEST(PodTemplate, OfEveryKindOfPodIsLaidOverItAndNoOther) {
  FakeCluster cluster = settled(all_patched());
  std::set<std::string> fields;
  for (auto& [ref, object] : cluster.snapshot.children) {
    if (ref.kind != "Deployment" && ref.kind != "StatefulSet" && ref.kind != "CronJob" && ref.kind != "Job") continue;
    const Object& tolerations = template_of(object)["spec"]["tolerations"];
    ASSERT_EQ(tolerations.size(), 1U) << ref.name;
    EXPECT_TRUE(fields.insert(tolerations[0]["key"]).second) << ref.name;
  }
  EXPECT_EQ(fields.size(), 8U);
  EXPECT_TRUE(cluster.decide().empty());
}

TEST(PodTemplate, BringsSidecarsVolumesLabelsAndEnvironment) {
  const Object patch = Object::parse(R"({
    "metadata": {"labels": {"team": "shop"}, "annotations": {"example.com/scrape": "yes"}},
    "spec": {"priorityClassName": "gold",
             "containers": [{"name": "log-shipper", "image": "shipper:1", "volumeMounts": [{"name": "logs", "mountPath": "/logs"}]},
                            {"name": "payment-service", "env": [{"name": "EXTRA", "value": "1"}]}],
             "volumes": [{"name": "logs", "emptyDir": {}}]}})");
  FakeCluster cluster = settled(with(kPayment, patch));
  Object& pod = payment_pod(cluster);
  EXPECT_EQ(pod["metadata"]["labels"]["team"], "shop");
  EXPECT_EQ(pod["spec"]["priorityClassName"], "gold");
  ASSERT_EQ(pod["spec"]["containers"].size(), 2U);
  EXPECT_EQ(pod["spec"]["containers"][1]["name"], "payment-service");
  EXPECT_EQ(pod["spec"]["containers"][1]["image"], "localhost/payment-runtime:0.1.0");
  EXPECT_EQ(pod["spec"]["containers"][1]["env"][0]["name"], "EXTRA");
  EXPECT_EQ(cluster.platform["status"]["version"], "0.1.0") << "a container before ours is not taken for ours";
}

TEST(PodTemplate, ThatChangesNothingRestartsNothing) {
  FakeCluster cluster = settled();
  cluster.edit_spec({{"services", {{"payment", {{"podTemplate", Object::parse(R"({"spec": {"restartPolicy": "Always"}})")}}}}}});
  for (const Apply& apply : cluster.decide().apply) EXPECT_EQ(apply.reason.find("pods restart"), std::string::npos) << apply.reason;
}

TEST(PodTemplate, ThePlanNamesTheFieldAndThatPodsRestart) {
  FakeCluster cluster = settled();
  cluster.edit_spec({{"services", {{"payment", {{"podTemplate", Object::parse(R"({"spec": {"priorityClassName": "gold"}})")}}}}}});
  const Plan plan = cluster.decide();
  ASSERT_EQ(plan.apply.size(), 1U);
  EXPECT_EQ(plan.apply[0].reason.rfind("spec.template.spec.priorityClassName (none) -> gold, ", 0), 0U) << plan.apply[0].reason;
  EXPECT_TRUE(plan.apply[0].reason.ends_with("; pods restart")) << plan.apply[0].reason;
}

TEST(PodTemplate, ThatIsTakenOutLeavesNothingBehind) {
  FakeCluster cluster = settled(all_patched());
  cluster.platform["spec"] = quickstart_spec();
  cluster.edit_spec(Object::object());
  cluster.settle();
  EXPECT_EQ(essence(cluster), essence(settled()));
}

// The items of an atomic list carry defaults of the API server, so that a member that went cannot be seen by comparing.
TEST(PodTemplate, FromOneToAnotherEqualsTheOtherAfresh) {
  const Object after = Object::parse(R"({"spec": {"tolerations": [{"key": "pay", "operator": "Exists"}]}})");
  FakeCluster cluster = settled(with(kPayment, kToleration));
  cluster.platform["spec"] = with(kPayment, after);
  cluster.edit_spec(Object::object());
  const Plan plan = cluster.decide();
  ASSERT_EQ(plan.apply.size(), 1U);
  EXPECT_NE(plan.apply[0].reason.find("pods restart"), std::string::npos) << plan.apply[0].reason;
  cluster.settle();
  EXPECT_EQ(essence(cluster), essence(settled(with(kPayment, after))));
}

TEST(PodTemplate, DriftInAPatchedFieldIsPutRight) {
  FakeCluster cluster = settled(with(kPayment, Object::parse(R"({"spec": {"priorityClassName": "gold"}})")));
  const auto before = essence(cluster);
  payment_pod(cluster)["spec"]["priorityClassName"] = "lead";
  EXPECT_EQ(cluster.decide().apply.size(), 1U);
  cluster.settle();
  EXPECT_EQ(essence(cluster), before);
}

TEST(PodTemplate, OfTheSchemaJobIsAnotherJob) {
  FakeCluster cluster = settled();
  const auto job = [&] {
    std::string name;
    for (const auto& [ref, object] : cluster.snapshot.children) name = ref.kind == "Job" ? ref.name : name;
    return name;
  };
  const std::string before = job();
  cluster.edit_spec({{"database", {{"schema", {{"podTemplate", kToleration}}}}}});
  cluster.settle();
  EXPECT_NE(job(), before);
  EXPECT_EQ(cluster.condition("Ready")["status"], "True");
}

struct Taken {
  const char* patch;
  const char* path;
};

class TakesAway : public testing::TestWithParam<Taken> {};

TEST_P(TakesAway, WhatTheOperatorStandsOnIsRefusedAndNothingIsWritten) {
  FakeCluster cluster(with(kPayment, Object::parse(GetParam().patch)));
  const Plan plan = cluster.decide();
  EXPECT_TRUE(plan.apply.empty() && plan.generate.empty() && plan.scale.empty() && plan.remove.empty());
  cluster.execute(plan);
  EXPECT_EQ(cluster.condition("Stalled")["reason"], "InvalidSpec");
  const std::string message = cluster.condition("Stalled").value("message", "");
  EXPECT_EQ(message.rfind("spec.services.payment.podTemplate." + std::string(GetParam().path) + " ", 0), 0U) << message;
  EXPECT_TRUE(cluster.decide().empty());
}

INSTANTIATE_TEST_SUITE_P(
    All, TakesAway,
    testing::Values(
        Taken{R"({"metadata": {"labels": {"app": "x"}}})", "metadata.labels.app"},
        Taken{R"({"metadata": {"labels": {"app.kubernetes.io/instance": null}}})", "metadata.labels.app.kubernetes.io/instance"},
        Taken{R"({"metadata": {"labels": {"$patch": "replace", "app": "payment-service", "app.kubernetes.io/instance": "quickstart"}}})",
              "metadata.labels.app.kubernetes.io/managed-by"},
        Taken{R"({"metadata": {"annotations": {"$patch": "delete"}}})", "metadata.annotations"},
        Taken{R"({"metadata": {"annotations": {"paymentplatform.io/config-hash": "0"}}})",
              "metadata.annotations.paymentplatform.io/config-hash"},
        Taken{R"({"spec": {"containers": [{"name": "payment-service", "$patch": "delete"}]}})", "spec.containers[name=payment-service]"},
        Taken{R"({"spec": {"containers": [{"$patch": "replace"}, {"name": "x", "image": "y"}]}})", "spec.containers[name=payment-service]"},
        Taken{R"({"spec": {"containers": [{"name": "payment-service", "image": "evil:1"}]}})",
              "spec.containers[name=payment-service].image"},
        Taken{R"({"spec": {"initContainers": null}})", "spec.initContainers"},
        Taken{R"({"spec": {"initContainers": [{"name": "wait-for-schema", "image": "evil:1"}]}})",
              "spec.initContainers[name=wait-for-schema].image"},
        Taken{
            R"({"spec": {"containers": [{"name": "payment-service", "volumeMounts": [{"mountPath": "/etc/payment/secrets", "name": "x"}]}]}})",
            "spec.containers[name=payment-service].volumeMounts[mountPath=/etc/payment/secrets].name"},
        Taken{R"({"spec": {"volumes": [{"name": "secrets", "$patch": "delete"}]}})", "spec.volumes[name=secrets]"},
        Taken{R"({"spec": {"volumes": [{"name": "secrets", "projected": {"defaultMode": 511}}]}})", "spec.volumes[name=secrets]"},
        Taken{R"({"spec": {"volumes": [{"name": "config", "configMap": {"optional": true}}]}})", "spec.volumes[name=config]"},
        Taken{R"({"spec": {"automountServiceAccountToken": true}})", "spec.automountServiceAccountToken"},
        Taken{R"({"spec": {"automountServiceAccountToken": null, "serviceAccountName": "mine"}})", "spec.automountServiceAccountToken"},
        Taken{R"({"spec": {"restartPolicy": "Never"}})", "spec.restartPolicy"}, Taken{R"({"spec": {"$patch": "delete"}})", "spec"},
        Taken{R"({"spec": {"containers": [{"image": "x"}]}})", "spec.containers[0]"},
        Taken{R"({"spec": {"$setElementOrder/containers": []}})", "spec.$setElementOrder/containers"},
        Taken{R"({"metadata": {"name": "x"}})", "metadata.name"}, Taken{R"({"replicas": 3})", "replicas"}));

TEST(PodTemplate, ThatIsWrongIsRefusedWhereverItStands) {
  for (const std::string& field : patchable()) {
    FakeCluster cluster(with(field, Object::parse(R"({"spec": {"restartPolicy": "Sometimes"}})")));
    cluster.execute(cluster.decide());
    const std::string message = cluster.condition("Stalled").value("message", "");
    EXPECT_EQ(message.rfind(dotted(field) + ".spec.restartPolicy must stay", 0), 0U) << message;
  }
}

TEST(PodTemplate, OfARunningPlatformThatIsWrongLeavesEverythingAsItIs) {
  FakeCluster cluster = settled();
  const auto before = essence(cluster);
  cluster.edit_spec({{"services", {{"payment", {{"podTemplate", Object::parse(R"({"spec": {"volumes": [{"$patch": "replace"}]}})")}}}}}});
  cluster.settle();
  EXPECT_EQ(cluster.condition("Stalled")["reason"], "InvalidSpec");
  EXPECT_EQ(essence(cluster), before);
  cluster.edit_spec({{"services", nullptr}});      // and it heals without help
  cluster.settle();
  EXPECT_EQ(cluster.condition("Ready")["status"], "True");
}

// Which keys are the user's is read back from the pods; a Secret that a patch mounts says nothing about that.
TEST(PodTemplate, WithASecretOfTheUsersOwnDoesNotChangeWhereKeysComeFrom) {
  const Object patch = Object::parse(R"({"spec": {"volumes": [{"name": "mine", "projected": {"sources": [
    {"secret": {"name": "mine", "items": [{"key": "mysql-application-password", "path": "x"}]}}]}}]}})");
  FakeCluster cluster = settled(with("/services/callback/podTemplate", patch));
  cluster.edit_spec({{"services", {{"payment", {{"logLevel", "debug"}}}}}});
  cluster.settle();
  EXPECT_EQ(payment_pod(cluster)["spec"]["volumes"].dump().find("mine"), std::string::npos);
  EXPECT_EQ(cluster.condition("Ready")["status"], "True") << cluster.condition("Ready");
}

}  // namespace
}  // namespace controllers
