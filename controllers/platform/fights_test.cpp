// What is said of an object that somebody changes back each time it is written.
#include <gtest/gtest.h>

#include "controllers/platform/testing/fake_cluster.hpp"

namespace controllers {
namespace {

using test::FakeCluster;
using test::quickstart_spec;

const Ref kRedis{"apps/v1", "Deployment", "redis"};

bool says(const Object& condition, const std::string& text) {
  return condition["message"].get<std::string>().find(text) != std::string::npos;
}

FakeCluster fought_over(const Fight& fight) {
  FakeCluster cluster(quickstart_spec());
  cluster.settle();
  cluster.snapshot.fought[kRedis] = fight;
  return cluster;
}

TEST(Fights, StallThePlatformAndNameObjectFieldAndWho) {
  FakeCluster cluster = fought_over({"spec.strategy.type", "kubectl-edit"});
  const Plan plan = cluster.decide();
  cluster.execute(plan);
  const Object stalled = cluster.condition("Stalled");
  EXPECT_EQ(stalled["status"], "True");
  EXPECT_EQ(stalled["reason"], "LoopDetected");
  for (const char* part : {"Deployment redis", "spec.strategy.type", "\"kubectl-edit\"", "Stop the other writer"}) {
    EXPECT_TRUE(says(stalled, part)) << stalled;
  }
  EXPECT_EQ(cluster.condition("Reconciling")["status"], "False");
  EXPECT_EQ(cluster.condition("Reconciling")["reason"], "LoopDetected");
  EXPECT_EQ(cluster.condition("Ready")["status"], "True") << "payments are taken all the same";
  ASSERT_EQ(plan.events.size(), 1U);
  EXPECT_EQ(plan.events[0].reason, "LoopDetected");
  EXPECT_TRUE(cluster.decide().empty()) << "said once";
}

TEST(Fights, AreSaidOfADeletionAndOfSomebodyWithoutAName) {
  FakeCluster cluster = fought_over({"", ""});
  cluster.execute(cluster.decide());
  EXPECT_TRUE(says(cluster.condition("Stalled"), "Deployment redis is deleted each time")) << cluster.condition("Stalled");
  EXPECT_TRUE(says(cluster.condition("Stalled"), "admission webhooks"));
}

TEST(Fights, TheWriteStaysInThePlanAndTheStatusDoesNotMoveWithIt) {
  FakeCluster cluster = fought_over({"spec.strategy.type", "somebody"});
  cluster.execute(cluster.decide());
  cluster.child("apps/v1", "Deployment", "redis")["spec"]["strategy"]["type"] = "RollingUpdate";
  const Plan plan = cluster.decide();
  ASSERT_EQ(plan.apply.size(), 1U);
  EXPECT_FALSE(plan.status);
}

TEST(Fights, ThatAreOverAreNoLongerSaid) {
  FakeCluster cluster = fought_over({"spec.strategy.type", "somebody"});
  cluster.execute(cluster.decide());
  cluster.snapshot.fought.clear();
  cluster.execute(cluster.decide());
  EXPECT_EQ(cluster.condition("Stalled")["reason"], "NotStalled");
  EXPECT_EQ(cluster.condition("Reconciling")["reason"], "Settled");
}

}  // namespace
}  // namespace controllers
