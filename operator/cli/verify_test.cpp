#include "operator/cli/testing.hpp"

namespace cli {
namespace {

using ::testing::HasSubstr;
using testing::json;
using testing::Object;

class Verify : public testing::CliTest {
 protected:
  controllers::test::FakeCluster fake = settled(limited_spec());

  /// The database with a memory limit, as the checklist wants it.
  static Object limited_spec() {
    Object spec = controllers::test::quickstart_spec();
    spec["database"]["managed"]["resources"] = {{"requests", {{"cpu", "50m"}, {"memory", "256Mi"}}}, {"limits", {{"memory", "768Mi"}}}};
    return spec;
  }

  void SetUp() override {
    for (auto& [ref, object] : fake.snapshot.children) {
      if (ref.kind == "Service") add_endpoints(ref.name);
      if (ref.kind == "HorizontalPodAutoscaler") {
        object["status"] = {{"currentReplicas", 3},
                            {"desiredReplicas", 3},
                            {"conditions", Object::array({{{"type", "ScalingActive"}, {"status", "True"}}})}};
      }
    }
    server.answer("GET /version", 200, {{"gitVersion", "v1.36.3"}});
    server.answer("GET /apis/storage.k8s.io/v1/storageclasses", 200, {{"items", json::array({{{"metadata", {{"name", "standard"}}}}})}});
    server.answer("GET /apis/networking.k8s.io/v1/ingressclasses", 200, {{"items", json::array({{{"metadata", {{"name", "nginx"}}}}})}});
    for (const char* service : {"payment-service:8087", "callback-service:8089", "reconciliation-service:8091"}) {
      server.answer(proxy(service) + "/actuator/health", 200, {{"status", "UP"}, {"components", {{"database", {{"status", "UP"}}}}}});
    }
  }

  static std::string proxy(const std::string& service) { return "GET /api/v1/namespaces/payment/services/" + service + "/proxy"; }

  void add_endpoints(const std::string& service) {
    slices.push_back({{"metadata", {{"labels", {{"kubernetes.io/service-name", service}}}}},
                      {"endpoints", json::array({{{"conditions", {{"ready", true}}}}})}});
    server.answer("GET /apis/discovery.k8s.io/v1/namespaces/payment/endpointslices", 200, {{"items", slices}});
  }

  int verify(std::vector<std::string> more = {}) {
    put_all(fake);
    std::vector<std::string> words = {"verify"};
    words.insert(words.end(), more.begin(), more.end());
    return run(words);
  }
  /// Lines of this result, by their text.
  std::map<std::string, json> lines(const std::string& result, std::vector<std::string> more = {}) {
    more.insert(more.end(), {"-o", "json"});
    verify(more);
    std::map<std::string, json> found;
    const json answer = json::parse(out.str());
    for (const json& line : answer["lines"]) {
      if (line["result"] == result) found.emplace(line["line"], line);
    }
    return found;
  }

  json slices = json::array();
};

TEST_F(Verify, AHealthyPlatformPassesEveryLineThatCanBeJudged) {
  EXPECT_EQ(verify(), kExitDone) << out.str() << err.str();
  expect_golden("verify-healthy.txt");
}

TEST_F(Verify, BriefLeavesOutWhatIsSkipped) {
  EXPECT_EQ(verify({"--brief"}), kExitDone);
  EXPECT_EQ(out.str().find("  skipped "), std::string::npos);
  EXPECT_THAT(out.str(), HasSubstr("0 failed"));
  for (const char* format : {"json", "yaml"}) {
    EXPECT_EQ(verify({"--brief", "-o", format}), kExitDone);
    EXPECT_EQ(out.str().find("result: skipped"), std::string::npos);
    EXPECT_EQ(out.str().find("\"result\": \"skipped\""), std::string::npos);
    EXPECT_THAT(out.str(), HasSubstr("skipped")) << "the summary counts them";
  }
}

TEST_F(Verify, AContainerWithoutAMemoryLimitFailsUnlessItLimitsItself) {
  const char* line = "CPU and memory are asked for, memory is limited";
  EXPECT_THAT(lines("ok").at(line)["evidence"].get<std::string>(), HasSubstr("but for redis, which keeps to its maxmemory of "));
  fake.child("apps/v1", "StatefulSet", "mysql")["spec"]["template"]["spec"]["containers"][0]["resources"].erase("limits");
  const auto failed = lines("failed");
  ASSERT_TRUE(failed.count(line));
  EXPECT_EQ(failed.at(line)["evidence"], "container mysql of StatefulSet mysql has no memory limit");
}

TEST_F(Verify, AVolumeSaysWhatItHasAndWhatTheSpecAsksFor) {
  Object& claim = fake.child("v1", "PersistentVolumeClaim", "data-mysql-0");
  fake.platform["spec"]["database"]["managed"]["storage"]["size"] = "1Gi";
  claim["status"]["capacity"]["storage"] = "20Gi";
  EXPECT_THAT(lines("ok").at("the volume is there")["evidence"].get<std::string>(),
              HasSubstr("its volume has 20Gi, the spec asks for 1Gi"));
  claim["status"]["capacity"]["storage"] = "500Mi";
  EXPECT_EQ(lines("failed").count("the volume is there"), 1U);
}

TEST_F(Verify, ABrokenDatabaseFailsItsLinesWithEvidenceAndNextStep) {
  fake.break_workload("mysql");
  fake.settle();
  server.answer(
      proxy("payment-service:8087") + "/actuator/health", 503,
      {{"status", "DOWN"}, {"components", {{"database", {{"status", "DOWN"}, {"details", {{"problem", "connection refused"}}}}}}}});
  EXPECT_EQ(verify(), kExitDifferent);
  const auto failed = lines("failed");
  ASSERT_TRUE(failed.count("MySQL is ready"));
  EXPECT_THAT(failed.at("MySQL is ready")["evidence"].get<std::string>(), HasSubstr("DatabaseReady=False"));
  EXPECT_FALSE(failed.at("MySQL is ready")["next"].get<std::string>().empty());
  EXPECT_THAT(failed.at("the services reach the database")["evidence"].get<std::string>(), HasSubstr("connection refused"));
  EXPECT_THAT(failed.at("the payment service is healthy")["evidence"].get<std::string>(), HasSubstr("503 DOWN"));
}

TEST_F(Verify, PodsThatCrashOrWereKilledFailTheirLines) {
  Object& pod = fake.child("v1", "Pod", "redis-a");
  pod["status"]["phase"] = "Failed";
  pod["status"]["containerStatuses"] =
      Object::array({{{"name", "redis"}, {"ready", false}, {"state", {{"terminated", {{"exitCode", 137}, {"reason", "OOMKilled"}}}}}}});
  const auto failed = lines("failed");
  for (const char* line :
       {"all pods are Running or Completed", "no pod is in CrashLoopBackOff or Error", "no pod was killed for lack of memory"}) {
    ASSERT_TRUE(failed.count(line)) << line;
    EXPECT_THAT(failed.at(line)["evidence"].get<std::string>(), HasSubstr("redis")) << line;
  }
}

TEST_F(Verify, AServiceWithoutEndpointsFails) {
  slices.erase(0);
  server.answer("GET /apis/discovery.k8s.io/v1/namespaces/payment/endpointslices", 200, {{"items", slices}});
  EXPECT_EQ(lines("failed").count("every Service has its endpoints"), 1U);
}

TEST_F(Verify, WhatMayNotBeSeenIsSkippedWithTheReason) {
  server.answer("GET /apis/discovery.k8s.io/v1/namespaces/payment/endpointslices", 403,
                {{"kind", "Status"}, {"reason", "Forbidden"}, {"message", "cannot list endpointslices"}});
  const auto skipped = lines("skipped");
  EXPECT_THAT(skipped.at("every Service has its endpoints")["evidence"].get<std::string>(), HasSubstr("you may not list EndpointSlices"));
}

TEST_F(Verify, ByAUserWhoSeesNoSecretsAndReachesNoServiceTheOtherLinesAreJudged) {
  const auto forbid = [&](const std::string& words) {
    server.answer(words, 403, {{"kind", "Status"}, {"reason", "Forbidden"}, {"message", "no"}});
  };
  forbid("GET /api/v1/namespaces/payment/secrets");
  for (const char* service : {"payment-service:8087", "callback-service:8089", "reconciliation-service:8091"}) {
    forbid(proxy(service) + "/actuator/health");
  }
  EXPECT_EQ(verify(), kExitDone) << out.str() << err.str();
  EXPECT_EQ(lines("ok").count("all pods are Running or Completed"), 1U);
  EXPECT_THAT(lines("skipped").at("the payment service is healthy")["evidence"].get<std::string>(), HasSubstr("you may not ask"));

  forbid("GET /api/v1/namespaces/payment/pods");
  EXPECT_EQ(verify(), kExitDone) << out.str() << err.str();
  EXPECT_THAT(lines("skipped").at("all pods are Running or Completed")["evidence"].get<std::string>(),
              HasSubstr("you may not list pods in namespace payment"));
  server.answer("GET /api/v1/namespaces/payment/pods", 500, {{"kind", "Status"}, {"message", "broken"}});
  EXPECT_EQ(verify(), kExitError) << "what is broken is no matter of rights";
}

TEST_F(Verify, NextStepsCanBeCopied) {
  slices.erase(0);
  server.answer("GET /apis/discovery.k8s.io/v1/namespaces/payment/endpointslices", 200, {{"items", slices}});
  EXPECT_EQ(lines("failed", {"--context", "east"}).at("every Service has its endpoints")["next"],
            "see kubectl payment status -n payment --context east");
}

TEST_F(Verify, NothingIsPaidUnasked) {
  EXPECT_EQ(verify(), kExitDone);
  EXPECT_TRUE(server.memory.writes.empty());
  EXPECT_THAT(lines("skipped").at("a payment can be created")["evidence"].get<std::string>(), HasSubstr("--payments was not given"));
}

TEST_F(Verify, AskedForOnePaymentTriesItTwiceAndFailsWhenBothAreTaken) {
  const std::string create = "POST /api/v1/namespaces/payment/services/payment-service:8086/proxy/api/payment/create";
  int asked = 0;
  server.asked = [&](const kube::Request& request) {
    if (request.path.find("/api/payment/create") == std::string::npos) return;
    if (++asked % 2 == 1) {
      server.answer(create, 200, {{"code", 0}, {"data", {{"paymentNo", "P1"}}}});
    } else {
      server.answer(create, 409, {{"code", 40901}, {"message", "duplicate payment request"}});
    }
  };
  server.answer(proxy("payment-service:8086") + "/api/payment/query/", 200, {{"code", 0}, {"data", {{"state", "AWAITING_PAYER"}}}});
  EXPECT_EQ(verify({"--payments"}), kExitDone) << out.str();
  EXPECT_EQ(asked, 2);
  const auto fine = lines("ok", {"--payments"});
  EXPECT_EQ(fine.count("the same request again is refused"), 1U);
  EXPECT_THAT(fine.at("a payment can be queried")["evidence"].get<std::string>(), HasSubstr("AWAITING_PAYER"));

  server.asked = [](const kube::Request&) {};
  server.answer(create, 200, {{"code", 0}, {"data", {{"paymentNo", "P1"}}}});
  EXPECT_EQ(verify({"--payments"}), kExitDifferent);
  EXPECT_EQ(lines("failed", {"--payments"}).count("the same request again is refused"), 1U);
}

TEST_F(Verify, NeverPaysAtARealChannel) {
  fake.platform["spec"]["channels"]["simulator"]["enabled"] = false;
  verify({"--payments"});
  EXPECT_TRUE(server.memory.writes.empty());
  EXPECT_THAT(lines("skipped", {"--payments"}).at("a first request succeeds")["evidence"].get<std::string>(),
              HasSubstr("no order is placed at a real channel"));
}

TEST_F(Verify, PaysNothingWhileWhatRunsMayBeOfAnotherSpec) {
  const Object ready = fake.platform;
  const auto expect_unpaid = [&](const char* why) {
    verify({"--payments"});
    EXPECT_TRUE(server.memory.writes.empty()) << why;
    EXPECT_THAT(lines("skipped", {"--payments"}).at("a first request succeeds")["evidence"].get<std::string>(),
                HasSubstr("what runs may still be of another spec"))
        << why;
    fake.platform = ready;
  };
  fake.platform["metadata"]["generation"] = 2;      // edited, and the operator has not looked yet
  expect_unpaid("edited");
  fake.platform["spec"]["paused"] = true;
  expect_unpaid("paused");
  fake.platform["status"]["pendingChanges"] = Object::array({{{"component", "Deployment payment-service"}}});
  expect_unpaid("pending");
}

TEST_F(Verify, AServiceThatAnswersInAnotherShapeIsNotHealthy) {
  server.answer(proxy("payment-service:8087") + "/actuator/health", 200, {{"kind", 7}, {"status", json::array()}});
  EXPECT_EQ(lines("failed").count("the payment service is healthy"), 1U) << out.str() << err.str();
}

}  // namespace
}  // namespace cli
