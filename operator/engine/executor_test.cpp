#include "operator/engine/executor.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "operator/engine/testing.hpp"

namespace engine {
namespace {

using controllers::Object;
using controllers::Plan;
using nlohmann::json;

class ExecutorTest : public ::testing::Test {
 protected:
  static Object object(const std::string& kind, const std::string& name) {
    return {{"apiVersion", kind == "Deployment" ? "apps/v1" : "v1"}, {"kind", kind}, {"metadata", {{"name", name}}}};
  }
  void execute(Plan plan) {
    executor.execute(
        {{"pay", "shop"}, "u-shop", "9", finalizers}, std::move(plan), [this] { return wanted; },
        [this](Outcome o) { outcome = std::move(o); });
    loop.settle();
  }
  /// Answers the oldest request with success, and says which it was.
  std::string succeed(const std::string& uid = "u1") {
    auto call = transport.take();
    const std::string what = call.request.method + " " + call.request.path.substr(0, call.request.path.find('?'));
    transport.answer(std::move(call),
                     kube::Response{200, json{{"metadata", {{"uid", uid}, {"resourceVersion", "50"}}}}.dump(), std::nullopt});
    return what;
  }
  void refuse() { transport.answer(422, R"({"kind":"Status","reason":"Invalid","message":"no"})"); }

  kube::testing::ManualLoop loop;
  kube::testing::ScriptedTransport transport{loop};
  base::SeededRng rng{1};
  testing::FakeKeyMaker keys{loop};
  kube::Api api{transport};
  bool may_write = true;
  bool wanted = true;
  std::vector<std::string> finalizers;
  std::optional<Outcome> outcome;
  Executor executor{loop, api, rng, keys, [this] { return may_write; }, "test"};
};

TEST_F(ExecutorTest, AtMostEightRequestsAreInFlight) {
  Plan plan;
  for (int i = 0; i < 20; ++i) plan.apply.push_back({object("ConfigMap", "m" + std::to_string(i)), "", ""});
  execute(std::move(plan));
  EXPECT_EQ(transport.asked.size(), 8U);
  for (int i = 0; i < 20; ++i) {
    EXPECT_LE(transport.asked.size(), 8U);
    (void)succeed();
  }
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->written.size(), 20U);
}

TEST_F(ExecutorTest, StatusComesAfterTheObjectsAndEventsAfterTheStatus) {
  Plan plan;
  plan.apply.push_back({object("ConfigMap", "a"), "", ""});
  plan.status = json::object();
  plan.events.push_back({false, "Installed", "done"});
  execute(std::move(plan));
  EXPECT_EQ(succeed(), "PATCH /api/v1/namespaces/pay/configmaps/a");
  EXPECT_EQ(succeed(), "PATCH /apis/paymentplatform.io/v1alpha1/namespaces/pay/paymentplatforms/shop/status");
  EXPECT_EQ(succeed(), "POST /apis/events.k8s.io/v1/namespaces/pay/events");
  EXPECT_TRUE(outcome);
}

TEST_F(ExecutorTest, AFailedObjectStopsNeitherTheOthersNorTheStatus) {
  Plan plan;
  plan.apply.push_back({object("ConfigMap", "a"), "", ""});
  plan.apply.push_back({object("ConfigMap", "b"), "", ""});
  plan.status = json::object();
  execute(std::move(plan));
  refuse();
  EXPECT_EQ(succeed(), "PATCH /api/v1/namespaces/pay/configmaps/b");
  EXPECT_TRUE(succeed().ends_with("/status"));
  ASSERT_EQ(outcome->failures.size(), 1U);
  EXPECT_EQ(outcome->failures[0].ref.name, "a");
}

TEST_F(ExecutorTest, WithoutItsStatusATransitionIsNotTold) {
  Plan plan;
  plan.status = json::object();
  plan.events.push_back({false, "Installed", "done"});
  execute(std::move(plan));
  refuse();
  EXPECT_TRUE(transport.asked.empty());
  EXPECT_TRUE(outcome);
}

TEST_F(ExecutorTest, ReplicasOfANewDeploymentFollowItsCreationAndNameItsUid) {
  Plan plan;
  plan.apply.push_back({object("Deployment", "web"), "", ""});
  Object replicas = object("Deployment", "web");
  replicas["spec"]["replicas"] = 3;
  plan.scale.push_back({replicas, "", ""});
  execute(std::move(plan));
  EXPECT_EQ(transport.asked.size(), 1U);
  (void)succeed("u-web");
  ASSERT_EQ(transport.asked.size(), 1U);
  const kube::Request& request = transport.asked.front().request;
  EXPECT_NE(request.path.find("fieldManager=payment-operator-scale&force=true"), std::string::npos);
  EXPECT_EQ(json::parse(request.body)["metadata"]["uid"], "u-web");
}

TEST_F(ExecutorTest, ReplicasAreNotAppliedWhereTheDeploymentWasRefused) {
  Plan plan;
  plan.apply.push_back({object("Deployment", "web"), "", ""});
  plan.scale.push_back({object("Deployment", "web"), "", ""});
  execute(std::move(plan));
  refuse();
  EXPECT_TRUE(transport.asked.empty()) << "it would create a Deployment that has nothing but replicas";
  EXPECT_EQ(outcome->failures.size(), 2U);
}

TEST_F(ExecutorTest, AFinalizerIsAddedBeforeAnythingElse) {
  Plan plan;
  plan.finalizers = std::vector<std::string>{"paymentplatform.io/volumes"};
  plan.apply.push_back({object("ConfigMap", "a"), "", ""});
  execute(std::move(plan));
  ASSERT_EQ(transport.asked.size(), 1U);
  EXPECT_EQ(json::parse(transport.asked.front().request.body)["metadata"]["resourceVersion"], "9");
}

TEST_F(ExecutorTest, WithoutTheFinalizerThatStandsForItNothingIsMadeAndTheStatusIsTold) {
  Plan plan;
  plan.finalizers = std::vector<std::string>{"paymentplatform.io/volumes"};
  plan.generate.push_back({object("Secret", "payment-generated"), {}});
  plan.apply.push_back({object("PersistentVolumeClaim", "data-mysql-0"), "", ""});
  plan.scale.push_back({object("Deployment", "web"), "u-web", ""});
  plan.status = json::object();
  execute(std::move(plan));
  refuse();
  EXPECT_TRUE(succeed().ends_with("/status"));
  ASSERT_TRUE(outcome);
  ASSERT_EQ(outcome->failures.size(), 1U);
  EXPECT_EQ(outcome->failures[0].ref.kind, "PaymentPlatform");
}

TEST_F(ExecutorTest, AFinalizerGoesOnlyWhenAllBeforeItSucceeded) {
  finalizers = {"paymentplatform.io/volumes"};
  Plan plan;
  plan.finalizers = std::vector<std::string>{};
  plan.remove.push_back({{"v1", "PersistentVolumeClaim", "data-mysql-0"}, "u1", "deletionPolicy Delete"});
  execute(plan);
  refuse();
  EXPECT_TRUE(transport.asked.empty());
  execute(plan);
  EXPECT_EQ(succeed(), "DELETE /api/v1/namespaces/pay/persistentvolumeclaims/data-mysql-0");
  EXPECT_EQ(succeed(), "PATCH /apis/paymentplatform.io/v1alpha1/namespaces/pay/paymentplatforms/shop");
}

TEST_F(ExecutorTest, WhatIsGoneAlreadyCountsAsRemoved) {
  Plan plan;
  plan.remove.push_back({{"v1", "ConfigMap", "a"}, "u1", ""});
  execute(std::move(plan));
  transport.answer(404, R"({"kind":"Status","reason":"NotFound"})");
  EXPECT_TRUE(outcome->failures.empty());
  EXPECT_EQ(outcome->removed.size(), 1U);
}

TEST_F(ExecutorTest, FromTheMomentWritingIsForbiddenNoRequestIsStarted) {
  Plan plan;
  for (int i = 0; i < 20; ++i) plan.apply.push_back({object("ConfigMap", "m" + std::to_string(i)), "", ""});
  plan.status = json::object();
  execute(std::move(plan));
  may_write = false;
  for (int i = 0; i < 8; ++i) (void)succeed();
  EXPECT_TRUE(transport.asked.empty());
  ASSERT_TRUE(outcome);
  EXPECT_TRUE(outcome->cut_short);
  EXPECT_EQ(outcome->written.size(), 8U);
}

TEST_F(ExecutorTest, APlanThatHasBecomeOfNoUseStopsBeforeItsNextWrite) {
  Plan plan;
  for (int i = 0; i < 9; ++i) plan.apply.push_back({object("ConfigMap", "m" + std::to_string(i)), "", ""});
  plan.status = json::object();
  plan.events.push_back({false, "Installed", "done"});
  execute(std::move(plan));
  (void)succeed();
  wanted = false;
  for (int i = 0; i < 8; ++i) (void)succeed();
  EXPECT_TRUE(transport.asked.empty());
  ASSERT_TRUE(outcome);
  EXPECT_TRUE(outcome->cut_short);
  EXPECT_EQ(outcome->written.size(), 9U);
}

TEST_F(ExecutorTest, AnswersThatComeAfterTheEndFindNobody) {
  Plan plan;
  plan.apply.push_back({object("ConfigMap", "a"), "", ""});
  auto ending = std::make_unique<Executor>(loop, api, rng, keys, [] { return true; }, "test");
  ending->execute({{"pay", "shop"}, "u-shop", "9", {}}, std::move(plan), [] { return true; }, [](const Outcome&) { FAIL(); });
  ending->read("pay", {{"v1", "ConfigMap", "b"}}, [](const auto&) { FAIL(); });
  loop.settle();
  ASSERT_EQ(transport.asked.size(), 2U);
  ending.reset();
  (void)succeed();
  (void)succeed();
}

TEST_F(ExecutorTest, WhateverThePlanSaysTheNamespaceIsThePlatforms) {
  Plan plan;
  Object astray = object("ConfigMap", "a");
  astray["metadata"]["namespace"] = "kube-system";
  plan.apply.push_back({astray, "", ""});
  execute(std::move(plan));
  EXPECT_EQ(succeed(), "PATCH /api/v1/namespaces/pay/configmaps/a");
}

TEST_F(ExecutorTest, ReadsAreBoundedAndTellAbsenceFromFailure) {
  std::vector<controllers::Ref> refs;
  for (int i = 0; i < 12; ++i) refs.push_back({"v1", "ConfigMap", "m" + std::to_string(i)});
  std::optional<base::Result<Executor::Reads>> reads;
  executor.read("pay", refs, [&](base::Result<Executor::Reads> result) { reads = std::move(result); });
  loop.settle();
  EXPECT_EQ(transport.asked.size(), 8U);
  transport.answer(200, R"({"kind":"ConfigMap"})");
  for (int i = 1; i < 12; ++i) transport.answer(404, R"({"kind":"Status","reason":"NotFound"})");
  ASSERT_TRUE(reads && *reads);
  EXPECT_EQ((*reads)->size(), 12U);
  EXPECT_TRUE((*reads)->at(refs[0]).has_value());
  EXPECT_FALSE((*reads)->at(refs[1]).has_value());

  executor.read("pay", refs, [&](base::Result<Executor::Reads> result) { reads = std::move(result); });
  loop.settle();
  for (int i = 0; i < 8; ++i) transport.answer(403, R"({"kind":"Status","reason":"Forbidden"})");
  EXPECT_FALSE(reads->has_value());
  EXPECT_TRUE(transport.asked.empty());
}

}  // namespace
}  // namespace engine
