#include "operator/engine/work_queue.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "operator/kube/testing.hpp"

namespace engine {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class WorkQueueTest : public ::testing::Test {
 protected:
  static Key key(int number) { return {"pay", "p" + std::to_string(number)}; }

  kube::testing::ManualLoop loop;
  base::SeededRng rng{3};
  obs::Metrics metrics;
  Instruments instruments{metrics};
  std::vector<Key> started;
  WorkQueue queue{loop, rng, instruments, [this](const Key& started_key) { started.push_back(started_key); }};
};

TEST_F(WorkQueueTest, AKeyAddedOftenRunsOnce) {
  for (int i = 0; i < 5; ++i) queue.add(key(1), Urgency::Event);
  loop.settle();
  EXPECT_EQ(started.size(), 1U);
}

TEST_F(WorkQueueTest, AKeyAddedWhileItRunsRunsAgainAfterwardsAndNeverTwiceAtOnce) {
  queue.add(key(1), Urgency::Event);
  loop.settle();
  queue.add(key(1), Urgency::Event);
  queue.add(key(1), Urgency::Event);
  loop.settle();
  EXPECT_EQ(started.size(), 1U);
  queue.done(key(1));
  loop.settle();
  EXPECT_EQ(started.size(), 2U);
  queue.done(key(1));
  loop.settle();
  EXPECT_EQ(started.size(), 2U);
}

TEST_F(WorkQueueTest, OneKeyThatHangsHoldsUpNoOther) {
  queue.add(key(0), Urgency::Event);
  loop.settle();
  for (int i = 1; i <= 20; ++i) queue.add(key(i), Urgency::Event);
  loop.settle();
  EXPECT_EQ(queue.running(), kKeysInFlightMax);
  for (std::size_t i = 1; i < started.size(); ++i) {
    queue.done(started[i]);
    loop.settle();
  }
  EXPECT_EQ(started.size(), 21U);
  EXPECT_TRUE(queue.running(key(0)));
}

TEST_F(WorkQueueTest, OfTwoDelaysTheEarlierCountsAndAddOvertakesBoth) {
  queue.add_after(key(1), seconds(10));
  queue.add_after(key(1), seconds(2));
  queue.add_after(key(1), seconds(5));
  loop.advance(milliseconds(1'999));
  EXPECT_TRUE(started.empty());
  loop.advance(milliseconds(1));
  EXPECT_EQ(started.size(), 1U);
  queue.done(key(1));
  queue.add_after(key(1), seconds(2));
  queue.add(key(1), Urgency::Event);
  loop.settle();
  queue.done(key(1));
  loop.advance(seconds(60));
  EXPECT_EQ(started.size(), 2U);
}

TEST_F(WorkQueueTest, FailuresWaitLongerEachTimeUpToHalfAMinute) {
  milliseconds longest{0};
  for (int i = 0; i < 15; ++i) longest = std::max(longest, queue.retry(key(1)));
  EXPECT_GT(longest, seconds(15));
  EXPECT_LE(longest, seconds(30));
  queue.settled(key(1));
  EXPECT_LE(queue.retry(key(1)), milliseconds(100));
  EXPECT_EQ(queue.retry(key(1), seconds(40)), seconds(40)) << "the server's Retry-After is the least";
}

TEST_F(WorkQueueTest, AnEventDoesNotCutABackoffShortButANewWishDoes) {
  (void)queue.retry(key(1), seconds(20));
  queue.add(key(1), Urgency::Event);
  loop.advance(seconds(19));
  EXPECT_TRUE(started.empty());
  queue.add_now(key(1));
  loop.settle();
  EXPECT_EQ(started.size(), 1U);
}

TEST_F(WorkQueueTest, AWishThatCameDuringARunThatFailedDoesNotWait) {
  queue.add(key(1), Urgency::Event);
  loop.settle();
  queue.add_now(key(1));
  (void)queue.retry(key(1), seconds(20));
  queue.done(key(1));
  loop.settle();
  EXPECT_EQ(started.size(), 2U);
}

TEST_F(WorkQueueTest, AUsersChangeStartsAtOnceWhileAThousandPlatformsComeBack) {
  for (int i = 0; i < 1000; ++i) queue.add(key(i), Urgency::StartUp);
  loop.settle();
  ASSERT_EQ(started.size(), kStartUpsInFlightMax);
  queue.add_now(key(999));
  loop.settle();
  EXPECT_EQ(started.back(), key(999));
}

TEST_F(WorkQueueTest, AThousandPlatformsComeBackOneAfterTheOther) {
  for (int i = 0; i < 1000; ++i) queue.add(key(i), Urgency::StartUp);
  for (std::size_t ended = 0; ended < 1000; ++ended) {
    loop.settle();
    ASSERT_GT(started.size(), ended);
    ASSERT_LE(queue.running(), kStartUpsInFlightMax);
    queue.done(started[ended]);
  }
  EXPECT_EQ(queue.running(), 0U);
}

TEST_F(WorkQueueTest, WhatAPostponedRunWaitedForStartsAWishNowAndAnythingElseAfterTheBurst) {
  queue.add_now(key(1));
  queue.add(key(2), Urgency::Event);
  loop.settle();
  for (int i = 1; i <= 2; ++i) queue.postpone(key(i), seconds(5));
  started.clear();
  for (int i = 1; i <= 2; ++i) queue.resume(key(i));
  loop.settle();
  EXPECT_EQ(started, (std::vector<Key>{key(1)}));
  loop.advance(kBurst);
  EXPECT_EQ(started, (std::vector<Key>{key(1), key(2)}));
}

TEST_F(WorkQueueTest, APostponedRunIsAsUrgentAsItWas) {
  queue.add_now(key(0));
  loop.settle();
  queue.postpone(key(0), seconds(1));
  for (int i = 1; i <= 20; ++i) queue.add(key(i), Urgency::Event);
  loop.advance(seconds(1));
  ASSERT_EQ(started.size(), 1 + kKeysInFlightMax);
  queue.done(key(1));
  queue.done(key(2));
  loop.settle();
  EXPECT_NE(std::find(started.begin() + 1, started.end(), key(0)), started.end());
}

TEST_F(WorkQueueTest, WhatWaitsAndWhatRunsIsMeasured) {
  queue.add(key(1), Urgency::Event);
  queue.add(key(2), Urgency::Event);
  loop.settle();
  loop.advance(seconds(3));
  queue.done(key(2));
  loop.advance(seconds(4));
  queue.measure();
  const std::string text = metrics.expose();
  const std::string queue_name = "{name=\"paymentplatform\"} ";
  EXPECT_NE(text.find("workqueue_unfinished_work_seconds" + queue_name + "7"), std::string::npos);
  EXPECT_NE(text.find("workqueue_longest_running_processor_seconds" + queue_name + "7"), std::string::npos);
  EXPECT_NE(text.find("workqueue_work_duration_seconds_sum" + queue_name + "3"), std::string::npos);
  EXPECT_NE(text.find("workqueue_queue_duration_seconds_count" + queue_name + "2"), std::string::npos);
  EXPECT_NE(text.find("workqueue_adds_total" + queue_name + "2"), std::string::npos);
}

TEST_F(WorkQueueTest, AForgottenKeyDoesNotRun) {
  queue.add(key(1), Urgency::Event);
  queue.add_after(key(2), seconds(1));
  queue.forget(key(1));
  queue.forget(key(2));
  loop.advance(seconds(5));
  EXPECT_TRUE(started.empty());
}

TEST_F(WorkQueueTest, RandomOrdersNeverRunAKeyTwiceAtOnceAndLoseNothing) {
  constexpr std::uint64_t kSeed = 20'260'501;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  base::SeededRng choice(kSeed);
  std::map<Key, bool> dirty;
  std::set<Key> running;
  WorkQueue random(loop, rng, instruments, [&](const Key& k) {
    ASSERT_TRUE(running.insert(k).second);
    dirty[k] = false;
  });
  for (int i = 0; i < 20'000; ++i) {
    const Key k = key(static_cast<int>(choice.below(20)));
    if (choice.below(2) == 0) {
      random.add(k, Urgency::Event);
      dirty[k] = true;
    } else if (!running.empty()) {
      const Key ended = *std::next(running.begin(), static_cast<std::ptrdiff_t>(choice.below(running.size())));
      running.erase(ended);
      random.done(ended);
    }
    if (choice.below(3) == 0) loop.settle();
  }
  for (int i = 0; i < 100; ++i) {
    loop.settle();
    for (const Key& k : std::set<Key>(running)) {
      running.erase(k);
      random.done(k);
    }
  }
  for (const auto& [k, is_dirty] : dirty) EXPECT_FALSE(is_dirty) << k.name;
}

}  // namespace
}  // namespace engine
