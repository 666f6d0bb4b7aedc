#include "operator/kube/paced_transport.hpp"

#include <gtest/gtest.h>

#include "operator/kube/testing.hpp"

namespace kube {
namespace {

using base::Code;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Window, GrowsByOneForEveryWindowfulOfAnswersUpToItsCeiling) {
  Window window;
  for (std::size_t i = 0; i < kWindowAtFirst; ++i) window.answered(kWindowAtFirst);
  EXPECT_EQ(window.limit(), kWindowAtFirst);
  window.answered(kWindowAtFirst);
  EXPECT_EQ(window.limit(), kWindowAtFirst + 1);
  for (int i = 0; i < 10'000; ++i) window.answered(kWindowMax);
  EXPECT_EQ(window.limit(), kWindowMax);
}

TEST(Window, DoesNotGrowWhileItIsNotUsed) {
  Window window;
  for (int i = 0; i < 10'000; ++i) window.answered(1);
  EXPECT_EQ(window.limit(), kWindowAtFirst);
}

TEST(Window, IsHalvedOnceForAllThatWasRefusedTogetherAndNeverBelowItsFloor) {
  Window window;
  base::SteadyPoint now{seconds(100)};
  for (int i = 0; i < 20; ++i) window.overloaded(now, std::nullopt);
  EXPECT_EQ(window.limit(), kWindowAtFirst / 2);
  for (int i = 0; i < 20; ++i) {
    now += kWindowHalvesEvery;
    window.overloaded(now, std::nullopt);
  }
  EXPECT_EQ(window.limit(), kWindowMin);
}

TEST(Window, TheServersPauseIsKeptUpToABound) {
  Window window;
  const base::SteadyPoint now{seconds(100)};
  window.overloaded(now, seconds(3));
  EXPECT_FALSE(window.open(now + milliseconds(2'999), 0));
  EXPECT_TRUE(window.open(now + seconds(3), 0));
  window.overloaded(now, seconds(300));
  EXPECT_TRUE(window.open(now + kWindowPauseMax, 0));
}

class PacedTransportTest : public ::testing::Test {
 protected:
  void send(int number) {
    Request request;
    request.method = "GET";
    request.path = "/" + std::to_string(number);
    paced.send(std::move(request), [this, number](base::Result<Response> result) { answers.emplace_back(number, std::move(result)); });
    loop.settle();
  }
  void answer(int status, std::optional<milliseconds> retry_after = std::nullopt) {
    wire.answer(wire.take(), Response{status, "{}", retry_after});
  }
  /// Down to the floor, with nothing in flight or waiting.
  void shrink() {
    while (paced.window().limit() > kWindowMin) {
      send(0);
      answer(503);
      loop.advance(kWindowHalvesEvery);
    }
    answers.clear();
  }

  testing::ManualLoop loop;
  testing::ScriptedTransport wire{loop};
  obs::Metrics metrics;
  PacedTransport paced{loop, wire, metrics};
  std::vector<std::pair<int, base::Result<Response>>> answers;
};

TEST_F(PacedTransportTest, NoMoreThanTheWindowIsInFlightAndTheRestFollowsInOrder) {
  shrink();
  for (int i = 1; i <= 5; ++i) send(i);
  EXPECT_EQ(wire.asked.size(), kWindowMin);
  EXPECT_NE(metrics.expose().find("payment_operator_requests_waiting 3"), std::string::npos);
  answer(404);
  EXPECT_EQ(wire.asked.size(), kWindowMin);
  EXPECT_EQ(wire.asked.back().request.path, "/3");
  while (!wire.asked.empty()) answer(200);
  ASSERT_EQ(answers.size(), 5U);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(answers[static_cast<std::size_t>(i)].first, i + 1);
}

TEST_F(PacedTransportTest, AfterRetryAfterNothingIsSentUntilThen) {
  send(1);
  answer(429, seconds(4));
  ASSERT_EQ(answers.size(), 1U) << "whoever asked decides whether to ask again";
  EXPECT_EQ(paced.window().limit(), kWindowAtFirst / 2);
  send(2);
  send(3);
  loop.advance(milliseconds(3'999));
  EXPECT_TRUE(wire.asked.empty());
  loop.advance(milliseconds(1));
  EXPECT_EQ(wire.asked.size(), 2U);
}

TEST_F(PacedTransportTest, ARequestThatWasNotAnsweredShrinksTheWindowAndARefusedConnectionDoesNot) {
  send(1);
  wire.answer(wire.take(), base::fail(Code::Unavailable, "connection refused"));
  EXPECT_EQ(paced.window().limit(), kWindowAtFirst);
  send(2);
  wire.answer(wire.take(), base::fail(Code::Unknown, "no answer in time"));
  EXPECT_EQ(paced.window().limit(), kWindowAtFirst / 2);
}

TEST_F(PacedTransportTest, ARequestWhoseTurnDoesNotComeInTimeIsGivenUpUnsent) {
  shrink();
  for (int i = 1; i <= 3; ++i) send(i);
  loop.advance(kRequestTimeout);
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].first, 3);
  EXPECT_EQ(answers[0].second.error().code, Code::Unavailable);
  answer(200);
  EXPECT_EQ(wire.asked.size(), 1U) << "and it does not come later either";
}

TEST_F(PacedTransportTest, AWatchThatIsTurnedAwayPausesTheRest) {
  for (const Code code : {Code::ResourceExhausted, Code::Unavailable}) {
    const auto stream = paced.open({}, {[] {}, [](std::string_view) {}, [](const base::Status&) {}});
    wire.stream_ended(base::fail(base::Error{code, "", {}, seconds(2)}));
    send(1);
    EXPECT_TRUE(wire.asked.empty());
    loop.advance(seconds(2));
    EXPECT_EQ(wire.asked.size(), 1U);
    answer(200);
  }
}

TEST_F(PacedTransportTest, AWatchThatFindsNoServerDoesNot) {
  const auto stream = paced.open({}, {[] {}, [](std::string_view) {}, [](const base::Status&) {}});
  wire.stream_ended(base::fail(Code::Unavailable, "connection refused"));
  EXPECT_EQ(paced.window().limit(), kWindowAtFirst);
}

TEST_F(PacedTransportTest, TheLineHasAnEnd) {
  shrink();
  for (std::size_t i = 0; i < kWindowMin + kRequestsWaitingMax; ++i) send(1);
  EXPECT_TRUE(answers.empty());
  send(2);
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].second.error().code, Code::Unavailable);
}

}  // namespace
}  // namespace kube
