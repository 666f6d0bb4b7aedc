#include "operator/engine/views.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace engine {
namespace {

using nlohmann::json;

class ViewsTest : public ::testing::Test {
 protected:
  void put(const std::string& platform, const std::string& name, const std::string& value) {
    maps.apply({{"apiVersion", "v1"},
                {"kind", "ConfigMap"},
                {"metadata",
                 {{"name", name},
                  {"namespace", "pay"},
                  {"uid", "u-" + name},
                  {"resourceVersion", "7"},      // always the same, as after a restored backup
                  {"labels", {{std::string(kube::kInstanceLabel), platform}}}}},
                {"data", {{"value", value}}}});
  }
  void remove(const std::string& name) { maps.remove({{"metadata", {{"name", name}, {"namespace", "pay"}}}}); }
  static controllers::Ref ref(const std::string& name) { return {"v1", "ConfigMap", name}; }
  static Key key(const std::string& platform) { return {"pay", platform}; }

  kube::Cache cache{[](const kube::Cache::Change&) {}, [] {}};
  kube::WatchSink& maps = cache.source({kube::find_kind("v1", "ConfigMap"), ""}, [](const base::Error&) {});
  Views views{cache};
};

TEST_F(ViewsTest, AreWhatTheCacheHasNow) {
  put("shop", "a", "1");
  put("shop", "b", "1");
  put("shop", "gone", "1");
  put("other", "c", "1");
  views.keep(key("shop"), views.take(key("shop")));
  put("shop", "b", "2");
  put("shop", "new", "1");
  remove("gone");
  const Views::View view = views.take(key("shop"));
  ASSERT_EQ(view.children.size(), 3U);
  EXPECT_EQ(view.revisions.size(), 3U);
  for (const auto& [name, value] : {std::pair("a", "1"), std::pair("b", "2"), std::pair("new", "1")}) {
    EXPECT_EQ(view.children.at(ref(name))["data"]["value"], value) << name;
    EXPECT_EQ(view.children.at(ref(name))["metadata"]["resourceVersion"], "7") << name;
  }
}

TEST_F(ViewsTest, AnObjectThatIsAsItWasIsNotDecodedAgain) {
  put("shop", "a", "1");
  put("shop", "b", "1");
  Views::View view = views.take(key("shop"));
  const json* a = &view.children.at(ref("a"));
  const json* b = &view.children.at(ref("b"));
  views.keep(key("shop"), std::move(view));
  put("shop", "b", "1");
  view = views.take(key("shop"));
  EXPECT_EQ(&view.children.at(ref("a")), a);
  EXPECT_NE(&view.children.at(ref("b")), b);
}

TEST_F(ViewsTest, OfThePlatformsLookedAtLastAreKeptAndOfNoOthers) {
  for (std::size_t i = 0; i < 3 * kViewsMax; ++i) {
    const std::string platform = "shop-" + std::to_string(i);
    put(platform, "of-" + platform, "1");
    views.keep(key(platform), views.take(key(platform)));
    EXPECT_LE(views.size(), kViewsMax);
  }
  views.forget(key("shop-" + std::to_string(3 * kViewsMax - 1)));
  EXPECT_EQ(views.size(), kViewsMax - 1);
  EXPECT_EQ(views.take(key("shop-0")).children.size(), 1U) << "whether it is kept or not";
}

}  // namespace
}  // namespace engine
