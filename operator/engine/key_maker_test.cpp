#include "operator/engine/key_maker.hpp"

#include <gtest/gtest.h>

#include "operator/kube/testing.hpp"

namespace engine {
namespace {

/// Makes a pair when told to, numbered.
class SlowKeyMaker final : public KeyMaker {
 public:
  void rsa(std::function<void(base::Result<crypto::RsaKeyPair>)> done) override {
    ++asked;
    EXPECT_FALSE(pending_) << "one at a time";
    pending_ = std::move(done);
  }
  void make() {
    const std::string number = std::to_string(++made);
    std::exchange(pending_, nullptr)(crypto::RsaKeyPair{base::Secret("PRIVATE " + number), "PUBLIC " + number});
  }
  void fail() { std::exchange(pending_, nullptr)(base::fail(base::Code::Internal, "no entropy")); }
  [[nodiscard]] bool busy() const { return static_cast<bool>(pending_); }

  int asked = 0;
  int made = 0;

 private:
  std::function<void(base::Result<crypto::RsaKeyPair>)> pending_;
};

class KeyPoolTest : public ::testing::Test {
 protected:
  void ask() {
    pool.rsa([this](const base::Result<crypto::RsaKeyPair>& pair) { got.push_back(pair ? pair->public_pem : pair.error().message); });
    loop.settle();
  }
  void make(int pairs) {
    for (int i = 0; i < pairs; ++i) source.make();
    loop.settle();
  }

  kube::testing::ManualLoop loop;
  SlowKeyMaker source;
  KeyPool pool{loop, source};
  std::vector<std::string> got;
};

using Got = std::vector<std::string>;

TEST_F(KeyPoolTest, HasOnePlatformsPairsReadyAndMakesNoMore) {
  pool.start();
  make(2);
  EXPECT_FALSE(source.busy());
  ask();
  ask();
  EXPECT_EQ(got, (Got{"PUBLIC 1", "PUBLIC 2"})) << "without waiting";
  EXPECT_TRUE(source.busy()) << "for the next platform";
  make(2);
  EXPECT_FALSE(source.busy());
  EXPECT_EQ(source.asked, 4);
}

TEST_F(KeyPoolTest, WhoAsksOfAnEmptyPoolGetsEachPairOnce) {
  for (int i = 0; i < 3; ++i) ask();
  EXPECT_TRUE(got.empty());
  make(3);
  EXPECT_EQ(got, (Got{"PUBLIC 1", "PUBLIC 2", "PUBLIC 3"}));
  make(2);
  EXPECT_FALSE(source.busy());
}

TEST_F(KeyPoolTest, AFailureIsToldToOneWhoWaitsAndEndsNothing) {
  ask();
  ask();
  source.fail();
  loop.settle();
  EXPECT_EQ(got, (Got{"no entropy"}));
  make(1);
  EXPECT_EQ(got, (Got{"no entropy", "PUBLIC 1"}));
}

TEST_F(KeyPoolTest, AFailureThatNobodyWaitsForIsNotTriedAgainByItself) {
  pool.start();
  source.fail();
  loop.settle();
  EXPECT_FALSE(source.busy());
  ask();
  make(1);
  EXPECT_EQ(got, (Got{"PUBLIC 1"}));
}

}  // namespace
}  // namespace engine
