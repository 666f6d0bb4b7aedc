#include "operator/kube/lease.hpp"

#include <gtest/gtest.h>

namespace kube {
namespace {

using State = Lease::State;
using base::Code;
using std::chrono::milliseconds;
using std::chrono::seconds;

class LeaseMachine : public ::testing::Test {
 protected:
  std::vector<LeaseAction> feed(const LeaseInput& input) { return step(lease, input, now, rng); }
  std::vector<LeaseAction> fail(Code code) { return feed(lease_input::Failed{{code, "", {}, std::nullopt}}); }

  template <typename Action>
  static const Action* find(const std::vector<LeaseAction>& actions) {
    for (const LeaseAction& action : actions) {
      if (const auto* found = std::get_if<Action>(&action)) return found;
    }
    return nullptr;
  }

  LeaseRecord held_by(const std::string& holder, const std::string& version) const { return {version, holder, seconds(15), 3}; }

  /// Leads since now, under version 10.
  void lead() {
    (void)feed(lease_input::Wake{});
    (void)feed(lease_input::Seen{held_by("", "9")});
    ASSERT_NE(find<lease_action::Lead>(feed(lease_input::Written{held_by("me", "10")})), nullptr);
  }

  Lease lease{.self = "me", .times = {}};
  base::SteadyPoint now{seconds(1000)};
  base::SeededRng rng{7};
};

TEST_F(LeaseMachine, WhereThereIsNoLeaseItMakesOneAndLeads) {
  EXPECT_NE(find<lease_action::Read>(feed(lease_input::Wake{})), nullptr);
  const auto actions = feed(lease_input::Seen{});
  const auto* write = find<lease_action::Write>(actions);
  ASSERT_NE(write, nullptr);
  EXPECT_EQ(write->record.version, "");
  EXPECT_EQ(write->record.holder, "me");
  EXPECT_EQ(write->record.duration, seconds(15));
  EXPECT_EQ(write->record.transitions, 0);
  EXPECT_TRUE(write->acquires);
  EXPECT_FALSE(holds(lease, now)) << "not before the server has said yes";
  EXPECT_NE(find<lease_action::Lead>(feed(lease_input::Written{held_by("me", "1")})), nullptr);
  EXPECT_TRUE(holds(lease, now));
}

TEST_F(LeaseMachine, ALeaseThatSomebodyRenewsIsLeftAlone) {
  for (int version = 1; version < 100; ++version) {
    EXPECT_NE(find<lease_action::Read>(feed(lease_input::Wake{})), nullptr);
    EXPECT_EQ(find<lease_action::Write>(feed(lease_input::Seen{held_by("other", std::to_string(version))})), nullptr);
    now += seconds(14);
  }
}

TEST_F(LeaseMachine, AHolderIsFollowedWhenItsLeaseDidNotChangeForAsLongAsItPromises) {
  (void)feed(lease_input::Wake{});
  (void)feed(lease_input::Seen{held_by("other", "5")});
  now += milliseconds(14'999);
  (void)feed(lease_input::Wake{});
  EXPECT_EQ(find<lease_action::Write>(feed(lease_input::Seen{held_by("other", "5")})), nullptr);
  now += milliseconds(1);
  (void)feed(lease_input::Wake{});
  const auto actions = feed(lease_input::Seen{held_by("other", "5")});
  const auto* write = find<lease_action::Write>(actions);
  ASSERT_NE(write, nullptr);
  EXPECT_EQ(write->record.version, "5") << "only if it is still what we saw";
  EXPECT_EQ(write->record.transitions, 4);
}

TEST_F(LeaseMachine, ALeaseThatWasGivenBackIsTakenAtOnce) {
  (void)feed(lease_input::Wake{});
  EXPECT_NE(find<lease_action::Write>(feed(lease_input::Seen{held_by("", "5")})), nullptr);
}

TEST_F(LeaseMachine, TheNextLookComesWithinTwoPointFourSecondsSoThatAHandOverTakesLessThanThree) {
  for (int i = 0; i < 100; ++i) {
    (void)feed(lease_input::Wake{});
    const auto actions = feed(lease_input::Seen{held_by("other", "5")});
    const auto delay = find<lease_action::WakeAfter>(actions)->delay;
    EXPECT_GE(delay, seconds(2));
    EXPECT_LE(delay, milliseconds(2'400));
  }
}

TEST_F(LeaseMachine, ALeaderRenewsWithOneRequest) {
  lead();
  now += seconds(2);
  const auto actions = feed(lease_input::Wake{});
  EXPECT_EQ(find<lease_action::Read>(actions), nullptr);
  const auto* write = find<lease_action::Write>(actions);
  ASSERT_NE(write, nullptr);
  EXPECT_FALSE(write->acquires);
  EXPECT_EQ(write->record.transitions, 3);
  EXPECT_EQ(find<lease_action::Lead>(feed(lease_input::Written{held_by("me", "11")})), nullptr);
}

TEST_F(LeaseMachine, TheRenewDeadlineCountsFromWhenTheRenewalWasSent) {
  lead();
  now += seconds(2);
  (void)feed(lease_input::Wake{});
  now += seconds(4);
  (void)feed(lease_input::Written{held_by("me", "11")});
  now += milliseconds(5'999);
  EXPECT_TRUE(holds(lease, now));
  EXPECT_EQ(exclusive_for(lease, now), milliseconds(5'001));
  now += milliseconds(1);
  EXPECT_FALSE(holds(lease, now)) << "although no timer has run yet";
  EXPECT_EQ(exclusive_for(lease, now), milliseconds(0));
}

TEST_F(LeaseMachine, WithoutAnAnswerTheLeaseIsLostAtTheDeadline) {
  lead();
  now += seconds(2);
  const auto actions = feed(lease_input::Wake{});
  EXPECT_EQ(find<lease_action::WakeAfter>(actions)->delay, seconds(8));
  now += seconds(8);
  EXPECT_NE(find<lease_action::Follow>(feed(lease_input::Wake{})), nullptr);
  EXPECT_EQ(lease.state, State::Standby);
}

TEST_F(LeaseMachine, ALeaderTriesAgainAfterAFailureUntilTheDeadline) {
  lead();
  int tries = 0;
  while (lease.state == State::Leader) {
    now += seconds(2);
    const auto actions = feed(lease_input::Wake{});
    if (lease.state != State::Leader) break;
    ++tries;
    (void)fail(Code::Unknown);
  }
  EXPECT_EQ(tries, 4);
  EXPECT_EQ(now, base::SteadyPoint(seconds(1010)));
}

TEST_F(LeaseMachine, ALostReplyOfARenewalIsResolvedByReading) {
  lead();
  now += seconds(2);
  (void)feed(lease_input::Wake{});
  (void)fail(Code::Unknown);
  now += seconds(2);
  EXPECT_NE(find<lease_action::Read>(feed(lease_input::Wake{})), nullptr);
  const auto actions = feed(lease_input::Seen{held_by("me", "11")});
  ASSERT_NE(find<lease_action::Write>(actions), nullptr);
  EXPECT_EQ(find<lease_action::Write>(actions)->record.version, "11");
  EXPECT_TRUE(holds(lease, now));
}

TEST_F(LeaseMachine, ALeaderThatFindsAnotherNameOnTheLeaseStopsAtOnce) {
  lead();
  now += seconds(2);
  (void)feed(lease_input::Wake{});
  EXPECT_NE(find<lease_action::Read>(fail(Code::Aborted)), nullptr);
  const auto actions = feed(lease_input::Seen{held_by("other", "12")});
  EXPECT_NE(find<lease_action::Follow>(actions), nullptr);
  EXPECT_EQ(find<lease_action::Write>(actions), nullptr);
  EXPECT_FALSE(holds(lease, now));
}

TEST_F(LeaseMachine, ALeaderWhoseLeaseWasDeletedStopsAndTriesToGetIt) {
  lead();
  now += seconds(2);
  (void)feed(lease_input::Wake{});
  (void)fail(Code::NotFound);
  const auto actions = feed(lease_input::Seen{});
  EXPECT_NE(find<lease_action::Follow>(actions), nullptr);
  ASSERT_NE(find<lease_action::Write>(actions), nullptr);
  EXPECT_EQ(find<lease_action::Write>(actions)->record.version, "");
}

TEST_F(LeaseMachine, ALostRaceWaitsForTheNextTurn) {
  (void)feed(lease_input::Wake{});
  (void)feed(lease_input::Seen{});
  const auto actions = fail(Code::AlreadyExists);
  ASSERT_EQ(actions.size(), 1U);
  EXPECT_GE(find<lease_action::WakeAfter>(actions)->delay, seconds(2));
}

TEST_F(LeaseMachine, AnAnswerThatComesAfterTheDeadlineMakesNoLeader) {
  (void)feed(lease_input::Wake{});
  (void)feed(lease_input::Seen{});
  now += seconds(11);
  EXPECT_EQ(find<lease_action::Lead>(feed(lease_input::Written{held_by("me", "1")})), nullptr);
  EXPECT_FALSE(holds(lease, now));
  now += seconds(2);
  (void)feed(lease_input::Wake{});
  EXPECT_NE(find<lease_action::Write>(feed(lease_input::Seen{held_by("me", "1")})), nullptr) << "it is ours all the same";
}

TEST_F(LeaseMachine, ALeaderThatStopsGivesTheLeaseBack) {
  lead();
  const auto actions = feed(lease_input::Stop{});
  const auto* write = find<lease_action::Write>(actions);
  ASSERT_NE(write, nullptr);
  EXPECT_EQ(write->record.holder, "");
  EXPECT_EQ(write->record.version, "10");
  EXPECT_FALSE(holds(lease, now));
  EXPECT_NE(find<lease_action::Left>(feed(lease_input::Written{held_by("", "11")})), nullptr);
}

TEST_F(LeaseMachine, AStopDuringARenewalWaitsForItsAnswerAndThenGivesTheLeaseBack) {
  lead();
  now += seconds(2);
  (void)feed(lease_input::Wake{});
  EXPECT_TRUE(feed(lease_input::Stop{}).empty());
  const auto actions = feed(lease_input::Written{held_by("me", "11")});
  ASSERT_NE(find<lease_action::Write>(actions), nullptr);
  EXPECT_EQ(find<lease_action::Write>(actions)->record.version, "11");
  EXPECT_EQ(find<lease_action::Lead>(actions), nullptr);
}

TEST_F(LeaseMachine, AStandbyThatStopsLeavesTheLeaseAlone) {
  (void)feed(lease_input::Wake{});
  (void)feed(lease_input::Seen{held_by("other", "5")});
  const auto actions = feed(lease_input::Stop{});
  ASSERT_EQ(actions.size(), 1U);
  EXPECT_NE(find<lease_action::Left>(actions), nullptr);
}

TEST_F(LeaseMachine, TheTimesMustLeaveRoomForEachOther) {
  EXPECT_TRUE(check({}));
  EXPECT_EQ(check({seconds(10), seconds(10), seconds(2)}).error().field, "lease-duration");
  EXPECT_EQ(check({milliseconds(15'500), seconds(10), seconds(2)}).error().field, "lease-duration");
  EXPECT_EQ(check({seconds(15), seconds(2), seconds(2)}).error().field, "renew-deadline");
  EXPECT_EQ(check({seconds(15), seconds(10), seconds(0)}).error().field, "retry-period");
}

}  // namespace
}  // namespace kube
