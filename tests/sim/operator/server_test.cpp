#include "tests/sim/operator/server.hpp"

#include <gtest/gtest.h>

#include "tests/sim/operator/defaults.hpp"
#include "tests/sim/operator/watches.hpp"

namespace sim {
namespace {

struct World {
  Schedule schedule;
  Server server{schedule};
  Watches watches{schedule, server};

  kube::Response send(const std::string& method, const std::string& path, const Object& body = nullptr,
                      const std::string& type = "application/json") {
    kube::Request request;
    request.method = method;
    request.path = path;
    request.content_type = type;
    if (!body.is_null()) request.body = body.dump();
    return server.handle(request);
  }
};

Object config_map(const std::string& name, Object data = Object::object()) {
  return {{"apiVersion", "v1"},
          {"kind", "ConfigMap"},
          {"metadata", {{"name", name}, {"namespace", "pay"}, {"labels", {{"app", name}}}}},
          {"data", std::move(data)}};
}

constexpr const char* kMaps = "/api/v1/namespaces/pay/configmaps";
constexpr const char* kApply = "application/apply-patch+yaml";

TEST(Server, AnApplyThatChangesNothingHasNoNewVersion) {
  World world;
  const std::string path = std::string(kMaps) + "/a?fieldManager=us&force=true";
  EXPECT_EQ(world.send("PATCH", path, config_map("a"), kApply).status, 201);
  const std::uint64_t version = world.server.store().version();
  EXPECT_EQ(world.send("PATCH", path, config_map("a"), kApply).status, 200);
  EXPECT_EQ(world.server.store().version(), version);
}

TEST(Server, AnApplyWithTheUidOfAnotherObjectIsInvalidAndOfOneThatIsGoneAConflict) {
  World world;
  world.server.create(config_map("a"), "kubectl");
  Object ours = config_map("a");
  ours["metadata"]["uid"] = "another";
  EXPECT_EQ(world.send("PATCH", std::string(kMaps) + "/a?fieldManager=us&force=true", ours, kApply).status, 422);
  ours["metadata"]["name"] = "b";
  EXPECT_EQ(world.send("PATCH", std::string(kMaps) + "/b?fieldManager=us&force=true", ours, kApply).status, 409);
}

TEST(Server, ADeleteComparesItsPreconditions) {
  World world;
  world.server.create(config_map("a"), "kubectl");
  EXPECT_EQ(world.send("DELETE", std::string(kMaps) + "/a", {{"preconditions", {{"uid", "another"}}}}).status, 409);
  const std::string uid = (*world.server.store().find(place_of(config_map("a"))))["metadata"]["uid"];
  EXPECT_EQ(world.send("DELETE", std::string(kMaps) + "/a", {{"preconditions", {{"uid", uid}}}}).status, 200);
  EXPECT_EQ(world.send("GET", std::string(kMaps) + "/a").status, 404);
}

TEST(Server, AnObjectWithFinalizersStaysUntilTheyAreGone) {
  World world;
  Object map = config_map("a");
  map["metadata"]["finalizers"] = {"example.com/wait"};
  world.server.create(map, "kubectl");
  world.server.remove(place_of(map));
  const Stored ending = world.server.store().find(place_of(map));
  ASSERT_NE(ending, nullptr);
  EXPECT_TRUE(ending->at("metadata").contains("deletionTimestamp"));
  world.server.update(place_of(map), "kubectl", [](Object& object) { object["metadata"]["finalizers"] = Object::array(); });
  EXPECT_EQ(world.server.store().find(place_of(map)), nullptr);
}

TEST(Server, AListComesInPagesOfOneVersionAndItsTokenExpires) {
  World world;
  for (const char* name : {"a", "b", "c"}) world.server.create(config_map(name), "kubectl");
  const Object first = Object::parse(world.send("GET", std::string(kMaps) + "?limit=2").body);
  EXPECT_EQ(first["items"].size(), 2U);
  const std::string token = first["metadata"]["continue"];
  world.server.create(config_map("d"), "kubectl");
  const Object second = Object::parse(world.send("GET", std::string(kMaps) + "?limit=2&continue=" + kube::encode(token)).body);
  ASSERT_EQ(second["items"].size(), 1U) << "of the version of the first page";
  EXPECT_EQ(second["metadata"]["resourceVersion"], first["metadata"]["resourceVersion"]);
  world.server.store().forget_up_to(world.server.store().version());
  EXPECT_EQ(world.send("GET", std::string(kMaps) + "?limit=2&continue=" + kube::encode(token)).status, 410);
}

TEST(Server, TheStatusIsItsOwnSubresource) {
  World world;
  Object platform = {
      {"apiVersion", "paymentplatform.io/v1alpha1"}, {"kind", "PaymentPlatform"}, {"metadata", {{"name", "shop"}, {"namespace", "pay"}}}};
  const Answer made = world.server.create(platform, "kubectl");
  ASSERT_TRUE(made.good()) << made.message;
  EXPECT_EQ((*made.object)["status"], (Object{{"observedGeneration", -1}}));
  EXPECT_EQ((*made.object)["spec"]["services"]["payment"]["replicas"], 3) << "defaults come from the definition";
  world.server.update(place_of(platform), "kubectl", [](Object& object) { object["status"]["version"] = "x"; });
  EXPECT_FALSE(world.server.store().find(place_of(platform))->at("status").contains("version"));
  world.server.update(
      place_of(platform), "us",
      [](Object& object) {
        object["status"]["version"] = "x";
        object["spec"]["paused"] = true;
      },
      "status");
  const Stored live = world.server.store().find(place_of(platform));
  EXPECT_EQ(live->at("status").at("version"), "x");
  EXPECT_EQ(live->at("spec").at("paused"), false);
  EXPECT_EQ(live->at("metadata").at("generation"), 1) << "of the spec alone";
}

TEST(Server, WhatTheDefinitionForbidsIsRefusedWithTheField) {
  World world;
  const Answer made = world.server.create({{"apiVersion", "paymentplatform.io/v1alpha1"},
                                           {"kind", "PaymentPlatform"},
                                           {"metadata", {{"name", "shop"}, {"namespace", "pay"}}},
                                           {"spec", {{"services", {{"payment", {{"replicas", -1}}}}}}}},
                                          "kubectl");
  EXPECT_EQ(made.status, 422);
  EXPECT_EQ(made.field, "spec.services.payment.replicas");
}

TEST(Watch, TellsEveryChangeAfterItsVersionAndLeavesByTheLabel) {
  World world;
  world.server.create(config_map("a"), "kubectl");
  const std::string from = std::to_string(world.server.store().version());
  std::vector<std::string> lines;
  const auto watch = world.watches.open({&kind_named("ConfigMap"), "pay", ""}, "watch=1&labelSelector=app%3Da&resourceVersion=" + from,
                                        {[&](const std::string& line) { lines.push_back(Object::parse(line)["type"]); }, [] {}});
  ASSERT_NE(watch, nullptr);
  world.server.update(place_of(config_map("a")), "kubectl", [](Object& object) { object["data"]["x"] = "1"; });
  world.server.create(config_map("b"), "kubectl");
  world.server.update(place_of(config_map("a")), "stripper", [](Object& object) { object["metadata"].erase("labels"); });
  world.server.update(place_of(config_map("a")), "stripper", [](Object& object) { object["metadata"]["labels"]["app"] = "a"; });
  world.server.remove(place_of(config_map("a")));
  EXPECT_EQ(lines, (std::vector<std::string>{"MODIFIED", "DELETED", "ADDED", "DELETED"}));
}

TEST(Watch, OfAForgottenVersionIsNotOpened) {
  World world;
  world.server.create(config_map("a"), "kubectl");
  world.server.store().forget_up_to(world.server.store().version());
  EXPECT_EQ(world.watches.open({&kind_named("ConfigMap"), "pay", ""}, "watch=1&resourceVersion=1000", {[](const std::string&) {}, [] {}}),
            nullptr);
}

TEST(Defaults, QuantitiesTakeTheirNormalForm) {
  EXPECT_EQ(normal_quantity("1024Mi"), "1Gi");
  EXPECT_EQ(normal_quantity("1.5Gi"), "1536Mi");
  EXPECT_EQ(normal_quantity("0.5"), "500m");
  EXPECT_EQ(normal_quantity("1000m"), "1");
  EXPECT_EQ(normal_quantity("500m"), "500m");
  EXPECT_EQ(normal_quantity("no quantity"), "no quantity");
}

}  // namespace
}  // namespace sim
