// Keys of users: whose a platform runs with, and what it says while one is missing.
#include <gtest/gtest.h>

#include "controllers/platform/example.hpp"
#include "controllers/platform/testing/fake_cluster.hpp"

namespace controllers {
namespace {

using test::FakeCluster;
using test::quickstart_spec;

bool says(const Object& condition, const std::string& words) { return condition.value("message", "").find(words) != std::string::npos; }

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
  EXPECT_TRUE(says(cluster.condition("Stalled"), "kubectl delete -n payment persistentvolumeclaim/data-mysql-0 pod/mysql-0 --wait=false"))
      << "a claim does not go while its pod uses it";

  cluster.snapshot.children[{"v1", "Secret", "payment-generated"}] = secret;      // restored from a backup
  cluster.settle();
  EXPECT_EQ(cluster.condition("Ready")["status"], "True");
}

}  // namespace
}  // namespace controllers
