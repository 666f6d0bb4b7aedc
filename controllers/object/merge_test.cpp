#include "controllers/object/merge.hpp"

#include <gtest/gtest.h>

#include "controllers/object/diff.hpp"
#include "controllers/object/merge_keys.hpp"

namespace controllers::object {
namespace {

Object merged(const char* target, const char* patch) {
  auto result = merge(Object::parse(target), Object::parse(patch));
  EXPECT_TRUE(result) << (result ? "" : result.error().field + " " + result.error().message);
  return result ? *result : Object();
}

void expect(const char* target, const char* patch, const char* result) {
  EXPECT_EQ(merged(target, patch), Object::parse(result)) << patch << " over " << target;
}

TEST(Merge, LaysMembersOverMembers) {
  expect(R"({"a": 1, "b": {"c": 2, "d": 3}})", R"({"b": {"d": 4, "e": 5}, "f": true})",
         R"({"a": 1, "b": {"c": 2, "d": 4, "e": 5}, "f": true})");
  expect(R"({"a": {"b": 1}})", R"({"a": 2})", R"({"a": 2})");
  expect(R"({"a": 2})", R"({"a": {"b": 1}})", R"({"a": {"b": 1}})");
  expect(R"({"a": 1})", R"({})", R"({"a": 1})");
}

TEST(Merge, NullTakesAMemberAwayAndIsNeverAdded) {
  expect(R"({"a": 1, "b": 2})", R"({"a": null})", R"({"b": 2})");
  expect(R"({})", R"({"a": null, "b": {"c": null, "d": 1}})", R"({"b": {"d": 1}})");
}

TEST(Merge, DeleteTakesAnObjectAwayAndReplaceMakesItNew) {
  expect(R"({"a": {"b": 1}, "c": 1})", R"({"a": {"$patch": "delete"}})", R"({"c": 1})");
  expect(R"({"c": 1})", R"({"a": {"$patch": "delete"}})", R"({"c": 1})");
  expect(R"({"a": {"b": 1, "c": 2}})", R"({"a": {"$patch": "replace", "d": 3}})", R"({"a": {"d": 3}})");
}

TEST(Merge, NamedItemsAreMergedOneByOne) {
  expect(R"({"containers": [{"name": "a", "image": "x", "env": [{"name": "K", "value": "1"}]}]})",
         R"({"containers": [{"name": "a", "env": [{"name": "L", "value": "2"}, {"name": "K", "value": "3"}]}]})",
         R"({"containers": [{"name": "a", "image": "x", "env": [{"name": "L", "value": "2"}, {"name": "K", "value": "3"}]}]})");
  expect(R"({"containers": [{"name": "a"}, {"name": "b"}]})", R"({"containers": [{"name": "a", "$patch": "delete"}]})",
         R"({"containers": [{"name": "b"}]})");
  expect(R"({"containers": [{"name": "b"}]})", R"({"containers": [{"name": "a", "$patch": "delete"}]})",
         R"({"containers": [{"name": "b"}]})");
  expect(R"({"containers": [{"name": "a", "image": "x"}, {"name": "b"}]})", R"({"containers": [{"$patch": "replace"}, {"name": "a"}]})",
         R"({"containers": [{"name": "a"}]})");
}

TEST(Merge, OfPortsGoesByNumberAndProtocol) {
  expect(R"({"containers": [{"name": "a", "ports": [{"containerPort": 1, "protocol": "TCP", "name": "x"}]}]})",
         R"({"containers": [{"name": "a", "ports": [{"containerPort": 1, "hostPort": 2}, {"containerPort": 1, "protocol": "UDP"}]}]})",
         R"({"containers": [{"name": "a", "ports": [{"containerPort": 1, "protocol": "TCP", "name": "x", "hostPort": 2},
                                                    {"containerPort": 1, "protocol": "UDP"}]}]})");
}

TEST(Merge, ListsWithoutNamesAreReplaced) {
  expect(R"({"args": ["a", "b"], "tolerations": [{"key": "x"}]})", R"({"args": ["c"], "tolerations": [{"key": "y", "effect": null}]})",
         R"({"args": ["c"], "tolerations": [{"key": "y"}]})");
}

// As Kubernetes orders a merged list: what the patch names first, what it does not before an item that stood behind it.
TEST(Merge, OrderOfAList) {
  const auto order = [](const char* target, const char* patch) {
    std::string names;
    const Object list = merged(target, patch)["initContainers"];
    for (const Object& item : list) names += item["name"].get<std::string>();
    return names;
  };
  EXPECT_EQ(order(R"({"initContainers": [{"name": "a"}]})", R"({"initContainers": [{"name": "x"}]})"), "xa");
  EXPECT_EQ(order(R"({"initContainers": [{"name": "a"}]})", R"({"initContainers": [{"name": "a"}, {"name": "x"}]})"), "ax");
  EXPECT_EQ(order(R"({"initContainers": [{"name": "a"}, {"name": "b"}]})", R"({"initContainers": [{"name": "b", "image": "i"}]})"), "ab");
  EXPECT_EQ(order(R"({"initContainers": [{"name": "a"}, {"name": "b"}, {"name": "c"}]})",
                  R"({"initContainers": [{"name": "c"}, {"name": "a"}]})"),
            "bca");
}

TEST(Merge, TwiceIsTheSameAsOnce) {
  const char* target = R"({"spec": {"containers": [{"name": "a", "image": "x"}], "volumes": [{"name": "v", "emptyDir": {}}]}})";
  const char* patch =
      R"({"metadata": {"labels": {"x": "y"}}, "spec": {"containers": [{"name": "s", "image": "y"}, {"name": "a", "tty": true}],
                          "volumes": [{"name": "w", "emptyDir": {}}], "hostAliases": [{"ip": "1.2.3.4", "hostnames": ["h"]}]}})";
  const Object once = merged(target, patch);
  EXPECT_EQ(merged(once.dump().c_str(), patch), once);
}

struct Wrong {
  const char* patch;
  const char* path;
};

class WrongPatch : public testing::TestWithParam<Wrong> {};

TEST_P(WrongPatch, IsRefusedWithThePathInThePatch) {
  const auto result = merge(Object::parse(R"({"spec": {"containers": [{"name": "a"}]}})"), Object::parse(GetParam().patch));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().field, GetParam().path);
  EXPECT_FALSE(result.error().message.empty());
}

INSTANTIATE_TEST_SUITE_P(
    All, WrongPatch,
    testing::Values(Wrong{R"({"spec": {"$setElementOrder/containers": [{"name": "a"}]}})", "spec.$setElementOrder/containers"},
                    Wrong{R"({"spec": {"$retainKeys": ["x"]}})", "spec.$retainKeys"},
                    Wrong{R"({"spec": {"$patch": "merge"}})", "spec.$patch"},
                    Wrong{R"({"spec": {"containers": [{"image": "x"}]}})", "spec.containers[0]"},
                    Wrong{R"({"spec": {"containers": ["a"]}})", "spec.containers[0]"},
                    Wrong{R"({"spec": {"containers": [{"name": "b"}, {"name": "b"}]}})", "spec.containers[name=b]"},
                    Wrong{R"({"spec": {"containers": [{"name": "a", "$patch": "replace"}]}})", "spec.containers[name=a].$patch"},
                    Wrong{R"({"spec": {"containers": [{"$patch": "delete"}]}})", "spec.containers[0]"},
                    Wrong{R"({"spec": {"tolerations": [{"$patch": "replace"}]}})", "spec.tolerations[0].$patch"},
                    Wrong{R"({"spec": {"topologySpreadConstraints": [{"topologyKey": "zone"}]}})", "spec.topologySpreadConstraints[0]"}));

TEST(MergeKeys, OfPortsDependOnWhoseTheyAre) {
  EXPECT_EQ(merge_keys("ports", "containers").front(), "containerPort");
  EXPECT_EQ(merge_keys("ports", "spec").front(), "port");
  EXPECT_TRUE(merge_keys("ports", "ingress").empty()) << "those of a NetworkPolicy are atomic";
}

TEST(Difference, ZeroThatTheServerLeavesOutIsNone) {
  EXPECT_TRUE(differences(Object::parse(R"({"initialDelaySeconds": 0})"), Object::object()).empty());
  EXPECT_FALSE(differences(Object::parse(R"({"replicas": 0})"), Object::parse(R"({"replicas": 1})")).empty());
}

}  // namespace
}  // namespace controllers::object
