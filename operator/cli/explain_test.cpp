#include "operator/cli/conditions.hpp"
#include "operator/cli/testing.hpp"

namespace cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::json;
using ::testing::Not;

class Explain : public testing::CliTest {};

TEST(ConditionsPage, IsReadWhole) {
  EXPECT_GE(terms().size(), 30U);
  for (const Term& term : terms()) {
    EXPECT_FALSE(term.name.empty());
    EXPECT_FALSE(term.meaning.empty()) << term.name;
    EXPECT_EQ(term.name.find_first_of("` |"), std::string::npos) << term.name;
  }
  EXPECT_THAT(remedy_of("StorageUnavailable"), HasSubstr("storageClassName"));
  EXPECT_EQ(remedy_of("PlatformReady"), "");
}

TEST(ConditionsPage, HoldsWhatAPlatformInTroubleReports) {
  controllers::test::FakeCluster cluster(controllers::test::quickstart_spec());
  cluster.break_workload("mysql");
  cluster.settle();
  for (const controllers::Object& condition : cluster.platform["status"]["conditions"]) {
    for (const char* key : {"type", "reason"}) {
      const std::string word = condition[key];
      EXPECT_FALSE(terms_named(word).empty()) << word << " is missing in docs/reference/conditions.md";
    }
  }
}

TEST_F(Explain, TellsMeaningRemedyAndThePresentState) {
  put(settled().platform);
  EXPECT_EQ(run({"explain", "storageunavailable"}), kExitDone);
  EXPECT_THAT(out.str(), AllOf(HasSubstr("StorageUnavailable, a reason on DatabaseReady"), HasSubstr("what to do: put"),
                               HasSubstr("PaymentPlatform payment/quickstart now: no condition says so")));
  EXPECT_EQ(run({"explain", "Stalled", "quickstart"}), kExitDone);
  EXPECT_THAT(out.str(), HasSubstr("Stalled=False NotStalled"));
}

TEST_F(Explain, AWordThatIsBothIsToldAsBoth) {
  put(settled().platform);
  EXPECT_EQ(run({"explain", "DatabaseReady"}), kExitDone);
  EXPECT_THAT(out.str(), AllOf(HasSubstr("DatabaseReady, a condition"), HasSubstr("DatabaseReady, a reason on")));
}

TEST_F(Explain, WithoutAClusterTheMeaningIsStillThere) {
  unreachable = base::Error{base::Code::NotFound, "there is no kubeconfig", {}, std::nullopt};
  EXPECT_EQ(run({"explain", "NameConflict"}), kExitDone);
  EXPECT_THAT(out.str(), AllOf(HasSubstr("somebody else"), Not(HasSubstr("now:"))));
  EXPECT_EQ(run({"explain", "NameConflict", "shop"}), kExitError) << "a platform that was named must be looked at";
  EXPECT_THAT(err.str(), HasSubstr("there is no kubeconfig"));
}

TEST_F(Explain, AnUnknownWordIsAnError) {
  EXPECT_EQ(run({"explain", "Exploded"}), kExitError);
  EXPECT_THAT(err.str(), HasSubstr("is called Exploded; kubectl payment explain lists them"));
  EXPECT_EQ(run({"explain", "NameConflct"}), kExitError);
  EXPECT_THAT(err.str(), HasSubstr("did you mean NameConflict?"));
}

TEST_F(Explain, ListsEverythingWithoutAWord) {
  EXPECT_EQ(run({"explain", "-o", "json"}), kExitDone);
  EXPECT_EQ(json::parse(out.str())["terms"].size(), terms().size());
  EXPECT_EQ(run({"explain"}), kExitDone);
  EXPECT_THAT(out.str(), HasSubstr("WaitingForDatabase"));
  const std::string text = "\n" + out.str();
  EXPECT_EQ(text.find("\nDatabaseReady "), text.rfind("\nDatabaseReady ")) << "once, as condition and reason";
}

}  // namespace
}  // namespace cli
