// spec.namePrefix: several platforms in one namespace, and whose names are whose.
#include <regex>

#include <gtest/gtest.h>

#include "controllers/platform/example.hpp"
#include "controllers/platform/testing/fake_cluster.hpp"
#include "crds/types/formats.hpp"

namespace controllers {
namespace {

using test::essence;
using test::FakeCluster;
using test::quickstart_spec;
using test::settled;

const std::vector<std::string> kUserKeys = {
    "mysql-password",    "wechat-app-id",     "wechat-mch-id",       "wechat-private-key", "wechat-merchant-serial-no",
    "wechat-api-v3-key", "wechat-public-key", "wechat-public-key-id"};

FakeCluster prefixed(const std::string& prefix, Object spec = quickstart_spec()) {
  spec["namePrefix"] = prefix;
  FakeCluster cluster(std::move(spec));
  cluster.options.name_prefixes = {prefix};
  return cluster;
}

/// Every name by which an object of a platform refers to another, with the kind of the other.
class References {
 public:
  explicit References(const FakeCluster& cluster) {
    for (const auto& [ref, object] : cluster.snapshot.children) of(object);
  }
  std::vector<std::pair<std::string, std::string>> found;

 private:
  void of(const Object& object) {
    for (const char* path : {"/spec/template/spec", "/spec/jobTemplate/spec/template/spec"}) {
      if (const Object::json_pointer pointer(path); object.contains(pointer)) of_pod(object[pointer]);
    }
    add("Service", object, {"spec", "serviceName"});
    add("Deployment", object, {"spec", "scaleTargetRef", "name"});
    for (const Object& rule : object::list_at(object, {"spec", "rules"})) {
      for (const Object& path : object::list_at(rule, {"http", "paths"})) add("Service", path, {"backend", "service", "name"});
    }
    if (object["kind"] != "ConfigMap") return;
    static const std::regex kHost(R"(host: "?([a-z0-9-]+)|http://([a-z0-9-]+)[.:])");
    for (const auto& [key, text] : object["data"].items()) {
      const std::string config = text;
      for (auto match = std::sregex_iterator(config.begin(), config.end(), kHost); match != std::sregex_iterator(); ++match) {
        found.emplace_back("Service", (*match)[1].matched ? (*match)[1] : (*match)[2]);
      }
    }
  }
  void of_pod(const Object& pod) {
    add("ServiceAccount", pod, {"serviceAccountName"});
    for (const Object& volume : object::list_at(pod, {"volumes"})) {
      add("ConfigMap", volume, {"configMap", "name"});
      add("PersistentVolumeClaim", volume, {"persistentVolumeClaim", "claimName"});
      for (const Object& source : object::list_at(volume, {"projected", "sources"})) add("Secret", source, {"secret", "name"});
    }
  }
  void add(const char* kind, const Object& from, std::initializer_list<std::string_view> path) {
    if (const std::string name = object::text_at(from, path); !name.empty()) found.emplace_back(kind, name);
  }
};

TEST(NamePrefix, IsBeforeEveryNameAndEveryReferenceLeadsToAnObjectOfThePlatform) {
  for (const char* example : {"quickstart", "production"}) {
    FakeCluster cluster = prefixed("shop-", test::example(example)["spec"]);
    if (example == std::string("production")) cluster.user_secret("payment-service-secret", kUserKeys);
    cluster.settle();
    EXPECT_EQ(cluster.condition("Ready")["status"], "True") << cluster.condition("Ready");
    for (const auto& [ref, object] : cluster.snapshot.children) EXPECT_EQ(ref.name.rfind("shop-", 0), 0U) << ref.kind << " " << ref.name;
    const References references(cluster);
    EXPECT_GE(references.found.size(), 39U);
    for (const auto& [kind, name] : references.found) {
      EXPECT_TRUE(cluster.has(kind.c_str(), name) || name == "payment-service-secret") << example << ": " << kind << " " << name;
    }
    for (const Object& component : cluster.platform["status"]["components"]) {
      EXPECT_TRUE(cluster.has(component["kind"].get<std::string>().c_str(), component["name"])) << component;
    }
    cluster.reads = 0;
    EXPECT_TRUE(cluster.decide().empty());
    EXPECT_EQ(cluster.reads, example == std::string("production") ? 1U : 0U)
        << "what was decided is read back from objects with a prefix too";
  }
}

TEST(NamePrefix, LeavesTheLabelThatPeopleSelectByAndSelectsByInstance) {
  FakeCluster cluster = prefixed("shop-");
  cluster.settle();
  const Object& service = cluster.child("v1", "Service", "shop-mysql");
  EXPECT_EQ(service["spec"]["selector"], Object({{"app", "mysql"}, {std::string(kInstanceLabel), "quickstart"}}));
  EXPECT_EQ(cluster.platform["status"]["endpoints"]["payment"], "http://shop-payment-service.payment:8086");
}

TEST(NamePrefix, OfTheGreatestLengthKeepsEveryNameWithinItsBounds) {
  FakeCluster cluster = prefixed(std::string(crds::kNamePrefixMax, 'p'));
  cluster.edit_spec({{"ingress", {{"enabled", true}, {"host", "pay.example.com"}}}});
  cluster.settle();
  for (const auto& [ref, object] : cluster.snapshot.children) {
    const std::size_t most = ref.kind == "CronJob" ? 52 : ref.kind == "StatefulSet" ? 52 : 63;  // of the pods that come of it: a label each
    EXPECT_LE(ref.name.size(), most) << ref.kind << " " << ref.name;
  }
}

TEST(NamePrefix, ThatTheOperatorWasNotToldOfStallsWithTheRemedyAndWritesNothing) {
  FakeCluster cluster = prefixed("shop-");
  cluster.options.name_prefixes = {"other-"};
  const Plan plan = cluster.decide();
  EXPECT_TRUE(plan.apply.empty() && plan.generate.empty() && plan.scale.empty());
  EXPECT_EQ(cluster.reads, 0U);
  cluster.execute(plan);
  EXPECT_EQ(cluster.condition("Stalled")["reason"], "NamePrefixNotServed");
  const std::string message = cluster.condition("Stalled")["message"];
  EXPECT_NE(message.find("namePrefixes"), std::string::npos) << message;
  EXPECT_NE(message.find("Secret shop-payment-generated"), std::string::npos) << message;

  cluster.options.name_prefixes.push_back("shop-");
  cluster.settle();
  EXPECT_EQ(cluster.condition("Ready")["status"], "True");
}

TEST(NamePrefix, ThatChangesBehindTheSchemaIsRefusedAndNothingIsTouched) {
  FakeCluster cluster = settled();
  const auto before = essence(cluster);
  cluster.options.name_prefixes = {"shop-"};
  cluster.edit_spec({{"namePrefix", "shop-"}});
  cluster.settle();
  EXPECT_EQ(cluster.condition("Stalled")["reason"], "InvalidSpec");
  EXPECT_NE(cluster.condition("Stalled")["message"].get<std::string>().find("StatefulSet mysql"), std::string::npos);
  EXPECT_EQ(essence(cluster), before);
  cluster.edit_spec({{"namePrefix", ""}});
  cluster.settle();
  EXPECT_EQ(cluster.condition("Ready")["status"], "True");
}

/// A second platform in the namespace of the first, whose objects it sees by reading.
FakeCluster second(const FakeCluster& first, Object spec = quickstart_spec()) {
  FakeCluster cluster(std::move(spec));
  cluster.platform["metadata"]["name"] = "second";
  cluster.platform["metadata"]["uid"] = "second-uid";
  for (const auto& [ref, object] : first.snapshot.children) cluster.strangers[ref] = object;
  return cluster;
}

TEST(TwoPlatforms, WithTheSameNamesTheSecondIsStalledAndNothingOfTheFirstIsTouched) {
  const FakeCluster first = settled();
  FakeCluster cluster = second(first);
  for (int round = 0; round < 3; ++round) cluster.execute(cluster.decide());  // a write over a stranger fails the test
  EXPECT_TRUE(cluster.snapshot.children.empty());
  EXPECT_EQ(cluster.condition("Stalled")["reason"], "NameConflict");
  const std::string message = cluster.condition("Stalled")["message"];
  EXPECT_NE(message.find("spec.namePrefix"), std::string::npos) << message;
  EXPECT_EQ(cluster.decide().requeue_after, std::chrono::seconds(15));
}

TEST(TwoPlatforms, WithPrefixesLiveBesideEachOther) {
  const FakeCluster first = settled();
  Object spec = quickstart_spec();
  spec["namePrefix"] = "b-";
  FakeCluster cluster = second(first, spec);
  cluster.options.name_prefixes = {"b-"};
  cluster.settle();
  EXPECT_EQ(cluster.condition("Ready")["status"], "True") << cluster.condition("Ready");
  for (const auto& [ref, object] : cluster.snapshot.children)
    EXPECT_EQ(first.snapshot.children.count(ref), 0U) << ref.kind << " " << ref.name;
}

TEST(TwoPlatforms, ThatStartAtTheSameMomentDoNotBothWrite) {
  const auto starting = [](const std::string& name, const std::string& other, const char* created, const char* other_created) {
    FakeCluster cluster(quickstart_spec());
    cluster.platform["metadata"]["name"] = name;
    cluster.platform["metadata"]["creationTimestamp"] = created;
    cluster.snapshot.neighbours = {{other, "", other_created}};
    return cluster.decide();
  };
  const char* const early = "2026-03-01T08:00:00Z";
  const char* const late = "2026-03-01T08:00:01Z";
  for (const auto& [mine, others] : {std::pair{early, late}, {late, early}, {early, early}}) {
    const Plan a = starting("a", "b", mine, others);
    const Plan b = starting("b", "a", others, mine);
    EXPECT_NE(a.apply.empty(), b.apply.empty()) << mine << " " << others;
    for (const Plan& plan : {a, b}) {
      if (!plan.apply.empty()) continue;
      EXPECT_TRUE(plan.generate.empty() && plan.reads.empty());
      EXPECT_EQ(plan.requeue_after, std::chrono::seconds(15)) << "nothing tells it that the other is gone";
      const std::string message = (*plan.status)["conditions"][0]["message"];
      EXPECT_EQ(message.rfind("PaymentPlatform ", 0), 0U) << message;
    }
  }
}

TEST(TwoPlatforms, ANeighbourWithAnotherPrefixIsNoneOfOurs) {
  FakeCluster cluster(quickstart_spec());
  cluster.snapshot.neighbours = {{"older", "b-", "2026-01-01T00:00:00Z"}};
  cluster.settle();
  EXPECT_EQ(cluster.condition("Ready")["status"], "True");
}

TEST(TwoPlatforms, DeletionTakesOnlyItsOwnVolumeAndSecret) {
  Object spec = quickstart_spec();
  spec["deletionPolicy"] = "Delete";
  FakeCluster cluster = prefixed("shop-", spec);
  cluster.settle();
  // Labelled as ours by a copy or by hand, and not ours to delete.
  Object copy = cluster.child("v1", "PersistentVolumeClaim", "shop-data-mysql-0");
  copy["metadata"]["name"] = "data-mysql-0";
  cluster.snapshot.children[{"v1", "PersistentVolumeClaim", "data-mysql-0"}] = copy;
  cluster.platform["metadata"]["deletionTimestamp"] = base::to_rfc3339(cluster.now);
  for (int round = 0; round < 3; ++round) cluster.execute(cluster.decide());
  EXPECT_FALSE(cluster.has("PersistentVolumeClaim", "shop-data-mysql-0"));
  EXPECT_FALSE(cluster.has("Secret", "shop-payment-generated"));
  EXPECT_TRUE(cluster.has("PersistentVolumeClaim", "data-mysql-0"));
  EXPECT_EQ(cluster.platform["metadata"]["finalizers"], Object::array());
}

}  // namespace
}  // namespace controllers
