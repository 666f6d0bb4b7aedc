#include <gtest/gtest.h>

#include "controllers/platform/fake_cluster.hpp"

namespace controllers {
namespace {

using test::FakeCluster;
using test::quickstart_spec;

TEST(Install, EndsReadyAndThenWritesAndReadsNothing) {
  FakeCluster cluster(quickstart_spec());
  cluster.settle();

  EXPECT_EQ(cluster.condition("Ready")["status"], "True") << cluster.platform["status"].dump(2);
  EXPECT_EQ(cluster.condition("Ready")["reason"], "PlatformReady");
  EXPECT_EQ(cluster.condition("Reconciling")["status"], "False");
  EXPECT_EQ(cluster.condition("Stalled")["status"], "False");
  EXPECT_EQ(cluster.platform["status"]["services"], "4/4");

  cluster.writes = cluster.reads = 0;
  const Plan plan = cluster.decide();
  EXPECT_TRUE(plan.empty());
  EXPECT_EQ(plan.requeue_after, std::nullopt);
  EXPECT_EQ(cluster.reads, 0U);
}

}  // namespace
}  // namespace controllers
