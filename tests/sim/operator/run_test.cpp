#include "tests/sim/operator/run.hpp"

#include <set>

#include <gtest/gtest.h>

#include "common/obs/log.hpp"

namespace sim {
namespace {

using engine::Reconcile;

/// A few worlds only: `operator-sim` runs the thousands.
class Simulation : public testing::Test {
 protected:
  void SetUp() override { obs::log().set_level(obs::Level::Error); }
  void TearDown() override { obs::log().set_level(obs::Level::Info); }
};

/// The first promise that one of these seeds breaks under a bug.
std::string first_violation(const Planted& bug, std::uint64_t seeds) {
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    if (const Outcome outcome = run_seed(seed, bug); !outcome.wrong.empty()) return outcome.wrong;
  }
  return {};
}

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

// That it can fail: each of these bugs breaks a promise, and is found.

TEST_F(Simulation, FindsADeleteWithoutAUid) {
  Planted bug;
  bug.tamper = [](kube::Request& request) {
    if (request.method == "DELETE") request.body = R"({"kind":"DeleteOptions","apiVersion":"v1"})";
  };
  EXPECT_NE(run_undisturbed(*find_script("ingress"), bug).wrong.find("a delete without a uid"), std::string::npos);
}

TEST_F(Simulation, FindsASecretThatIsMadeAgain) {
  Planted bug;
  bug.reconcile = [](const Reconcile& decide) -> Reconcile {
    return [decide](const Object& platform, const controllers::Snapshot& live, const controllers::Settings& settings, base::TimePoint now) {
      controllers::Plan plan = decide(platform, live, settings, now);
      const auto secret = live.children.find({"v1", "Secret", "payment-generated"});
      const auto generation = platform["metadata"]["generation"].get<int>();
      if (secret != live.children.end() && generation > 1 && plan.reads.empty() && !plan.empty()) {
        plan.remove.push_back({secret->first, controllers::object::uid_of(secret->second), "a new generation has new passwords"});
      }
      return plan;
    };
  };
  EXPECT_NE(run_undisturbed(*find_script("upgrade"), bug).wrong.find("the generated Secret was deleted"), std::string::npos);
}

TEST_F(Simulation, FindsAStatusThatTellsTheTime) {
  Planted bug;
  bug.reconcile = [](const Reconcile& decide) -> Reconcile {
    return [decide](const Object& platform, const controllers::Snapshot& live, const controllers::Settings& settings, base::TimePoint now) {
      controllers::Plan plan = decide(platform, live, settings, now);
      if (plan.status) {
        (*plan.status)["version"] = base::to_rfc3339(now);
      }
      return plan;
    };
  };
  EXPECT_NE(run_undisturbed(*find_script("install"), bug).wrong.find("does not come to rest"), std::string::npos);
}

TEST_F(Simulation, FindsAProcessThatTrustsItsMemoryOfWhatItSent) {
  Planted bug;
  bug.reconcile = [](const Reconcile& decide) -> Reconcile {
    return [decide, sent = std::make_shared<std::set<std::string>>()](const Object& platform, const controllers::Snapshot& live,
                                                                      const controllers::Settings& settings, base::TimePoint now) {
      controllers::Plan plan = decide(platform, live, settings, now);
      std::erase_if(plan.apply, [&](const controllers::Apply& apply) { return !sent->insert(apply.object.dump()).second; });
      return plan;
    };
  };
  EXPECT_EQ(run_undisturbed(*find_script("install"), bug).wrong, "") << "which is why it takes faults to find it";
  EXPECT_NE(first_violation(bug, 40), "");
}

TEST_F(Simulation, FindsAnOperatorThatTakesWhatIsNotItsOwn) {
  Planted bug;
  bug.reconcile = [](const Reconcile& decide) -> Reconcile {
    return [decide](const Object& platform, const controllers::Snapshot& live, const controllers::Settings& settings, base::TimePoint now) {
      controllers::Snapshot blind = live;
      for (auto& [ref, object] : blind.reads) {
        if (ref.kind == "ConfigMap") object.reset();
      }
      return decide(platform, blind, settings, now);
    };
  };
  EXPECT_NE(first_violation(bug, 40).find("a write to a stranger's object"), std::string::npos);
}

}  // namespace
}  // namespace sim
