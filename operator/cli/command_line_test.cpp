#include "operator/cli/command_line.hpp"

#include "operator/cli/known.hpp"
#include "operator/cli/testing.hpp"

namespace cli {
namespace {

using ::testing::HasSubstr;

class Words : public testing::CliTest {};

TEST_F(Words, HelpNamesEveryVerbAndIsNoError) {
  EXPECT_EQ(run({"--help"}), kExitDone);
  for (const char* verb : {"status", "plan", "explain", "reconcile", "render", "pause", "resume", "completion", "version"}) {
    EXPECT_THAT(out.str(), HasSubstr(std::string("\n  ") + verb)) << verb;
  }
  EXPECT_EQ(run({"plan", "--help"}), kExitDone);
  EXPECT_THAT(out.str(), HasSubstr("Exit code: 0 nothing would change"));
}

TEST_F(Words, WrongOnesAreUsageErrors) {
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{{},
                                                                                     {"no-such-verb"},
                                                                                     {"status", "--no-such-flag"},
                                                                                     {"status", "-o", "xml"},
                                                                                     {"status", "a", "b"},
                                                                                     {"render"},
                                                                                     {"pause", "-o", "json"}}) {
    EXPECT_EQ(run(words), kExitError);
    EXPECT_FALSE(err.str().empty());
    EXPECT_TRUE(out.str().empty());
  }
}

TEST_F(Words, AWrongOneIsToldWithWhatWasMeant) {
  const auto told = [this](std::vector<std::string> words) {
    EXPECT_EQ(run(std::move(words)), kExitError);
    return err.str();
  };
  EXPECT_THAT(told({"statu"}), HasSubstr("kubectl-payment: there is no command statu; did you mean status?\n"));
  EXPECT_THAT(told({"-n", "plan", "PUASE"}), HasSubstr("there is no command PUASE; did you mean pause?"));
  EXPECT_THAT(told({"something-else"}), HasSubstr("there is no command something-else\n"));
  EXPECT_THAT(told({}), HasSubstr("a command is missing\nkubectl payment --help"));
  EXPECT_THAT(told({"status", "-o", "xml"}), HasSubstr("--output: must be json or yaml, not xml\nkubectl payment status --help"));
  EXPECT_EQ(run({"status", "--help"}), kExitDone);
  EXPECT_THAT(out.str(), ::testing::AllOf(HasSubstr("json|yaml"), ::testing::Not(HasSubstr("->"))));
}

TEST_F(Words, FlagsMayStandBeforeAndAfterTheVerb) {
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{{"-n", "shop", "--context", "c", "status"},
                                                                                     {"status", "--namespace=shop", "--context", "c"}}) {
    const CommandLine line = parse_command_line(words);
    ASSERT_TRUE(line.verb) << line.text;
    EXPECT_EQ(line.flags.name_space, "shop");
    EXPECT_EQ(line.flags.context, "c");
  }
}

TEST_F(Words, VersionNeedsNoCluster) {
  unreachable = base::Error{base::Code::NotFound, "none", {}, std::nullopt};
  EXPECT_EQ(run({"version"}), kExitDone);
  EXPECT_THAT(out.str(), HasSubstr("kubectl-payment 0."));
}

TEST(Completion, KnowsVerbsFlagsValuesAndTheWordsOfExplain) {
  using ::testing::ElementsAre;
  using ::testing::IsEmpty;
  EXPECT_THAT(complete({"st"}), ElementsAre("status"));
  EXPECT_THAT(complete({"-n", "plan", "pa"}), ElementsAre("pause")) << "the value of -n is no verb";
  EXPECT_THAT(complete({"plan", "--live"}), ElementsAre("--live-objects"));
  EXPECT_THAT(complete({"status", "--"}), ::testing::IsSupersetOf({"--watch", "--output", "--namespace", "--context"}));
  EXPECT_THAT(complete({"status", "-o", ""}), ElementsAre("json", "yaml"));
  EXPECT_THAT(complete({"explain", "Stor"}), ElementsAre("StorageUnavailable"));
  EXPECT_THAT(complete({"completion", "z"}), ElementsAre("zsh"));
  EXPECT_THAT(complete({"plan", "-f", "new"}), IsEmpty()) << "file names are the shell's";
  EXPECT_THAT(complete({}), IsEmpty());
}

TEST_F(Words, CompletionAsksTheClusterThatTheFlagsMeanForNames) {
  using ::testing::ElementsAre;
  using ::testing::IsEmpty;
  auto fake = settled();
  put(fake.platform);
  fake.platform["metadata"]["namespace"] = "shop";
  fake.platform["metadata"]["name"] = "corner";
  put(fake.platform);
  server.answer("GET /api/v1/namespaces?", 200,
                {{"items", testing::json::array({{{"metadata", {{"name", "payment"}}}}, {{"metadata", {{"name", "shop"}}}}})}});
  Flags asked;
  bool reached = true;
  const Known known = known_from([&](const Flags& flags) -> base::Result<Cluster*> {
    asked = flags;
    if (!reached) return base::fail(base::Code::NotFound, "there is no kubeconfig");
    return &cluster;
  });
  EXPECT_THAT(complete({"status", ""}, known), ElementsAre("quickstart"));
  EXPECT_THAT(complete({"resume", "-n", "shop", "--context=east", ""}, known), ElementsAre("corner"));
  EXPECT_EQ(asked.context, "east");
  EXPECT_THAT(complete({"explain", "Stalled", "q"}, known), ElementsAre("quickstart"));
  EXPECT_THAT(complete({"status", "quickstart", ""}, known), IsEmpty()) << "one name is enough";
  EXPECT_THAT(complete({"plan", "-n", "s"}, known), ElementsAre("shop"));
  server.answer("GET /apis/paymentplatform.io", 403, {{"kind", "Status"}, {"reason", "Forbidden"}, {"message", "no"}});
  EXPECT_THAT(complete({"status", ""}, known), IsEmpty());
  reached = false;
  EXPECT_THAT(complete({"status", ""}, known), IsEmpty());
}

TEST_F(Words, CompletionIsThereForThreeShells) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    EXPECT_EQ(run({"completion", shell}), kExitDone);
    EXPECT_THAT(out.str(), HasSubstr("kubectl-payment __complete"));
  }
  EXPECT_EQ(run({"completion", "tcsh"}), kExitError);
  EXPECT_EQ(run({"completion"}), kExitError);
}

}  // namespace
}  // namespace cli
