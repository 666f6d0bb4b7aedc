// Another database server on data that there is: never without an approval, whoever asks for it.
#include <gtest/gtest.h>

#include "controllers/database/database.hpp"
#include "controllers/platform/explain.hpp"
#include "controllers/platform/gates.hpp"
#include "controllers/platform/testing/fake_cluster.hpp"

namespace controllers {
namespace {

using test::FakeCluster;
using test::quickstart_spec;
using test::settled;

constexpr const char* kOther = "mysql:8.4";
const Object kEdit = {{"database", {{"managed", {{"image", kOther}}}}}};

std::string mysql_image(FakeCluster& cluster) { return image_of(cluster.child("apps/v1", "StatefulSet", "mysql"), "mysql"); }

TEST(RiskToData, IsAnotherServerOrAnOlderReleaseByTheNamesOfTheImages) {
  const char* const kMaria = "registry.example.com:5000/mirror/mariadb:10.11.6";
  for (const char* wanted :
       {"mysql:8.4", "percona/percona-server:8.0", "postgres:16", "mariadb:10.6", "mariadb:9", "mariadb:10.5@sha256:0123"}) {
    EXPECT_NE(database::risk_to_data(kMaria, wanted), "") << wanted;
  }
  for (const char* wanted :
       {kMaria, "mariadb:10.11", "mariadb:10.11.2", "mariadb:11.4", "bitnami/mariadb:12", "mariadb@sha256:0123", "mariadb:lts"}) {
    EXPECT_EQ(database::risk_to_data(kMaria, wanted), "") << wanted;
  }
  EXPECT_NE(database::risk_to_data("mysql:8.4", "mysql:8.0"), "");
  EXPECT_EQ(database::risk_to_data("mysql:8.4", "percona-server:8.4"), "") << "the same files";
  EXPECT_EQ(database::risk_to_data("here/our-db:1", "there/our-db:2"), "");
  EXPECT_NE(database::risk_to_data("here/our-db:2", "there/our-db:1"), "");
  EXPECT_EQ(database::risk_to_data("", "mysql:8.4"), "") << "nothing has run";
}

TEST(DataAtRisk, ByAnEditWaitsForAnApprovalAndIsToldByPlanAndStatus) {
  FakeCluster cluster = settled();
  const Object before = cluster.child("apps/v1", "StatefulSet", "mysql");
  cluster.edit_spec(kEdit);
  const std::vector<Plan> plans = {cluster.decide()};
  const PlanReport report = explain(cluster.platform, cluster.snapshot, plans);
  const ObjectChange& set = report.objects.back();  // what is held back comes last; the others are notes on what the spec asks for
  ASSERT_EQ(set.ref.kind, "StatefulSet");
  EXPECT_EQ(set.data_at_risk,
            "the data was last run with localhost/mariadb:10.11; mysql:8.4 is, by its name, another server, which may not read it or may "
            "spoil it");
  EXPECT_TRUE(set.needs_approval);
  ASSERT_TRUE(set.restarts);
  EXPECT_EQ(report.restarted_pods(), 1U);

  cluster.settle();
  EXPECT_EQ(cluster.child("apps/v1", "StatefulSet", "mysql"), before);
  EXPECT_EQ(cluster.condition("Ready")["status"], "Unknown") << "payments are taken, and the spec is not carried out";
  EXPECT_EQ(cluster.condition("Stalled")["reason"], "DataAtRisk");
  EXPECT_EQ(cluster.condition("Reconciling")["status"], "False");
  const Object& pending = cluster.platform["status"]["pendingChanges"];
  ASSERT_EQ(pending.size(), 1U);
  EXPECT_EQ(pending[0]["reason"], "DataAtRisk");
  EXPECT_EQ(pending[0]["waitsFor"], "approval: kubectl annotate -n payment paymentplatform quickstart paymentplatform.io/approve=" +
                                        report.approval + " --overwrite");

  cluster.platform["metadata"]["annotations"][kApprove] = report.approval;
  cluster.settle();
  EXPECT_EQ(mysql_image(cluster), kOther);
  EXPECT_EQ(cluster.condition("Ready")["status"], "True") << cluster.condition("Ready");
}

TEST(DataAtRisk, IsNoneWhenTheSpecIsPutBack) {
  FakeCluster cluster = settled();
  cluster.edit_spec(kEdit);
  cluster.settle();
  cluster.edit_spec({{"database", {{"managed", {{"image", nullptr}}}}}});
  cluster.settle();
  EXPECT_EQ(cluster.condition("Ready")["status"], "True");
  EXPECT_EQ(cluster.condition("Stalled")["status"], "False");
  EXPECT_FALSE(cluster.platform["status"].contains("pendingChanges"));
}

TEST(DataAtRisk, WaitsInAnOpenWindowAndWhileTheDatabaseIsDown) {
  Object spec = quickstart_spec();
  spec["maintenanceWindows"] = Object::array({{{"start", "0 0 * * *"}, {"duration", "23h"}}});
  FakeCluster cluster = settled(spec);
  cluster.break_workload("mysql");
  cluster.play();
  cluster.edit_spec(kEdit);
  cluster.settle();
  EXPECT_EQ(mysql_image(cluster), "localhost/mariadb:10.11");
  EXPECT_EQ(cluster.condition("Ready")["reason"], "DataAtRisk");
  EXPECT_EQ(cluster.condition("Ready")["status"], "False");
  EXPECT_EQ(object::text_at(cluster.platform["status"]["pendingChanges"][0], {"waitsFor"}).rfind("approval: ", 0), 0U);
}

TEST(DataAtRisk, OfAFormerPlatformIsNotRunByAnotherServerEither) {
  const FakeCluster first = settled();
  Object spec = quickstart_spec();
  spec.merge_patch(kEdit);
  FakeCluster again(spec);
  again.platform["metadata"]["uid"] = "second-uid";
  for (const auto& [ref, object] : first.snapshot.children) {
    if (object::controller_uid(object).empty() && ref.kind != "Pod") again.snapshot.children[ref] = object;
  }
  again.settle();
  EXPECT_FALSE(again.has("StatefulSet", "mysql"));
  EXPECT_EQ(again.condition("Stalled")["reason"], "DataAtRisk");
  again.platform["metadata"]["annotations"][kApprove] = again.decide().hash;
  again.settle();
  EXPECT_EQ(mysql_image(again), kOther);
}

TEST(DataAtRisk, OtherChangesOfTheDatabaseAreNotHeldUpByWhatWasApproved) {
  FakeCluster cluster = settled();
  cluster.edit_spec(kEdit);
  cluster.break_workload("mysql");      // it will not read the files
  cluster.platform["metadata"]["annotations"][kApprove] = cluster.decide().hash;
  cluster.settle();
  ASSERT_EQ(mysql_image(cluster), kOther);
  cluster.edit_spec({{"database", {{"managed", {{"maxConnections", 700}}}}}});
  EXPECT_TRUE(cluster.decide().pending.empty());
  cluster.edit_spec({{"database", {{"managed", {{"image", "localhost/mariadb:10.11"}}}}}});
  EXPECT_TRUE(cluster.decide().pending.empty()) << "the way back is open";
}

}  // namespace
}  // namespace controllers
