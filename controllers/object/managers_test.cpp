#include "controllers/object/managers.hpp"

#include <gtest/gtest.h>

namespace controllers::object {
namespace {

Object entry(const std::string& manager, const Object& fields) {
  return {{"manager", manager}, {"operation", "Update"}, {"fieldsV1", fields}};
}

Object with(std::initializer_list<Object> entries) { return {{"metadata", {{"managedFields", Object(entries)}}}}; }

const Object kImage = Object::parse(R"({"f:spec":{"f:template":{"f:spec":{"f:containers":{"k:{\"name\":\"redis\"}":{"f:image":{}}}}}}})");
const std::string kImagePath = "spec.template.spec.containers[name=redis].image";

TEST(ManagerOf, IsWhoOwnsTheField) {
  const Object live = with(
      {entry("payment-operator", kImage), entry("other", {{"f:spec", {{"f:replicas", Object::object()}}}}), entry("kubectl-edit", kImage)});
  EXPECT_EQ(manager_of(live, kImagePath), "kubectl-edit");
  EXPECT_EQ(manager_of(live, "spec.replicas"), "other");
}

TEST(ManagerOf, IsNobodyWhenNobodySaysSo) {
  const Object live = with({entry("payment-operator", kImage), entry("other", {{"f:spec", {{"f:replicas", Object::object()}}}})});
  EXPECT_EQ(manager_of(live, kImagePath), "");
  EXPECT_EQ(manager_of(live, "spec.template.spec.containers[name=other].image"), "");
  EXPECT_EQ(manager_of(live, "spec.replicasOfMore"), "") << "a longer word is another field";
  EXPECT_EQ(manager_of(Object::object(), kImagePath), "");
  EXPECT_EQ(manager_of(Object::parse(R"({"metadata":{"managedFields":[1,{"manager":"x"},{"manager":"y","fieldsV1":[]}]}})"), kImagePath),
            "");
}

TEST(ManagerOf, OfAWholeIsWhoOwnsAPartOfItAndOfAPartWhoOwnsTheWhole) {
  const Object live = with({entry("parts", {{"f:data", {{"f:a", Object::object()}, {"f:b", Object::object()}}}}),
                            entry("whole", {{"f:spec", {{"f:selector", Object::object()}}}})});
  EXPECT_EQ(manager_of(live, "data"), "parts");
  EXPECT_EQ(manager_of(live, "spec.selector.app"), "whole");
}

TEST(ManagerOf, DotsInNamesDoNotLeadAstray) {
  const Object live = with({entry("labeller", {{"f:metadata", {{"f:labels", {{"f:app.kubernetes.io/version", Object::object()}}}}}})});
  EXPECT_EQ(manager_of(live, "metadata.labels.app.kubernetes.io/version"), "labeller");
  EXPECT_EQ(manager_of(live, "metadata.labels.app"), "");
}

TEST(ManagerOf, PortsAreFoundByTheirFirstKey) {
  const Object live =
      with({entry("mesh", Object::parse(R"({"f:spec":{"f:ports":{"k:{\"port\":80,\"protocol\":\"TCP\"}":{".":{},"f:name":{}}}}})"))});
  EXPECT_EQ(manager_of(live, "spec.ports[port=80].name"), "mesh");
}

}  // namespace
}  // namespace controllers::object
