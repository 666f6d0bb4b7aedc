#include "tests/sim/operator/run.hpp"

#include <gtest/gtest.h>

#include "common/obs/log.hpp"

namespace sim {
namespace {

/// A few worlds only: `operator-sim` runs the thousands.
class Simulation : public testing::Test {
 protected:
  void SetUp() override { obs::log().set_level(obs::Level::Error); }
  void TearDown() override { obs::log().set_level(obs::Level::Info); }
};

TEST_F(Simulation, AnInstallComesToRestAndTheSameSeedTakesTheSameSteps) {
  const Outcome one = run_seed(14);
  const Outcome other = run_seed(14);
  EXPECT_EQ(one.wrong, "");
  EXPECT_EQ(one.steps, other.steps);
  EXPECT_EQ(one.writes, other.writes);
  EXPECT_EQ(difference(one.end, other.end), "");
}

TEST_F(Simulation, ACrashAfterSomeWritesOfAnUpgradeEndsAsWithoutOne) {
  const Script& upgrade = *find_script("upgrade");
  for (const std::uint64_t n : {9U, 41U, 50U}) EXPECT_EQ(run_with_crash(upgrade, n).wrong, "") << "crash at write " << n;
}

}  // namespace
}  // namespace sim
