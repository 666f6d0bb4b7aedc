#include <gtest/gtest.h>

#include "controllers/object/applied.hpp"
#include "controllers/object/diff.hpp"
#include "controllers/object/quantity.hpp"

namespace controllers::object {
namespace {

TEST(Quantity, SameAmountInOtherWords) {
  for (const auto& [left, right] : std::vector<std::pair<Object, Object>>{{"0.5", "500m"},
                                                                          {"1", "1000m"},
                                                                          {1, "1"},
                                                                          {"1Gi", "1024Mi"},
                                                                          {"1Gi", "1073741824"},
                                                                          {"1.5Gi", "1536Mi"},
                                                                          {"1k", "1000"},
                                                                          {"2000k", "2M"},
                                                                          {"0.1", "100m"},
                                                                          {"1e3", "1e3"}}) {
    EXPECT_TRUE(same_quantity(left, right)) << left << " " << right;
  }
}

TEST(Quantity, AnotherAmountOrNone) {
  for (const auto& [left, right] : std::vector<std::pair<Object, Object>>{
           {"1Gi", "1G"}, {"1", "1m"}, {"", "0"}, {"x", "y"}, {"1Qi", "1"}, {nullptr, "0"}, {"99999999999999999999", "1"}}) {
    EXPECT_FALSE(same_quantity(left, right)) << left << " " << right;
  }
  EXPECT_TRUE(less_quantity("1Gi", "2G"));
  EXPECT_FALSE(less_quantity("2Gi", "2Gi"));
  EXPECT_FALSE(less_quantity("much", "2Gi"));
}

/// A Deployment as an API server returns it, applied by us and by nobody else.
Object live_deployment() {
  return Object::parse(R"({
    "apiVersion": "apps/v1", "kind": "Deployment",
    "metadata": {
      "name": "redis", "namespace": "payment", "uid": "u", "generation": 1, "creationTimestamp": "2026-03-01T08:00:00Z",
      "labels": {"app": "redis", "team": "shop"}, "annotations": {"deployment.kubernetes.io/revision": "1"},
      "managedFields": [
        {"manager": "payment-operator", "operation": "Apply", "apiVersion": "apps/v1", "fieldsType": "FieldsV1", "fieldsV1": {
          "f:metadata": {"f:labels": {"f:app": {}}},
          "f:spec": {"f:replicas": {}, "f:selector": {}, "f:template": {"f:metadata": {"f:labels": {"f:app": {}}},
            "f:spec": {"f:containers": {"k:{\"name\":\"redis\"}": {".": {}, "f:name": {}, "f:image": {},
              "f:env": {"k:{\"name\":\"MODE\"}": {".": {}, "f:name": {}, "f:value": {}}},
              "f:ports": {"k:{\"containerPort\":6379,\"protocol\":\"TCP\"}": {
                ".": {}, "f:containerPort": {}, "f:name": {}, "f:protocol": {}}},
              "f:resources": {"f:requests": {"f:cpu": {}, "f:memory": {}}}}}}}}}},
        {"manager": "kube-controller-manager", "operation": "Update", "subresource": "status", "fieldsV1": {"f:status": {"f:replicas": {}}}}
      ]
    },
    "spec": {
      "replicas": 1, "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600,
      "selector": {"matchLabels": {"app": "redis"}},
      "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}},
      "template": {"metadata": {"creationTimestamp": null, "labels": {"app": "redis"}}, "spec": {
        "containers": [
          {"name": "mesh", "image": "mesh:1"},
          {"name": "redis", "image": "redis:7.2", "imagePullPolicy": "IfNotPresent", "terminationMessagePath": "/dev/termination-log",
           "env": [{"name": "INJECTED", "value": "x"}, {"name": "MODE", "value": "cache"}],
           "ports": [{"containerPort": 6379, "name": "redis", "protocol": "TCP"}],
           "resources": {"requests": {"cpu": "500m", "memory": "1Gi"}}}],
        "dnsPolicy": "ClusterFirst", "restartPolicy": "Always", "schedulerName": "default-scheduler", "securityContext": {}}}
    },
    "status": {"replicas": 1}
  })");
}

Object wanted_deployment() {
  return Object::parse(R"({
    "apiVersion": "apps/v1", "kind": "Deployment",
    "metadata": {"name": "redis", "namespace": "payment", "labels": {"app": "redis"}},
    "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "redis"}}, "template": {"metadata": {"labels": {"app": "redis"}}, "spec": {
      "containers": [{"name": "redis", "image": "redis:7.2", "env": [{"name": "MODE", "value": "cache"}],
                      "ports": [{"containerPort": 6379, "name": "redis", "protocol": "TCP"}],
                      "resources": {"requests": {"cpu": "0.5", "memory": "1024Mi"}}}]}}}
  })");
}

TEST(Difference, NoneAgainstDefaultsOfTheServerAndFieldsOfOthers) {
  EXPECT_EQ(differences(wanted_deployment(), live_deployment()), std::vector<Difference>{});
}

TEST(Difference, NamesThePathByMergeKeys) {
  Object wanted = wanted_deployment();
  wanted["spec"]["template"]["spec"]["containers"][0]["env"][0]["value"] = "store";
  const std::vector<Difference> expected = {{"spec.template.spec.containers[name=redis].env[name=MODE].value", "store", "cache"}};
  EXPECT_EQ(differences(wanted, live_deployment()), expected);
}

TEST(Difference, AMissingItemAndAMissingField) {
  Object wanted = wanted_deployment();
  wanted["spec"]["template"]["spec"]["containers"][0]["ports"].push_back({{"containerPort", 9}, {"name", "extra"}});
  wanted["metadata"]["labels"]["new"] = "x";
  EXPECT_EQ(differences(wanted, live_deployment()).size(), 2U);
}

TEST(Difference, NothingSentAndNothingThereAreTheSame) {
  Object wanted = wanted_deployment();
  wanted["spec"]["paused"] = false;
  wanted["spec"]["template"]["spec"]["tolerations"] = Object::array();
  EXPECT_EQ(differences(wanted, live_deployment()), std::vector<Difference>{});
}

TEST(Difference, ASelectorIsComparedAsAWhole) {
  Object live = live_deployment();
  live["spec"]["selector"]["matchLabels"]["canary"] = "yes";
  EXPECT_EQ(differences(wanted_deployment(), live).size(), 1U);
}

TEST(Difference, AtomicListsByOrderButWithDefaultsFilledIn) {
  const Object wanted = Object::parse(R"({"spec": {"metrics": [{"type": "a", "x": {}}, {"type": "b"}]}})");
  EXPECT_TRUE(differences(wanted, Object::parse(R"({"spec": {"metrics": [{"type": "a", "x": {}, "d": 1}, {"type": "b"}]}})")).empty());
  EXPECT_EQ(differences(wanted, Object::parse(R"({"spec": {"metrics": [{"type": "b"}, {"type": "a", "x": {}}]}})")).size(), 2U);
  EXPECT_EQ(differences(wanted, Object::parse(R"({"spec": {"metrics": []}})")).size(), 1U);
}

TEST(Difference, IsBounded) {
  Object wanted = Object::object();
  for (int i = 0; i < 100; ++i) wanted["data"]["key" + std::to_string(i)] = "x";
  EXPECT_EQ(differences(wanted, Object::parse(R"({"data": {}})")).size(), kDifferencesMax);
}

TEST(Applied, IsWhatWeSentWithTheLiveValues) {
  const Object live = live_deployment();
  const Object ours = applied(live, "payment-operator");
  EXPECT_EQ(differences(ours, live), std::vector<Difference>{});
  EXPECT_EQ(leftovers(ours, live, "payment-operator"), std::vector<Difference>{}) << "sending it again lets go of nothing";
  EXPECT_EQ(ours.dump().find("mesh"), std::string::npos) << "the container of somebody else";
  EXPECT_EQ(ours["spec"]["template"]["spec"]["containers"][0]["image"], "redis:7.2");
  EXPECT_EQ(applied(live, "somebody"), Object::object());
}

TEST(Leftover, NoneWhileEverythingIsStillSent) {
  EXPECT_EQ(leftovers(wanted_deployment(), live_deployment(), "payment-operator"), std::vector<Difference>{});
}

TEST(Leftover, AFieldThatIsNoLongerSentMustGo) {
  Object wanted = wanted_deployment();
  wanted["spec"]["template"]["spec"]["containers"][0]["env"] = Object::array();
  wanted["spec"].erase("replicas");
  std::vector<std::string> paths;
  for (const Difference& gone : leftovers(wanted, live_deployment(), "payment-operator")) paths.push_back(gone.path);
  EXPECT_EQ(paths, (std::vector<std::string>{"spec.replicas", R"(spec.template.spec.containers[{"name":"redis"}].env[{"name":"MODE"}])"}));
}

TEST(Leftover, FieldsOfOtherManagersAreTheirs) {
  EXPECT_EQ(leftovers(wanted_deployment(), live_deployment(), "somebody"), std::vector<Difference>{});
}

TEST(Ownership, IsByPathOfTheRecordedFields) {
  const Object live = live_deployment();
  EXPECT_TRUE(owns(live, "payment-operator", {"f:spec", "f:template", "f:spec", "f:containers", R"(k:{"name":"redis"})", "f:image"}));
  EXPECT_FALSE(owns(live, "payment-operator", {"f:spec", "f:paused"}));
  EXPECT_FALSE(owns(live, "kube-controller-manager", {"f:status"})) << "updates are no applies";
}

TEST(Path, WhatIsAbsentOrOfAnotherTypeIsNotThere) {
  const Object object = Object::parse(R"({"a": {"b": 1, "c": "x"}, "l": [1]})");
  EXPECT_EQ(text_at(object, {"a", "b"}), "");
  EXPECT_EQ(number_at(object, {"a", "c"}, 7), 7);
  EXPECT_EQ(dig(object, {"a", "b", "c"}), nullptr);
  EXPECT_TRUE(list_at(object, {"a"}).empty());
}

}  // namespace
}  // namespace controllers::object
