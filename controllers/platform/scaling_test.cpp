// Who decides the number of replicas: the spec, or an autoscaler whose number is never touched; and no jump where one follows the other.
#include <gtest/gtest.h>

#include "controllers/platform/testing/fake_cluster.hpp"

namespace controllers {
namespace {

using test::essence;
using test::FakeCluster;
using test::quickstart_spec;
using test::settled;

Object& payment(FakeCluster& cluster) { return cluster.child("apps/v1", "Deployment", "payment-service"); }
int replicas(FakeCluster& cluster) { return payment(cluster)["spec"]["replicas"]; }

/// The autoscaler writes a number.
void autoscale(FakeCluster& cluster, int number) {
  payment(cluster)["spec"]["replicas"] = number;
  cluster.play();
}

Object with(const Object& service) {
  Object spec = quickstart_spec();
  spec["services"]["payment"] = service;
  return spec;
}

/// Every number of replicas that the plan leads through, write by write.
std::vector<int> numbers_on_the_way(const FakeCluster& before) {
  std::vector<int> numbers;
  for (std::size_t step = 0; step < 60; ++step) {
    FakeCluster cluster = before;
    cluster.execute(cluster.decide(), step);
    numbers.push_back(replicas(cluster));
  }
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  return numbers;
}

TEST(Scaling, TheAutoscalersNumberIsNeverTouched) {
  FakeCluster cluster = settled();
  cluster.child("apps/v1", "Deployment", "payment-service")["spec"]["replicas"] = 7;
  cluster.play();
  const Plan plan = cluster.decide();
  EXPECT_TRUE(plan.apply.empty() && plan.scale.empty());
  cluster.execute(plan);      // the status counts them
  EXPECT_TRUE(cluster.decide().empty());
}

TEST(Scaling, ReplicasAreSetOnceAtCreationByTheScaleManager) {
  FakeCluster cluster(quickstart_spec());
  const Plan plan = cluster.decide();
  std::map<std::string, int> scaled;
  for (const Apply& apply : plan.scale) scaled[object::name_of(apply.object)] = apply.object["spec"]["replicas"];
  EXPECT_EQ(scaled, (std::map<std::string, int>{{"payment-service", 3}, {"callback-service", 3}}));
  for (const Apply& apply : plan.apply) {
    const bool scaled_elsewhere = object::name_of(apply.object) == "payment-service" && apply.object["kind"] == "Deployment";
    EXPECT_FALSE(scaled_elsewhere && apply.object["spec"].contains("replicas"));
  }
}

TEST(Scaling, WithoutAnAutoscalerTheSpecDecides) {
  FakeCluster cluster = settled();
  cluster.edit_spec({{"services", {{"payment", {{"autoscaling", {{"enabled", false}}}, {"replicas", 5}}}}}});
  cluster.settle();
  EXPECT_EQ(cluster.child("apps/v1", "Deployment", "payment-service")["spec"]["replicas"], 5);
  cluster.child("apps/v1", "Deployment", "payment-service")["spec"]["replicas"] = 1;
  EXPECT_EQ(cluster.decide().scale.size(), 1U);
}

TEST(Scaling, OneThousandNumbersOfTheAutoscalerAreAllLeftAlone) {
  FakeCluster cluster = settled();
  for (int i = 0; i < 1000; ++i) {
    const int number = 3 + i * 7 % 8;
    autoscale(cluster, number);
    const Plan plan = cluster.decide();
    ASSERT_TRUE(plan.apply.empty() && plan.scale.empty()) << "after " << number;
    if (i % 100 == 0) cluster.execute(plan);
    ASSERT_EQ(replicas(cluster), number);
  }
}

TEST(Scaling, FromTheAutoscalerToTheSpecIsOneVisibleStep) {
  FakeCluster cluster = settled();
  autoscale(cluster, 7);
  cluster.execute(cluster.decide());
  cluster.edit_spec({{"services", {{"payment", {{"autoscaling", {{"enabled", false}}}}}}}});
  const Plan plan = cluster.decide();
  ASSERT_EQ(plan.scale.size(), 1U);
  EXPECT_EQ(plan.scale[0].reason, "replicas 7 -> 3, as spec.services.payment.replicas says");
  EXPECT_EQ(plan.scale[0].differences, (std::vector<object::Difference>{{"spec.replicas", "3", "7"}}));
  ASSERT_EQ(plan.remove.size(), 1U);
  EXPECT_EQ(plan.remove[0].ref.kind, "HorizontalPodAutoscaler");
  EXPECT_EQ(numbers_on_the_way(cluster), (std::vector<int>{7, 3}));
  cluster.settle();
  EXPECT_EQ(essence(cluster), essence(settled(with({{"autoscaling", {{"enabled", false}}}}))));
}

TEST(Scaling, FromTheSpecToTheAutoscalerTheNumberStays) {
  FakeCluster cluster = settled(with({{"autoscaling", {{"enabled", false}}}, {"replicas", 6}}));
  cluster.edit_spec({{"services", {{"payment", {{"autoscaling", {{"enabled", true}}}}}}}});
  EXPECT_TRUE(cluster.decide().scale.empty());
  EXPECT_EQ(numbers_on_the_way(cluster), std::vector<int>{6});
  cluster.settle();
  EXPECT_EQ(replicas(cluster), 6);
  EXPECT_TRUE(cluster.has("HorizontalPodAutoscaler", "payment-service"));
}

TEST(Scaling, BelowWhatTheAutoscalerMayChooseTheNumberIsRaisedAtOnceAndOnlyIfNobodyWasFaster) {
  FakeCluster cluster = settled(with({{"autoscaling", {{"enabled", false}}}, {"replicas", 1}}));
  payment(cluster)["metadata"]["resourceVersion"] = "41";
  cluster.edit_spec({{"services", {{"payment", {{"autoscaling", {{"enabled", true}}}}}}}});
  const Plan plan = cluster.decide();
  ASSERT_EQ(plan.scale.size(), 1U);
  EXPECT_EQ(plan.scale[0].reason, "replicas 1 -> 3, the least that the autoscaler may choose");
  EXPECT_EQ(plan.scale[0].object["metadata"]["resourceVersion"], "41") << "the autoscaler may have written since";
}

TEST(Scaling, ThereAndBackEqualsAFreshInstall) {
  FakeCluster cluster = settled();
  autoscale(cluster, 5);
  for (const bool enabled : {false, true, false, true}) {
    cluster.edit_spec({{"services", {{"payment", {{"autoscaling", {{"enabled", enabled}}}}}}}});
    cluster.settle();
    EXPECT_EQ(replicas(cluster), 3);
  }
  EXPECT_EQ(essence(cluster), essence(settled()));
}

TEST(Scaling, ToNoneByHandSwitchesTheAutoscalerOffAndIsLeftAlone) {
  FakeCluster cluster = settled();
  autoscale(cluster, 0);
  EXPECT_TRUE(cluster.decide().scale.empty());
}

}  // namespace
}  // namespace controllers
