#include "operator/engine/fights.hpp"

#include <gtest/gtest.h>

namespace engine {
namespace {

using controllers::Apply;
using controllers::Fight;
using controllers::Object;
using controllers::Plan;
using controllers::Ref;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

const Ref kMap{"v1", "ConfigMap", "a"};

Plan change(const std::string& path, const std::string& wanted, const std::string& uid = "u1") {
  Plan plan;
  const Object object = {{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", {{"name", "a"}}}};
  plan.apply.push_back({object, uid, "", {{path, wanted, "theirs"}}});
  return plan;
}

class FightsTest : public ::testing::Test {
 protected:
  /// What the reconciler does with a plan: observed, held back, and written when anything is left.
  bool round(Plan plan) {
    (void)fights.observe(plan, now, rng);
    fights.hold_back(plan, now);
    for (const auto& sent : Fights::sent_by(plan)) fights.written(sent, now);
    return !plan.apply.empty() || !plan.scale.empty();
  }
  /// Written, and reverted a second later, until it is fought over.
  void fight() {
    for (int i = 0; i <= kRevertsMax; ++i) {
      now += seconds(1);
      ASSERT_TRUE(round(change("data.x", "ours")));
    }
    ASSERT_EQ(fights.fought().size(), 1U);
  }

  base::SteadyPoint now{seconds(1000)};
  base::SeededRng rng{9};
  Fights fights;
};

TEST_F(FightsTest, AFieldThatDiffersAgainAfterEachWriteIsFoughtOver) {
  for (int reverts = 0; reverts < kRevertsMax; ++reverts) {
    EXPECT_TRUE(round(change("data.x", "ours")));
    EXPECT_TRUE(fights.fought().empty()) << reverts;
    now += seconds(1);
  }
  EXPECT_TRUE(fights.observe(change("data.x", "ours"), now, rng)) << "news: the status has to tell";
  EXPECT_FALSE(fights.observe(change("data.x", "ours"), now, rng)) << "no longer news, and no second revert";
  EXPECT_EQ(fights.fought(), (std::map<Ref, Fight>{{kMap, {"data.x", ""}}}));
}

TEST_F(FightsTest, ItsWritesAreSpacedByGrowingDelaysAndNeverGivenUp) {
  fight();
  std::vector<seconds> gaps;
  auto last = now;
  for (int i = 0; i < 4 * 3600; ++i) {
    now += seconds(1);
    if (!round(change("data.x", "ours"))) continue;
    gaps.push_back(std::chrono::duration_cast<seconds>(now - last));
    last = now;
  }
  EXPECT_LE(gaps.front(), seconds(3));
  EXPECT_GT(gaps.back(), seconds(140));
  for (const seconds gap : gaps) EXPECT_LE(gap, minutes(5) + seconds(1));
  EXPECT_GT(gaps.size(), 4 * 3600U / 301);
  EXPECT_LT(gaps.size(), 4 * 3600U / 100);
  EXPECT_EQ(fights.fought().size(), 1U);
}

TEST_F(FightsTest, OtherObjectsAreNotHeldBack) {
  fight();
  Plan plan = change("data.x", "ours");
  plan.apply.push_back(plan.apply[0]);
  plan.apply[1].object["metadata"]["name"] = "b";
  now += milliseconds(1);
  (void)fights.observe(plan, now, rng);
  fights.hold_back(plan, now);
  ASSERT_EQ(plan.apply.size(), 1U);
  EXPECT_EQ(plan.apply[0].object["metadata"]["name"], "b");
}

TEST_F(FightsTest, EditsNowAndThenAreNoFight) {
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(round(change("data.x", "ours")));
    now += kRevertedWithin + seconds(1);
  }
  EXPECT_TRUE(fights.fought().empty());
}

TEST_F(FightsTest, NeitherOtherFieldsNorOtherValuesAreReverts) {
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(round(change("data.x" + std::to_string(i), "ours")));
    EXPECT_TRUE(round(change("data.y", "ours" + std::to_string(i))));
    now += seconds(1);
  }
  EXPECT_TRUE(fights.fought().empty());
}

TEST_F(FightsTest, AnObjectThatIsDeletedEachTimeItIsMadeIsFoughtOverUnlessWeRemovedItOurselves) {
  for (int i = 0; i <= kRevertsMax; ++i) {
    (void)round(change("", "", ""));
    now += seconds(1);
    fights.removed(kMap);
  }
  EXPECT_TRUE(fights.fought().empty());
  for (int i = 0; i <= kRevertsMax; ++i) {
    (void)round(change("", "", ""));
    now += seconds(1);
  }
  EXPECT_EQ(fights.fought(), (std::map<Ref, Fight>{{kMap, {"", ""}}}));
}

TEST_F(FightsTest, IsOverWhenAWriteHasStayedForAMinute) {
  fight();
  (void)fights.observe(change("data.x", "ours"), now, rng);
  now += minutes(5);
  ASSERT_TRUE(round(change("data.x", "ours")));
  EXPECT_EQ(fights.next(), now + kRevertedWithin);
  now += kRevertedWithin - seconds(1);
  EXPECT_FALSE(fights.observe({}, now, rng));
  now += seconds(1);
  EXPECT_TRUE(fights.observe({}, now, rng));
  EXPECT_TRUE(fights.fought().empty());
  EXPECT_FALSE(fights.next());
}

TEST_F(FightsTest, IsOverAMinuteAfterTheOtherSideGaveIn) {
  fight();
  now += milliseconds(1);
  (void)fights.observe(change("data.x", "ours"), now, rng);
  EXPECT_FALSE(fights.observe({}, now, rng)) << "what was held back is no longer asked for; whether that stays is to be seen";
  EXPECT_EQ(fights.next(), now + kRevertedWithin);
  now += kRevertedWithin;
  EXPECT_TRUE(fights.observe({}, now, rng));
  EXPECT_TRUE(fights.fought().empty());
}

TEST_F(FightsTest, WhoFightsIsReadFromTheObject) {
  fight();
  EXPECT_EQ(fights.unnamed(), (std::vector<Ref>{kMap}));
  fights.name(kMap, Object::parse(R"({"metadata":{"managedFields":[{"manager":"kubectl","fieldsV1":{"f:data":{"f:x":{}}}}]}})"));
  EXPECT_EQ(fights.fought().at(kMap).manager, "kubectl");
  EXPECT_TRUE(fights.unnamed().empty());
}

}  // namespace
}  // namespace engine
