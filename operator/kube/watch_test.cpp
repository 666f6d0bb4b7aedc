#include "operator/kube/watch.hpp"

#include <gtest/gtest.h>

#include "common/base/rng.hpp"

namespace kube {
namespace {

using State = Watch::State;
using std::chrono::milliseconds;
using std::chrono::seconds;

class WatchMachine : public ::testing::Test {
 protected:
  std::vector<WatchAction> feed(const WatchInput& input) { return step(watch, input, now, rng); }

  template <typename Action>
  Action only(const std::vector<WatchAction>& actions) {
    EXPECT_EQ(actions.size(), 1U);
    return std::get<Action>(actions.at(0));
  }

  /// Listed in one page at version 100 and watching.
  void watching() {
    (void)feed(watch_input::Wake{});
    (void)feed(watch_input::Page{"100", ""});
    (void)feed(watch_input::Opened{});
    ASSERT_EQ(watch.state, State::Watching);
  }

  static base::Error error(base::Code code) { return {code, "", {}, std::nullopt}; }

  Watch watch;
  base::SteadyPoint now{seconds(1000)};
  base::SeededRng rng{7};
};

TEST_F(WatchMachine, ListsEveryPageThenWatchesFromTheListsVersion) {
  auto actions = feed(watch_input::Wake{});
  ASSERT_EQ(actions.size(), 2U);
  EXPECT_TRUE(std::holds_alternative<watch_action::BeginReplace>(actions[0]));
  EXPECT_EQ(std::get<watch_action::ListPage>(actions[1]).continue_token, "");

  EXPECT_EQ(only<watch_action::ListPage>(feed(watch_input::Page{"100", "next"})).continue_token, "next");
  EXPECT_EQ(watch.state, State::InitPage);

  actions = feed(watch_input::Page{"100", ""});
  ASSERT_EQ(actions.size(), 2U);
  EXPECT_TRUE(std::holds_alternative<watch_action::FinishReplace>(actions[0]));
  EXPECT_EQ(std::get<watch_action::OpenStream>(actions[1]).resource_version, "100");
  EXPECT_EQ(watch.state, State::InitListed);
}

TEST_F(WatchMachine, ACleanEndGoesOnFromTheLastEventWithoutDelay) {
  watching();
  (void)feed(watch_input::Progress{"140"});
  EXPECT_EQ(only<watch_action::OpenStream>(feed(watch_input::Ended{})).resource_version, "140");
}

TEST_F(WatchMachine, AQuietStreamThatLastedItsTimeIsReopenedWithoutDelay) {
  watching();
  now += seconds(290);
  EXPECT_EQ(only<watch_action::OpenStream>(feed(watch_input::Ended{})).resource_version, "100");
}

TEST_F(WatchMachine, AnExpiredVersionStartsOverWithAList) {
  watching();
  (void)only<watch_action::RetryAfter>(feed(watch_input::Failed{error(base::Code::OutOfRange)}));
  EXPECT_EQ(watch.state, State::Empty);
  EXPECT_EQ(feed(watch_input::Wake{}).size(), 2U);
}

TEST_F(WatchMachine, AnExpiredPageTokenStartsOverWithAList) {
  (void)feed(watch_input::Wake{});
  (void)feed(watch_input::Page{"100", "next"});
  (void)feed(watch_input::Failed{error(base::Code::OutOfRange)});
  EXPECT_EQ(watch.state, State::Empty);
}

TEST_F(WatchMachine, ABrokenStreamGoesOnFromTheLastEventAfterADelay) {
  watching();
  (void)feed(watch_input::Progress{"120"});
  const auto delay = only<watch_action::RetryAfter>(feed(watch_input::Failed{error(base::Code::Unknown)})).delay;
  EXPECT_GE(delay, milliseconds(400));
  EXPECT_LE(delay, milliseconds(800));
  EXPECT_EQ(only<watch_action::OpenStream>(feed(watch_input::Wake{})).resource_version, "120");
}

TEST_F(WatchMachine, AFailedPageIsAskedAgainNotTheWholeList) {
  (void)feed(watch_input::Wake{});
  (void)feed(watch_input::Page{"100", "next"});
  (void)feed(watch_input::Failed{error(base::Code::Unavailable)});
  EXPECT_EQ(only<watch_action::ListPage>(feed(watch_input::Wake{})).continue_token, "next");
}

TEST_F(WatchMachine, DelaysDoubleUpToHalfAMinuteAndStartAgainAfterAQuietTime) {
  milliseconds longest{0};
  for (int i = 0; i < 12; ++i) {
    longest = std::max(longest, only<watch_action::RetryAfter>(feed(watch_input::Failed{error(base::Code::Unavailable)})).delay);
  }
  EXPECT_GT(longest, seconds(15));
  EXPECT_LE(longest, seconds(30));
  now += seconds(121);
  EXPECT_LE(only<watch_action::RetryAfter>(feed(watch_input::Failed{error(base::Code::Unavailable)})).delay, milliseconds(800));
}

TEST_F(WatchMachine, StreamsThatBreakAfterTheyHaveWorkedAreNotWaitedForLongerAndLonger) {
  watching();
  for (int cut = 0; cut < 30; ++cut) {
    now += kWatchWorked;
    const auto delay = only<watch_action::RetryAfter>(feed(watch_input::Failed{error(base::Code::Unknown)})).delay;
    EXPECT_GE(delay, kWatchBackoff.first / 2);
    EXPECT_LE(delay, kWatchBackoff.first);
    (void)feed(watch_input::Wake{});
    (void)feed(watch_input::Opened{});
  }
}

TEST_F(WatchMachine, StreamsThatBreakAtOnceAreWaitedForLongerAndLonger) {
  watching();
  milliseconds delay{};
  for (int cut = 0; cut < 10; ++cut) {
    delay = only<watch_action::RetryAfter>(feed(watch_input::Failed{error(base::Code::Unknown)})).delay;
    now += delay;
    (void)feed(watch_input::Wake{});
    (void)feed(watch_input::Opened{});
  }
  EXPECT_GE(delay, kWatchBackoff.longest / 2);
}

TEST_F(WatchMachine, TheServersRetryAfterIsTheLeastDelay) {
  base::Error busy = error(base::Code::ResourceExhausted);
  busy.retry_after = seconds(17);
  EXPECT_EQ(only<watch_action::RetryAfter>(feed(watch_input::Failed{busy})).delay, seconds(17));
}

TEST_F(WatchMachine, AVersionThatOnlyYieldsInstantCleanClosesIsGivenUp) {
  watching();
  for (int i = 0; i < kWatchTooShortMax; ++i) {
    EXPECT_NE(watch.state, State::Empty);
    (void)only<watch_action::RetryAfter>(feed(watch_input::Ended{}));
    if (watch.state == State::InitListed) {
      (void)feed(watch_input::Wake{});
      (void)feed(watch_input::Opened{});
    }
  }
  EXPECT_EQ(watch.state, State::Empty);
}

}  // namespace
}  // namespace kube
