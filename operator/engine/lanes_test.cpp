#include "operator/engine/lanes.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace engine {
namespace {

using std::chrono::seconds;

class LanesTest : public ::testing::Test {
 protected:
  static Key key(const std::string& name) { return {"pay", name}; }
  void add(const std::string& name, Urgency urgency) { lanes.add(key(name), urgency, now); }
  std::vector<std::string> take_all() {
    std::vector<std::string> names;
    while (auto ready = lanes.take()) names.push_back(ready->key.name);
    return names;
  }

  Lanes lanes;
  base::SteadyPoint now{seconds(5)};
};

using Names = std::vector<std::string>;

TEST_F(LanesTest, TheMostUrgentComesFirstAndEqualsInOrderOfArrival) {
  add("old", Urgency::StartUp);
  add("child", Urgency::Event);
  add("second", Urgency::Wish);
  add("third", Urgency::Wish);
  ASSERT_LT(lanes.size(), 1U + kOldestEvery);
  EXPECT_EQ(lanes.take()->key.name, "second");
  EXPECT_EQ(lanes.take()->key.name, "third");
  EXPECT_EQ(lanes.take()->key.name, "child");
}

TEST_F(LanesTest, OnlyWhatIsUrgentEnoughIsTakenHoweverLongTheRestHasWaited) {
  add("old", Urgency::StartUp);
  for (std::uint32_t i = 0; i < 2 * kOldestEvery; ++i) {
    EXPECT_FALSE(lanes.any(Urgency::Again));
    EXPECT_FALSE(lanes.take(Urgency::Again));
    add("again", Urgency::Again);
    EXPECT_TRUE(lanes.any(Urgency::Again));
    EXPECT_EQ(lanes.take(Urgency::Again)->key.name, "again");
  }
  EXPECT_EQ(take_all(), (Names{"old"}));
}

TEST_F(LanesTest, AKeyStandsInLineOnceWithItsFirstArrivalAndItsMostUrgentReason) {
  add("a", Urgency::StartUp);
  add("b", Urgency::StartUp);
  now += seconds(3);
  EXPECT_FALSE(lanes.add(key("b"), Urgency::Wish, now));
  EXPECT_FALSE(lanes.add(key("b"), Urgency::Event, now));
  EXPECT_EQ(lanes.size(), 2U);
  const auto first = lanes.take();
  EXPECT_EQ(first->key.name, "b");
  EXPECT_EQ(first->urgency, Urgency::Wish);
  EXPECT_EQ(first->since, base::SteadyPoint(seconds(5)));
  EXPECT_EQ(take_all(), (Names{"a"}));
}

TEST_F(LanesTest, AStreamOfUrgentKeysDoesNotStarveTheRest) {
  add("patient", Urgency::StartUp);
  int picks = 0;
  for (bool served = false; !served; ++picks) {
    ASSERT_LE(picks, static_cast<int>(kOldestEvery));
    add("noisy" + std::to_string(picks), Urgency::Wish);
    add("noisier" + std::to_string(picks), Urgency::Wish);
    served = lanes.take()->key.name == "patient";
  }
}

TEST_F(LanesTest, AKeyThatIsAddedAgainAndAgainLetsItsEqualsPass) {
  add("noisy", Urgency::Wish);
  for (const char* name : {"a", "b", "c"}) add(name, Urgency::Wish);
  Names served;
  while (served.size() < 8) {
    served.push_back(lanes.take()->key.name);
    add("noisy", Urgency::Wish);
  }
  EXPECT_EQ(Names(served.begin(), served.begin() + 5), (Names{"noisy", "a", "b", "c", "noisy"}));
}

TEST_F(LanesTest, AnErasedKeyIsNotTaken) {
  add("a", Urgency::Event);
  add("b", Urgency::Event);
  lanes.erase(key("a"));
  lanes.erase(key("unknown"));
  EXPECT_EQ(take_all(), (Names{"b"}));
  EXPECT_FALSE(lanes.take());
}

}  // namespace
}  // namespace engine
