#include "operator/cli/renewed_transport.hpp"

#include <gtest/gtest.h>

#include "operator/kube/testing.hpp"

namespace cli {
namespace {

class Renewed : public ::testing::Test {
 protected:
  Login login() {
    auto made = std::make_unique<kube::testing::ScriptedTransport>(loop);
    transports.push_back(made.get());
    return {std::move(made), loop.clock().now() + std::chrono::hours(1)};
  }
  void ask() {
    transport.send({}, [this](base::Result<kube::Response> result) { answers.push_back(std::move(result)); });
    loop.settle();
  }

  kube::testing::ManualLoop loop;
  std::vector<kube::testing::ScriptedTransport*> transports;
  std::optional<base::Error> refused;
  RenewedTransport transport{loop, login(), [this]() -> base::Result<Login> {
                               if (refused) return base::fail(*refused);
                               return login();
                             }};
  std::vector<base::Result<kube::Response>> answers;
};

TEST_F(Renewed, LogsInAnewBeforeTheCredentialEndsAndNotSooner) {
  ask();
  loop.advance(std::chrono::minutes(59));
  ask();
  ASSERT_EQ(transports.size(), 1U);
  EXPECT_EQ(transports[0]->asked.size(), 2U);
  loop.advance(std::chrono::seconds(50));
  ask();
  ASSERT_EQ(transports.size(), 2U);
  EXPECT_EQ(transports[1]->asked.size(), 1U);
  transports[0]->answer(200, "{}");
  EXPECT_EQ(answers.size(), 1U) << "what was asked before is still answered";
}

TEST_F(Renewed, AStreamGoesOnThatWasOpenedBefore) {
  std::string heard;
  const kube::StreamEvents events{[] {}, [&](std::string_view piece) { heard += piece; }, [](const base::Status&) {}};
  const auto stream = transport.open({}, events);
  loop.advance(std::chrono::hours(2));
  const auto later = transport.open({}, events);
  ASSERT_EQ(transports.size(), 2U);
  transports[0]->stream_data("old ");
  transports[1]->stream_data("new");
  EXPECT_EQ(heard, "old new");
}

TEST_F(Renewed, WhatCannotLogInAnswersWithTheReason) {
  refused = base::Error{base::Code::Unauthenticated, "log in first", {}, std::nullopt};
  loop.advance(std::chrono::hours(2));
  ask();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].error().message, "log in first");
  std::vector<base::Status> ended;
  const kube::StreamEvents events{[] {}, [](std::string_view) {}, [&](base::Status status) { ended.push_back(std::move(status)); }};
  const auto stream = transport.open({}, events);
  (void)transport.open({}, events);      // closed before it is told of anything
  EXPECT_TRUE(ended.empty());
  loop.settle();
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].error().message, "log in first");
}

}  // namespace
}  // namespace cli
