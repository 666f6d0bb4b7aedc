// deletionPolicy: what stays of a platform, and what one that is made again under its name makes of it.
#include <gtest/gtest.h>

#include "controllers/database/database.hpp"
#include "controllers/platform/testing/fake_cluster.hpp"
#include "controllers/secrets/sources.hpp"

namespace controllers {
namespace {

using test::FakeCluster;
using test::quickstart_spec;
using test::settled;

const Ref kClaim{"v1", "PersistentVolumeClaim", "data-mysql-0"};
const Ref kSecret{"v1", "Secret", "payment-generated"};
const std::vector<std::string> kPasswords = {"mysql-password", "mysql-migrator-password", "mysql-application-password",
                                             "mysql-reader-password"};

/// A platform of the same name after the first was deleted under Retain: garbage collection has taken all that had an owner.
FakeCluster made_again(const FakeCluster& first, Object spec = quickstart_spec()) {
  FakeCluster again(std::move(spec));
  again.platform["metadata"]["uid"] = "second-uid";
  again.options = first.options;
  for (const auto& [ref, object] : first.snapshot.children) {
    if (object::controller_uid(object).empty() && ref.kind != "Pod") again.snapshot.children[ref] = object;
  }
  return again;
}

std::string mysql_image(FakeCluster& cluster) { return image_of(cluster.child("apps/v1", "StatefulSet", "mysql"), "mysql"); }

std::string mounted(FakeCluster& cluster, const char* kind, const std::string& name, const std::string& key) {
  const char* api = kind == std::string("Job") ? "batch/v1" : "apps/v1";
  for (const Object& volume : object::list_at(cluster.child(api, kind, name), {"spec", "template", "spec", "volumes"})) {
    for (const Object& source : object::list_at(volume, {"projected", "sources"})) {
      for (const Object& item : object::list_at(source, {"secret", "items"})) {
        if (item["key"] == key) return source["secret"]["name"];
      }
    }
  }
  return "";
}

std::string schema_job(const FakeCluster& cluster) {
  for (const auto& [ref, object] : cluster.snapshot.children) {
    if (ref.kind == "Job") return ref.name;
  }
  return "";
}

TEST(Retain, KeepsTheVolumeAndTheSecretAndNothingElse) {
  const FakeCluster again = made_again(settled());
  std::vector<Ref> kept;
  for (const auto& [ref, object] : again.snapshot.children) kept.push_back(ref);
  EXPECT_EQ(kept, (std::vector<Ref>{kClaim, kSecret}));
}

TEST(Retain, TheSameNameFindsVolumeSecretAndImageAgain) {
  const FakeCluster first = settled();
  FakeCluster again = made_again(first);
  again.options.mysql_image = "localhost/mariadb:11.4";      // the operator was upgraded meanwhile
  const Plan plan = again.decide();
  EXPECT_TRUE(plan.generate.empty());
  again.execute(plan);
  EXPECT_EQ(mysql_image(again), "localhost/mariadb:10.11");
  again.settle();
  EXPECT_EQ(again.condition("Ready")["status"], "True") << again.condition("Ready");
  EXPECT_EQ(mysql_image(again), "localhost/mariadb:10.11") << "and it stays";
  for (const Ref& ref : {kClaim, kSecret}) {
    EXPECT_EQ(object::uid_of(again.snapshot.children.at(ref)), object::uid_of(first.snapshot.children.at(ref))) << ref.kind;
  }
}

TEST(Retain, TheSpecMayNameAnotherImageForTheData) {
  Object spec = quickstart_spec();
  spec["database"]["managed"]["image"] = "localhost/mariadb:11.4";
  FakeCluster again = made_again(settled(), spec);
  again.settle();
  EXPECT_EQ(mysql_image(again), "localhost/mariadb:11.4");
  EXPECT_EQ(database::ran_with(again.snapshot.children.at(kClaim)), "localhost/mariadb:11.4") << "once it has run";
}

TEST(Retain, AnImageThatNeverRanTheDataIsNotKeptWithIt) {
  FakeCluster cluster = settled();
  cluster.break_workload("mysql");
  cluster.edit_spec({{"database", {{"managed", {{"image", "localhost/mariadb:missing"}}}}}});
  cluster.settle();
  EXPECT_EQ(mysql_image(cluster), "localhost/mariadb:missing");
  EXPECT_EQ(database::ran_with(cluster.snapshot.children.at(kClaim)), "localhost/mariadb:10.11");
}

TEST(Retain, AnImageThatSomebodyElseWroteOnTheClaimIsNotBelieved) {
  FakeCluster again = made_again(settled());
  Object& claim = again.snapshot.children.at(kClaim);
  claim["metadata"]["annotations"][database::kRanWith] = "evil:1";
  claim["metadata"]["managedFields"][0]["fieldsV1"]["f:metadata"]["f:annotations"].erase(std::string("f:") + database::kRanWith);
  again.settle();
  EXPECT_EQ(mysql_image(again), again.options.mysql_image);
  EXPECT_EQ(database::ran_with(again.snapshot.children.at(kClaim)), again.options.mysql_image) << "and the truth is put back";
}

TEST(Retain, PasswordsOfTheUserStayTheUsersWhenThePlatformIsMadeAgain) {
  FakeCluster first(quickstart_spec());
  first.user_secret("payment-service-secret", kPasswords);
  first.settle();
  FakeCluster again = made_again(first);      // and the user's Secret is not there yet
  for (int round = 0; round < 3; ++round) {
    again.execute(again.decide());
    again.play();
  }
  EXPECT_EQ(again.condition("Stalled")["reason"], "SecretIncomplete");
  EXPECT_FALSE(again.has("StatefulSet", "mysql"));
  EXPECT_FALSE(again.has("Deployment", "payment-service"));

  again.user_secret("payment-service-secret", kPasswords);
  again.settle();
  EXPECT_EQ(again.condition("Ready")["status"], "True") << again.condition("Ready");
  for (const std::string& key : kPasswords) {
    EXPECT_EQ(mounted(again, "Job", schema_job(again), key), "payment-service-secret") << key;
  }
}

// The schema Job alone mounts the migrator's and the reader's: when it is gone, nothing but the claim knows whose they are.
TEST(Retain, PasswordsOfTheUserStayTheUsersWhenTheSchemaJobWasCleanedUp) {
  for (const char* key : {"mysql-migrator-password", "mysql-reader-password"}) {
    FakeCluster cluster(quickstart_spec());
    cluster.user_secret("payment-service-secret", kPasswords);
    cluster.settle();
    const std::string job = schema_job(cluster);
    cluster.snapshot.children.erase({"batch/v1", "Job", job});
    std::vector<std::string> fewer = kPasswords;
    std::erase(fewer, key);
    cluster.user_secret("payment-service-secret", fewer);
    for (int round = 0; round < 3; ++round) {
      cluster.execute(cluster.decide());
      cluster.play();
    }
    EXPECT_EQ(schema_job(cluster), "") << "none with a generated " << key;
    EXPECT_EQ(cluster.condition("Stalled")["reason"], "SecretIncomplete") << key;
    cluster.user_secret("payment-service-secret", kPasswords);
    cluster.settle();
    EXPECT_EQ(schema_job(cluster), job) << key;
    EXPECT_EQ(cluster.condition("Ready")["status"], "True") << key;
  }
}

TEST(Retain, PasswordsThatTheUserGivesUpAreNoLongerKeptAsHis) {
  FakeCluster cluster(quickstart_spec());
  cluster.user_secret("payment-service-secret", {"mysql-reader-password"});
  cluster.settle();
  EXPECT_EQ(cluster.snapshot.children.at(kClaim)["metadata"]["annotations"][secrets::kPasswordsFromUser], "mysql-reader-password");
  cluster.edit_spec({{"secretRef", {{"name", ""}}}});
  cluster.settle();
  EXPECT_FALSE(cluster.snapshot.children.at(kClaim)["metadata"]["annotations"].contains(secrets::kPasswordsFromUser));
  cluster.strangers.clear();
  cluster.edit_spec({{"secretRef", {{"name", "payment-service-secret"}}}});
  cluster.settle();
  EXPECT_EQ(cluster.condition("Ready")["status"], "True") << cluster.condition("Ready");
}

TEST(Retain, UnderAnotherPrefixTheDataIsLeftAlone) {
  Object spec = quickstart_spec();
  spec["namePrefix"] = "shop-";
  const FakeCluster first = settled();
  FakeCluster again = made_again(first, spec);
  again.options.name_prefixes = {"shop-"};
  again.settle();
  EXPECT_EQ(again.condition("Ready")["status"], "True");
  EXPECT_EQ(again.snapshot.children.at(kClaim), first.snapshot.children.at(kClaim));
  EXPECT_TRUE(again.has("PersistentVolumeClaim", "shop-data-mysql-0"));
}

TEST(Delete, TakesVolumeAndSecretAfterThePodsAndAPlatformMadeAgainStartsEmpty) {
  Object spec = quickstart_spec();
  spec["deletionPolicy"] = "Delete";
  FakeCluster cluster = settled(spec);
  cluster.add_pod("mysql-0", "mysql", Object::object());
  cluster.platform["metadata"]["deletionTimestamp"] = base::to_rfc3339(cluster.now);
  for (int round = 0; round < 3; ++round) cluster.execute(cluster.decide());
  EXPECT_TRUE(cluster.snapshot.children.count(kClaim) == 1 && cluster.snapshot.children.count(kSecret) == 1)
      << "while a pod may still write";
  EXPECT_FALSE(cluster.has("StatefulSet", "mysql"));
  cluster.snapshot.children.erase({"v1", "Pod", "mysql-0"});
  for (int round = 0; round < 3; ++round) cluster.execute(cluster.decide());
  EXPECT_TRUE(cluster.snapshot.children.empty());

  FakeCluster again = made_again(cluster);
  again.options.mysql_image = "localhost/mariadb:11.4";
  again.settle();
  EXPECT_EQ(mysql_image(again), "localhost/mariadb:11.4");
}

}  // namespace
}  // namespace controllers
