#include "tests/sim/operator/apply.hpp"

#include <gtest/gtest.h>

namespace sim {
namespace {

Object parse(const char* text) { return Object::parse(text); }

Object with_spec(const std::string& kind, Object spec) {
  return {{"apiVersion", "apps/v1"}, {"kind", kind}, {"metadata", {{"name", "a"}, {"namespace", "pay"}}}, {"spec", std::move(spec)}};
}

Writer by(const std::string& manager) { return {manager, "", "2026-01-01T00:00:00Z"}; }

/// Applies in a row; every one must be taken.
class Applied {
 public:
  Applied& apply(const std::string& manager, const Object& wanted, bool force = false) {
    auto next = sim::apply(live_.is_null() ? nullptr : &live_, wanted, by(manager), force);
    EXPECT_TRUE(next) << manager;
    if (next) live_ = std::move(*next);
    return *this;
  }
  Applied& update(const std::string& manager, const std::function<void(Object&)>& edit) {
    Object next = live_;
    edit(next);
    track_update(&live_, next, by(manager));
    live_ = std::move(next);
    return *this;
  }
  [[nodiscard]] std::vector<FieldConflict> conflicts(const std::string& manager, const Object& wanted) const {
    auto next = sim::apply(&live_, wanted, by(manager), false);
    return next ? std::vector<FieldConflict>{} : next.error();
  }
  [[nodiscard]] const Object& spec() const { return live_.at("spec"); }
  [[nodiscard]] Object fields_of(const std::string& manager) const {
    for (const Object& entry : live_["metadata"]["managedFields"]) {
      if (entry["manager"] == manager) return entry["fieldsV1"];
    }
    return {};
  }

 private:
  Object live_;
};

TEST(Apply, AFieldThatIsNoLongerSentGoesWhenNobodyElseOwnsIt) {
  Applied object;
  object.apply("us", with_spec("Deployment", {{"replicas", 3}, {"paused", true}}))
      .apply("them", with_spec("Deployment", {{"paused", true}}));
  object.apply("us", with_spec("Deployment", Object::object()));
  EXPECT_EQ(object.spec(), parse(R"({"paused": true})"));
}

TEST(Apply, AnotherManagersFieldIsAConflictUnlessTheValueIsTheSame) {
  Applied object;
  object.apply("them", with_spec("Deployment", {{"replicas", 3}}));
  const auto conflicts = object.conflicts("us", with_spec("Deployment", {{"replicas", 4}}));
  ASSERT_EQ(conflicts.size(), 1U);
  EXPECT_EQ(conflicts[0].manager, "them");
  EXPECT_EQ(conflicts[0].field, ".spec.replicas");
  EXPECT_TRUE(object.conflicts("us", with_spec("Deployment", {{"replicas", 3}})).empty());
}

TEST(Apply, ForceTakesTheFieldAway) {
  Applied object;
  object.apply("them", with_spec("Deployment", {{"replicas", 3}, {"paused", true}}));
  object.apply("us", with_spec("Deployment", {{"replicas", 4}}), true);
  EXPECT_EQ(object.spec()["replicas"], 4);
  EXPECT_EQ(object.fields_of("them"), parse(R"({"f:spec": {"f:paused": {}}})"));
}

TEST(Apply, OfAMapWhoseValuesAreAllTakenAwayTheMapItselfIsLeft) {
  const Object bare = {{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", {{"name", "a"}, {"namespace", "pay"}}}};
  const auto with_data = [&bare](Object data) {
    Object object = bare;
    object["data"] = std::move(data);
    return object;
  };
  Applied object;
  object.apply("us", bare).update("editor", [](Object& live) { live["data"] = {{"a", "1"}}; });
  object.apply("us", with_data({{"a", "2"}}), true);
  EXPECT_EQ(object.fields_of("editor"), parse(R"({"f:data": {}})"));
}

TEST(Apply, ItemsOfAKeyedListAreMergedByTheirKeys) {
  const auto containers = [](const char* text) {
    return with_spec("Deployment", {{"template", {{"spec", {{"containers", parse(text)}}}}}});
  };
  Applied object;
  object.apply("us", containers(R"([{"name": "a", "image": "1", "ports": [{"containerPort": 80, "protocol": "TCP"}]}])"));
  object.update("injector", [](Object& live) {
    Object& list = live["spec"]["template"]["spec"]["containers"];
    list.insert(list.begin(), parse(R"({"name": "proxy", "image": "p"})"));
  });
  object.apply("us", containers(R"([{"name": "a", "image": "2"}, {"name": "b", "image": "1"}])"));
  EXPECT_EQ(object.spec()["template"]["spec"]["containers"],
            parse(R"([{"name": "proxy", "image": "p"}, {"name": "a", "image": "2"}, {"name": "b", "image": "1"}])"));
}

TEST(Apply, AnUpdateTakesOwnershipAndASecondApplyTakesItBack) {
  Applied object;
  object.apply("us", with_spec("Deployment", {{"replicas", 3}}));
  object.update("hpa", [](Object& live) { live["spec"]["replicas"] = 5; });
  EXPECT_TRUE(object.fields_of("us").is_null());
  EXPECT_EQ(object.fields_of("hpa"), parse(R"({"f:spec": {"f:replicas": {}}})"));
  object.apply("us", with_spec("Deployment", {{"replicas", 3}}), true);
  EXPECT_TRUE(object.fields_of("hpa").is_null());
}

TEST(Apply, TheSameOnceMoreChangesNothing) {
  const Object wanted = with_spec("Deployment", {{"replicas", 3}, {"selector", {{"matchLabels", {{"a", "b"}}}}}});
  auto first = sim::apply(nullptr, wanted, by("us"), false);
  ASSERT_TRUE(first);
  const auto second = sim::apply(&*first, wanted, {"us", "", "2026-02-02T00:00:00Z"}, true);
  ASSERT_TRUE(second);
  EXPECT_EQ(*first, *second);
}

TEST(Apply, ASelectorIsOneThingAndAnEmptyObjectIsOwned) {
  Applied object;
  object.apply("us", with_spec("Deployment", {{"selector", {{"matchLabels", {{"a", "b"}}}}}, {"strategy", Object::object()}}));
  EXPECT_EQ(object.fields_of("us"), parse(R"({"f:spec": {"f:selector": {}, "f:strategy": {}}})"));
}

TEST(OwnedBy, KeepsOnlyWhatTheManagerSays) {
  Applied object;
  object.apply("us", with_spec("Deployment", {{"replicas", 3}}));
  Object live = with_spec("Deployment", {{"replicas", 3}});
  auto applied = sim::apply(nullptr, live, by("us"), false);
  applied->at("spec")["paused"] = true;
  EXPECT_EQ(owned_by(*applied, "us"), live);
}

}  // namespace
}  // namespace sim
