// What holds for every object that we make.
#include <gtest/gtest.h>

#include "controllers/component/objects.hpp"
#include "controllers/platform/example.hpp"
#include "controllers/platform/testing/fake_cluster.hpp"

namespace controllers {
namespace {

std::vector<Object> all_objects() {
  std::vector<Object> objects;
  for (const char* name : {"quickstart", "production"}) {
    test::FakeCluster cluster(test::example(name)["spec"]);
    cluster.user_secret("payment-service-secret",
                        {"mysql-password", "wechat-app-id", "wechat-mch-id", "wechat-private-key", "wechat-merchant-serial-no",
                         "wechat-api-v3-key", "wechat-public-key", "wechat-public-key-id"});
    cluster.settle();
    for (const auto& [ref, object] : cluster.snapshot.children) objects.push_back(object);
  }
  return objects;
}

const Object* pod_spec_of(const Object& object) {
  const Object* spec = object::dig(object, {"spec", "template", "spec"});
  return spec != nullptr ? spec : object::dig(object, {"spec", "jobTemplate", "spec", "template", "spec"});
}

TEST(EveryPod, MeetsTheRestrictedProfile) {
  std::size_t pods = 0;
  for (const Object& object : all_objects()) {
    const Object* pod = pod_spec_of(object);
    if (pod == nullptr) continue;
    ++pods;
    SCOPED_TRACE(object::name_of(object));
    EXPECT_TRUE(object::truth_at(*pod, {"securityContext", "runAsNonRoot"}));
    EXPECT_GT(object::number_at(*pod, {"securityContext", "runAsUser"}), 0);
    EXPECT_EQ(object::text_at(*pod, {"securityContext", "seccompProfile", "type"}), "RuntimeDefault");
    EXPECT_EQ((*pod)["automountServiceAccountToken"], false);
    for (const char* list : {"containers", "initContainers"}) {
      for (const Object& container : object::list_at(*pod, {list})) {
        EXPECT_EQ(container["securityContext"]["allowPrivilegeEscalation"], false);
        EXPECT_EQ(container["securityContext"]["readOnlyRootFilesystem"], true);
        EXPECT_EQ(container["securityContext"]["capabilities"]["drop"], Object::array({"ALL"}));
      }
    }
    for (const Object& volume : object::list_at(*pod, {"volumes"})) EXPECT_FALSE(volume.contains("hostPath"));
  }
  EXPECT_GE(pods, 14U);
}

TEST(EveryPod, GetsSecretsAsFilesAndOnlyThoseThatItNeeds) {
  for (const Object& object : all_objects()) {
    const Object* pod = pod_spec_of(object);
    if (pod == nullptr) continue;
    const std::string text = pod->dump();
    SCOPED_TRACE(object::name_of(object));
    EXPECT_EQ(text.find("secretKeyRef"), std::string::npos);
    EXPECT_EQ(text.find("secretRef"), std::string::npos);
    const bool runs_as_root_of_database = object::name_of(object) == "mysql" || object::name_of(object).rfind("schema-", 0) == 0;
    EXPECT_EQ(text.find(R"("key":"mysql-password")") != std::string::npos, runs_as_root_of_database);
    const bool simulator = object::name_of(object) == "channel-simulator";
    EXPECT_EQ(text.find("simulator-wechat-private-key") != std::string::npos, simulator);
    if (simulator) {
      EXPECT_EQ(text.find(R"("key":"wechat-private-key")"), std::string::npos);
    }
  }
}

TEST(EveryObject, CarriesLabelsAndSelectsByInstance) {
  for (const Object& object : all_objects()) {
    SCOPED_TRACE(object::name_of(object));
    for (const char* label : {"app", "app.kubernetes.io/name", "app.kubernetes.io/component", "app.kubernetes.io/part-of"}) {
      EXPECT_NE(object::label_of(object, label), "") << label;
    }
    EXPECT_EQ(object::label_of(object, kManagedByLabel), kManagedBy);
    EXPECT_EQ(object::label_of(object, kInstanceLabel), "quickstart");
    const Object* selector = object::dig(object, {"spec", "selector"});
    if (selector == nullptr) continue;
    EXPECT_NE(selector->dump().find(R"("app.kubernetes.io/instance":"quickstart")"), std::string::npos);
  }
}

TEST(Ingress, LeadsToPaymentsAndCallbacksAndNowhereElse) {
  std::set<std::string> paths;
  for (const Object& object : all_objects()) {
    if (object["kind"] != "Ingress") continue;
    for (const Object& path : object["spec"]["rules"][0]["http"]["paths"]) {
      paths.insert(path["path"].get<std::string>() + " " + path["backend"]["service"]["name"].get<std::string>());
    }
  }
  EXPECT_EQ(paths, (std::set<std::string>{"/api/payment payment-service", "/api/callback callback-service"}));
}

TEST(Ports, AreThoseOfTheDocuments) {
  std::map<std::string, std::set<int>> ports;
  for (const Object& object : all_objects()) {
    if (object["kind"] != "Service") continue;
    for (const Object& port : object["spec"]["ports"]) ports[object::name_of(object)].insert(port["port"].get<int>());
  }
  const std::map<std::string, std::set<int>> expected = {{"mysql", {3306}},
                                                         {"redis", {6379}},
                                                         {"payment-service", {8086, 8087}},
                                                         {"payment-gateway", {40003}},
                                                         {"callback-service", {8088, 8089}},
                                                         {"reconciliation-service", {8090, 8091, 40020}},
                                                         {"channel-simulator", {9200}}};
  EXPECT_EQ(ports, expected);
}

TEST(ReconciliationJob, HasItsWholeTimeEvenWhenImageAndSchemaAreSlowToCome) {
  constexpr std::int64_t kWaitForSchema = 600;      // then payment-runtime wait gives up
  test::FakeCluster cluster(Object{{"reconciliation", {{"timeoutSeconds", 900}}}});
  cluster.settle();
  const Object& job = cluster.child("batch/v1", "CronJob", "reconciliation-cronjob")["spec"]["jobTemplate"]["spec"];
  EXPECT_GE(object::number_at(job, {"activeDeadlineSeconds"}), 900 + kWaitForSchema + 60);
  const std::string config = cluster.child("v1", "ConfigMap", "reconciliation-service")["data"]["runtime.yaml"];
  EXPECT_NE(config.find("timeoutSeconds: 900\n"), std::string::npos) << "the run keeps to the time itself: " << config;
}

TEST(Quickstart, FitsTwoCores) {
  test::FakeCluster cluster(test::example("quickstart")["spec"]);
  cluster.settle();
  std::int64_t millis = 0;
  for (const auto& [ref, object] : cluster.snapshot.children) {
    const Object* pod = pod_spec_of(object);
    if (pod == nullptr) continue;
    const std::string cpu = object::text_at((*pod)["containers"][0], {"resources", "requests", "cpu"});
    ASSERT_EQ(cpu.back(), 'm') << ref.name;
    millis += std::stoll(cpu) * object::number_at(object, {"spec", "replicas"}, 1);
  }
  EXPECT_LE(millis, 500);
}

}  // namespace
}  // namespace controllers
