#include "operator/kube/watcher.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "common/base/rng.hpp"
#include "operator/kube/cache.hpp"
#include "operator/kube/testing.hpp"

namespace kube {
namespace {

using nlohmann::json;
using std::chrono::seconds;

json object(const std::string& name, const std::string& version, const std::string& instance = "shop") {
  return {{"metadata",
           {{"name", name},
            {"namespace", "pay"},
            {"uid", "u-" + name},
            {"resourceVersion", version},
            {"labels", {{"app.kubernetes.io/instance", instance}}}}}};
}

json list(const std::string& version, const std::vector<json>& items, const std::string& token = "") {
  return {{"metadata", {{"resourceVersion", version}, {"continue", token}}}, {"items", items}};
}

std::string line(const std::string& type, json what) {
  what["apiVersion"] = "v1";
  what["kind"] = "Service";
  return json{{"type", type}, {"object", std::move(what)}}.dump() + "\n";
}

/// One watcher on Services, a scripted API server and the cache behind them.
class WatcherTest : public ::testing::Test {
 protected:
  WatcherTest() { watcher.start(); }

  std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (const json& child : cache.children({"pay", "shop"})) out.push_back(child["metadata"]["name"]);
    return out;
  }
  void listed(const json& page) { transport.answer(200, page.dump()); }
  void watching() {
    listed(list("10", {object("a", "3"), object("b", "4")}));
    transport.stream_opened();
  }

  testing::ManualLoop loop;
  testing::ScriptedTransport transport{loop};
  base::SeededRng rng{11};
  std::vector<Cache::Change> changes;
  int lists = 0;
  Cache cache{[this](const Cache::Change& change) { changes.push_back(change); }, [this] { ++lists; }};
  std::vector<base::Error> troubles;
  WatchTarget target{find_kind("v1", "Service"), ""};
  Watcher watcher{target, loop, transport, rng, cache.source(target, [this](const base::Error& e) { troubles.push_back(e); })};
};

using Names = std::vector<std::string>;

/// The same again, for a test that needs several.
class Fresh : public WatcherTest {
 public:
  using WatcherTest::loop;
  using WatcherTest::names;
  using WatcherTest::transport;
  using WatcherTest::troubles;
  using WatcherTest::watching;

 private:
  void TestBody() override {}
};

TEST_F(WatcherTest, ListsByLabelInPagesAndThenWatches) {
  const std::string first = transport.asked.front().request.path;
  EXPECT_EQ(first, "/api/v1/services?labelSelector=app.kubernetes.io%2Fmanaged-by%3Dpayment-operator&limit=100");
  EXPECT_FALSE(cache.synced());
  listed(list("10", {object("a", "3")}, "t/1"));
  EXPECT_TRUE(transport.asked.front().request.path.ends_with("&limit=100&continue=t%2F1"));
  EXPECT_FALSE(cache.synced());
  listed(list("10", {object("b", "4")}));
  EXPECT_TRUE(cache.synced());
  EXPECT_EQ(lists, 1);
  EXPECT_EQ(names(), (Names{"a", "b"}));
  ASSERT_EQ(transport.streams.size(), 1U);
  EXPECT_NE(transport.streams[0]->request.path.find("watch=1&allowWatchBookmarks=true&timeoutSeconds=290&resourceVersion=10"),
            std::string::npos);
}

TEST_F(WatcherTest, FollowsEventsHoweverTheyAreCut) {
  watching();
  const std::string text = line("ADDED", object("c", "11")) + line("DELETED", object("a", "12")) + line("BOOKMARK", object("", "20"));
  for (const char c : text) transport.stream_data(std::string(1, c));
  EXPECT_EQ(names(), (Names{"b", "c"}));
  EXPECT_EQ(cache.progress({"pay", target.kind, "a"}), 20U);
  transport.stream_ended({});
  ASSERT_EQ(transport.streams.size(), 2U);
  EXPECT_TRUE(transport.streams[1]->request.path.ends_with("resourceVersion=20"));
}

TEST_F(WatcherTest, AfterAnExpiredVersionWhatWasDeletedMeanwhileIsDropped) {
  watching();
  transport.stream_data(R"({"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}})"
                        "\n");
  loop.advance(seconds(1));
  EXPECT_EQ(names(), (Names{"a", "b"})) << "nothing may vanish before the new list is complete";
  listed(list("30", {object("b", "4")}));
  EXPECT_EQ(names(), (Names{"b"}));
}

TEST_F(WatcherTest, ASilentStreamIsClosedAndOpenedAgain) {
  watching();
  loop.advance(kWatchSilenceMax + seconds(1));
  EXPECT_TRUE(transport.streams[0]->closed);
  ASSERT_EQ(transport.streams.size(), 2U);
  EXPECT_TRUE(transport.streams[1]->request.path.ends_with("resourceVersion=10"));
}

TEST_F(WatcherTest, IsAliveByWhatTheServerSaysAndNotByTrying) {
  watching();
  const auto heard = loop.clock().steady_now();
  loop.advance(kWatchSilenceMax + seconds(1));
  ASSERT_EQ(transport.streams.size(), 2U) << "it tries";
  EXPECT_EQ(watcher.alive_at(), heard);
  transport.stream_opened();
  EXPECT_EQ(watcher.alive_at(), loop.clock().steady_now());
  loop.advance(seconds(60));
  transport.stream_data(line("BOOKMARK", object("", "20")));
  EXPECT_EQ(watcher.alive_at(), loop.clock().steady_now());

  const auto bookmark = loop.clock().steady_now();
  loop.advance(seconds(30));
  transport.stream_ended(base::fail(base::Code::Unknown, "connection reset"));
  EXPECT_EQ(watcher.alive_at(), bookmark) << "nobody knows what became of it";
  loop.advance(seconds(10));
  transport.stream_ended(base::fail(base::Code::PermissionDenied, "forbidden"));
  EXPECT_EQ(watcher.alive_at(), loop.clock().steady_now()) << "a refusal is a word too, and a new process would hear the same";
}

TEST_F(WatcherTest, ALateWordOfAClosedStreamChangesNothing) {
  watching();
  transport.stream_data("garbage\n" + line("ADDED", object("c", "11")));
  loop.advance(seconds(1));
  const auto opened = transport.streams.size();
  EXPECT_EQ(troubles.size(), 1U);
  loop.advance(seconds(5));
  EXPECT_EQ(transport.streams.size(), opened);
}

TEST_F(WatcherTest, ARefusedListIsReportedAndTriedAgain) {
  transport.answer(403, R"({"kind":"Status","code":403,"reason":"Forbidden","message":"services is forbidden"})");
  ASSERT_EQ(troubles.size(), 1U);
  EXPECT_EQ(troubles[0].code, base::Code::PermissionDenied);
  EXPECT_TRUE(transport.asked.empty());
  loop.advance(seconds(1));
  EXPECT_EQ(transport.asked.size(), 1U);
}

TEST_F(WatcherTest, AnEventThatChangesNothingWeKeepIsToldAsSuch) {
  watching();
  changes.clear();
  json foreign = object("a", "15");
  foreign["apiVersion"] = "v1";
  foreign["kind"] = "Service";
  foreign["metadata"]["managedFields"] = json::array({{{"manager", "kubectl"}, {"fieldsV1", json::object()}}});
  transport.stream_data(line("MODIFIED", foreign));   // adds an empty managedFields list
  transport.stream_data(line("MODIFIED", foreign));
  ASSERT_EQ(changes.size(), 2U);
  EXPECT_FALSE(changes[1].different);
}

TEST_F(WatcherTest, AnObjectThatMovesToAnotherPlatformIsToldToBoth) {
  watching();
  changes.clear();
  transport.stream_data(line("MODIFIED", object("a", "15", "other")));
  ASSERT_EQ(changes.size(), 2U);
  EXPECT_EQ(changes[0].platform.name, "shop");
  EXPECT_EQ(changes[1].platform.name, "other");
}

TEST(Targets, WatchedByNameHaveTheNameAsFieldSelectorAndDropNothingOfEachOther) {
  const Kind* secrets = find_kind("v1", "Secret");
  const WatchTarget shop{secrets, "pay", "shop-payment-generated"};
  EXPECT_TRUE(shop.path().ends_with("&fieldSelector=metadata.name%3Dshop-payment-generated&")) << shop.path();

  Cache cache{[](const Cache::Change&) {}, [] {}};
  const auto ignore = [](const base::Error&) {};
  WatchSink& one = cache.source({secrets, "pay", "payment-generated"}, ignore);
  WatchSink& other = cache.source(shop, ignore);
  const auto listed = [](WatchSink& sink, const char* name) {
    sink.begin_replace();
    if (*name != '\0') sink.apply(object(name, "3"));
    sink.finish_replace();
  };
  listed(one, "payment-generated");
  listed(other, "shop-payment-generated");
  listed(one, "payment-generated");
  EXPECT_EQ(cache.objects(), 2U) << "a new list of one says nothing of the other";
  listed(other, "");
  EXPECT_EQ(cache.objects(), 1U);

  one.progress(10);
  other.progress(20);
  EXPECT_EQ(cache.progress({"pay", secrets, "payment-generated"}), 10U);
  EXPECT_EQ(cache.progress({"pay", secrets, "shop-payment-generated"}), 20U);
}

// A deployment tool that notes something on the platform every few seconds is not its user.
TEST(Platforms, AnAnnotationOfSomebodyElseIsNoWishAndOursIs) {
  Cache cache{[](const Cache::Change&) {}, [] {}};
  WatchSink& platforms = cache.source({&platform_kind(), ""}, [](const base::Error&) {});
  const auto wish_with = [&](const char* version, const json& annotations) {
    json platform = object("shop", version);
    platform["metadata"]["generation"] = 1;
    platform["metadata"]["annotations"] = annotations;
    platforms.apply(std::move(platform));
    return cache.version({"pay", &platform_kind(), "shop"})->wish;
  };
  const std::uint64_t wish = wish_with("5", json::object());
  EXPECT_EQ(wish_with("6", {{"deploy.example.com/synced-at", "09:00"}}), wish);
  EXPECT_NE(wish_with("7", {{"paymentplatform.io/paused", "true"}}), wish);
  EXPECT_EQ(wish_with("8", json::object()), wish);
}

TEST_F(WatcherTest, AListOfWhatIsNoObjectIsAnErrorAndAskedForAgain) {
  listed(list("10", {json(7)}));
  EXPECT_EQ(troubles.size(), 1U);
  loop.advance(seconds(60));
  watching();
  EXPECT_EQ(names(), (Names{"a", "b"}));
}

TEST_F(WatcherTest, AnEventOfWhatIsNoObjectIsAnErrorAndNothingWorse) {
  for (const char* text : {R"({"type":"ERROR","object":"gone"})", R"({"type":"ADDED","object":"a"})",
                           R"({"type":"ADDED","object":{"metadata":{}}})", R"({"type":"ERROR","object":{"code":"410"}})"}) {
    Fresh fresh;
    fresh.watching();
    fresh.transport.stream_data(std::string(text) + "\n");
    fresh.loop.advance(seconds(0));
    EXPECT_EQ(fresh.troubles.size(), 1U) << text;
    EXPECT_EQ(fresh.names(), (Names{"a", "b"}));
  }
}

}  // namespace
}  // namespace kube
