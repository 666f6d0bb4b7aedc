// spec.version and spec.image: which release runs, and what the status says of it.
#include <gtest/gtest.h>

#include "controllers/component/objects.hpp"
#include "controllers/platform/status.hpp"
#include "controllers/platform/testing/fake_cluster.hpp"

namespace controllers {
namespace {

using test::essence;
using test::FakeCluster;
using test::quickstart_spec;
using test::settled;

const char* const kServices[] = {"payment-service", "callback-service", "reconciliation-service", "channel-simulator"};

std::string image(FakeCluster& cluster, const std::string& service) {
  return image_of(cluster.child("apps/v1", "Deployment", service), service);
}

Object quickstart_of(const std::string& version) {
  Object spec = quickstart_spec();
  spec["version"] = version;
  return spec;
}

TEST(Repository, IsWhatIsLeftWithoutTagAndDigest) {
  for (const auto& [reference, repository, tag] : std::vector<std::tuple<std::string, std::string, std::string>>{
           {"payment-runtime:0.1.0", "payment-runtime", "0.1.0"},
           {"host.example:5000/a/payment-runtime", "host.example:5000/a/payment-runtime", ""},
           {"host.example:5000/a/payment-runtime:1@sha256:0123", "host.example:5000/a/payment-runtime", "1"},
           {"a/b@sha256:0123", "a/b", ""},
           {"", "", ""}}) {
    EXPECT_EQ(repository_of(reference), repository) << reference;
    EXPECT_EQ(tag_of(reference), tag) << reference;
  }
}

TEST(Version, IsATagInTheRepositoryOfTheOperatorsImage) {
  FakeCluster cluster(quickstart_of("0.0.9"));
  cluster.options.runtime_image = "registry.example:5000/payments/payment-runtime:0.1.0@sha256:0123";
  cluster.settle();
  for (const char* service : kServices) EXPECT_EQ(image(cluster, service), "registry.example:5000/payments/payment-runtime:0.0.9");
  EXPECT_EQ(cluster.platform["status"]["version"], "0.0.9");
}

TEST(Version, GivesWayToAWholeImage) {
  Object spec = quickstart_of("0.0.9");
  spec["image"] = "elsewhere/fork:7";
  FakeCluster cluster = settled(spec);
  EXPECT_EQ(image(cluster, "payment-service"), "elsewhere/fork:7");
  EXPECT_EQ(cluster.platform["status"]["version"], "7");
}

TEST(Version, FromOneToAnotherEqualsAFreshInstall) {
  FakeCluster cluster = settled();
  cluster.edit_spec({{"version", "0.2.0"}});
  cluster.settle();
  EXPECT_EQ(essence(cluster), essence(settled(quickstart_of("0.2.0"))));
  EXPECT_EQ(cluster.platform["status"]["version"], "0.2.0");
}

TEST(Version, ThatIsTakenOutStaysAtWhatRunsWhateverTheOperatorsDefaultIs) {
  FakeCluster cluster = settled(quickstart_of("0.0.9"));
  cluster.edit_spec({{"version", nullptr}});
  cluster.options.runtime_image = "localhost/payment-runtime:0.3.0";
  cluster.settle();
  EXPECT_EQ(image(cluster, "payment-service"), "localhost/payment-runtime:0.0.9");
  EXPECT_EQ(cluster.platform["status"]["version"], "0.0.9");
}

TEST(Version, WithoutTheOperatorsImageIsRefused) {
  FakeCluster cluster(quickstart_of("0.0.9"));
  cluster.options.runtime_image = "";
  const Plan plan = cluster.decide();
  EXPECT_TRUE(plan.apply.empty());
  cluster.execute(plan);
  EXPECT_EQ(cluster.condition("Stalled")["reason"], "InvalidSpec");
}

TEST(StatusVersion, IsEmptyUntilAServiceRuns) {
  FakeCluster cluster(quickstart_spec());
  for (const char* service : kServices) cluster.break_workload(service);
  cluster.settle();
  EXPECT_EQ(cluster.platform["status"]["version"], "");
}

TEST(StatusVersion, IsTheOneBeforeUntilEveryServiceRunsTheNewOne) {
  for (const char* slow : kServices) {
    FakeCluster cluster = settled();
    cluster.hold_roll(slow);
    cluster.edit_spec({{"version", "0.2.0"}});
    cluster.settle();
    EXPECT_EQ(image(cluster, slow), "localhost/payment-runtime:0.2.0");
    EXPECT_EQ(cluster.platform["status"]["version"], "0.1.0") << slow;
    EXPECT_EQ(proven_image(cluster.platform, slow), "localhost/payment-runtime:0.1.0");
    EXPECT_EQ(cluster.condition("Ready")["status"], "False") << "one old pod is no sign that the new one works: " << slow;

    cluster.let_roll(slow);
    cluster.play();
    cluster.settle();
    EXPECT_EQ(cluster.platform["status"]["version"], "0.2.0") << slow;
    EXPECT_EQ(cluster.condition("Ready")["status"], "True") << slow;
  }
}

TEST(StatusVersion, StaysWhileAServiceOfTheSameReleaseIsDown) {
  FakeCluster cluster = settled();
  cluster.break_workload("payment-service");
  cluster.play();
  cluster.settle();
  EXPECT_EQ(cluster.condition("Ready")["status"], "False");
  EXPECT_EQ(cluster.platform["status"]["version"], "0.1.0");
}

TEST(StatusVersion, GoesBackWithARollThatIsTakenBack) {
  FakeCluster cluster = settled();
  cluster.hold_roll("payment-service");
  cluster.edit_spec({{"version", "0.2.0"}});
  cluster.settle();
  cluster.edit_spec({{"version", "0.1.0"}});
  cluster.let_roll("payment-service");
  cluster.settle();
  EXPECT_EQ(cluster.platform["status"]["version"], "0.1.0");
  EXPECT_EQ(cluster.condition("Ready")["status"], "True");
}

}  // namespace
}  // namespace controllers
