// An operator that was given some namespaces: each is a world of its own.
#include <gtest/gtest.h>

#include "operator/engine/manager.hpp"
#include "operator/engine/testing.hpp"

namespace engine {
namespace {

using controllers::Object;
using controllers::Plan;
using controllers::Snapshot;
using nlohmann::json;

/// A status, and nothing else.
Plan say_hello(const Object& platform, const Snapshot&, const controllers::Settings&, base::TimePoint) {
  Plan plan;
  if (!platform.contains("status")) plan.status = {{"hello", true}};
  return plan;
}

class NamespacesTest : public ::testing::Test {
 protected:
  void TearDown() override { manager.reset(); }

  void make(std::vector<std::string> namespaces) {
    manager = std::make_unique<Manager>(Ports{loop, server, rng, keys, instruments}, ManagerOptions{std::move(namespaces), {}, "test"},
                                        say_hello);
  }
  void start(std::vector<std::string> namespaces) {
    make(std::move(namespaces));
    manager->set_leading(true);
    manager->start();
    loop.settle();
  }
  static std::string path(const std::string& name_space) {
    return "/apis/paymentplatform.io/v1alpha1/namespaces/" + name_space + "/paymentplatforms/shop";
  }
  void create_platform(const std::string& name_space) {
    server.put(path(name_space), {{"apiVersion", "paymentplatform.io/v1alpha1"},
                                  {"kind", "PaymentPlatform"},
                                  {"metadata", {{"name", "shop"}, {"namespace", name_space}, {"generation", 1}}}});
  }
  bool greeted(const std::string& name_space) { return server.objects.at(path(name_space)).contains("status"); }

  kube::testing::ManualLoop loop;
  testing::FakeApiServer server{loop};
  base::SeededRng rng{5};
  testing::FakeKeyMaker keys{loop};
  obs::Metrics metrics;
  Instruments instruments{metrics};
  std::unique_ptr<Manager> manager;
};

TEST_F(NamespacesTest, OneThatMayNotBeListedStopsNoOther) {
  for (const char* name : {"pay", "gone"}) create_platform(name);
  server.forbidden = [](const std::string& collection) { return collection.find("/namespaces/gone/") != std::string::npos; };
  start({"pay", "gone"});
  loop.advance(std::chrono::seconds(1));
  EXPECT_TRUE(greeted("pay"));
  EXPECT_FALSE(greeted("gone"));
  EXPECT_NE(manager->not_ready().find("paymentplatforms in gone"), std::string::npos) << manager->not_ready();

  server.forbidden = [](const std::string&) { return false; };
  loop.advance(std::chrono::minutes(2));
  EXPECT_TRUE(greeted("gone"));
  EXPECT_EQ(manager->not_ready(), "");
}

TEST_F(NamespacesTest, AnOperatorThatHasNotAskedForAnythingIsNotReady) {
  make({});
  EXPECT_NE(manager->not_ready(), "");
  manager->set_leading(true);
  manager->start();
  EXPECT_NE(manager->not_ready(), "");
  loop.settle();
  EXPECT_EQ(manager->not_ready(), "");
}

TEST_F(NamespacesTest, ThatAreNotListedAreLeftAlone) {
  for (const char* name : {"pay", "travel", "other"}) create_platform(name);
  start({"pay", "travel"});
  loop.advance(std::chrono::seconds(1));
  EXPECT_TRUE(greeted("pay"));
  EXPECT_TRUE(greeted("travel"));
  EXPECT_FALSE(greeted("other"));
}

TEST_F(NamespacesTest, StartAnewWhenTheLeaseComesBack) {
  create_platform("pay");
  start({"pay"});
  loop.advance(std::chrono::seconds(1));
  manager->set_leading(false);
  create_platform("travel");
  server.objects.at(path("pay")).erase("status");
  server.put(path("pay"), server.objects.at(path("pay")));
  loop.advance(std::chrono::seconds(1));
  EXPECT_FALSE(greeted("pay"));
  manager->set_leading(true);
  loop.advance(std::chrono::seconds(1));
  EXPECT_TRUE(greeted("pay"));
}

}  // namespace
}  // namespace engine
