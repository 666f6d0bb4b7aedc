#include "operator/cli/testing.hpp"

namespace cli {
namespace {

using ::testing::HasSubstr;
using testing::json;
using testing::Object;

class Status : public testing::CliTest {};

TEST_F(Status, OfAReadyPlatformIsOneScreen) {
  put(settled().platform);
  EXPECT_EQ(run({"status"}), kExitDone) << err.str();
  expect_golden("status-ready.txt");
}

TEST_F(Status, NamesTheOldestProblemAndTheNextStep) {
  auto fake = settled();
  fake.break_workload("redis");
  fake.settle();
  fake.now += std::chrono::minutes(4);
  fake.break_workload("mysql");
  fake.settle();
  put(fake.platform);
  EXPECT_EQ(run({"status", "quickstart"}), kExitDone) << err.str();
  expect_golden("status-trouble.txt");
}

TEST_F(Status, ShowsWhatWaits) {
  auto fake = settled();
  fake.edit_spec({{"image", "localhost/payment-runtime:0.2.0"}});
  fake.execute(fake.decide());
  put(fake.platform);
  EXPECT_EQ(run({"status"}), kExitDone) << err.str();
  expect_golden("status-pending.txt");
}

TEST_F(Status, TellsNoMessageTwice) {
  auto fake = settled();
  fake.break_workload("mysql");
  fake.settle();
  put(fake.platform);
  EXPECT_EQ(run({"status"}), kExitDone);
  const std::string message = "StatefulSet mysql has no ready pod yet";
  ASSERT_THAT(out.str(), HasSubstr(message));
  EXPECT_EQ(out.str().find(message), out.str().rfind(message)) << out.str();
}

TEST_F(Status, OfAPausedPlatformThatWasEditedSaysSoAndHowItGoesOn) {
  auto fake = settled();
  fake.platform["metadata"]["annotations"]["paymentplatform.io/paused"] = "true";
  fake.edit_spec({{"redis", {{"managed", {{"maxMemory", "96mb"}}}}}});
  fake.execute(fake.decide());
  put(fake.platform);
  EXPECT_EQ(run({"status", "--context", "east"}), kExitDone) << err.str();
  EXPECT_THAT(out.str(), HasSubstr("PaymentPlatform payment/quickstart: paused, and its spec was edited "));
  EXPECT_THAT(out.str(), HasSubstr("next: kubectl payment plan -n payment --context east quickstart lists what waits; "
                                   "kubectl payment resume -n payment --context east quickstart lets it go ahead\n"));
  EXPECT_EQ(run({"status", "-o", "json"}), kExitDone);
  EXPECT_THAT(json::parse(out.str())["next"].get<std::string>(), HasSubstr("kubectl payment resume -n payment quickstart"));
}

TEST_F(Status, CommandsThatLetAChangeGoAheadCanBeCopied) {
  auto fake = settled();
  fake.platform["status"]["pendingChanges"] = Object::array(
      {{{"component", "StatefulSet mysql"}, {"waitsFor", "approval: kubectl annotate paymentplatform quickstart a=b --overwrite"}}});
  put(fake.platform);
  EXPECT_EQ(run({"status"}), kExitDone);
  EXPECT_THAT(out.str(), HasSubstr("kubectl annotate -n payment paymentplatform quickstart a=b --overwrite\n"));
}

TEST_F(Status, AnswersJson) {
  put(settled().platform);
  EXPECT_EQ(run({"status", "-o", "json"}), kExitDone);
  const json view = json::parse(out.str());
  EXPECT_EQ(view["ready"]["status"], "True");
  EXPECT_EQ(view["services"], "4/4");
  EXPECT_TRUE(view["problem"].is_null());
}

TEST_F(Status, OfAPlatformThatNoOperatorHasSeenSaysSo) {
  auto fake = settled();
  fake.platform["status"] = {{"observedGeneration", -1}};
  put(fake.platform);
  EXPECT_EQ(run({"status"}), kExitDone);
  EXPECT_THAT(out.str(), HasSubstr("not seen by the operator yet"));
}

TEST_F(Status, WithSeveralPlatformsWantsAName) {
  auto fake = settled();
  put(fake.platform);
  fake.platform["metadata"]["name"] = "second";
  put(fake.platform);
  EXPECT_EQ(run({"status"}), kExitError);
  EXPECT_THAT(err.str(), HasSubstr("name one: quickstart, second"));
  EXPECT_EQ(run({"status", "second"}), kExitDone);
}

TEST_F(Status, OfWhatDoesNotExistIsAnErrorThatSaysWhereItLooked) {
  EXPECT_EQ(run({"status", "shop"}), kExitError);
  EXPECT_THAT(err.str(), HasSubstr("there is no PaymentPlatform shop in namespace payment"));
  EXPECT_EQ(run({"status", "-n", "elsewhere"}), kExitError);
  EXPECT_THAT(err.str(), HasSubstr("in namespace elsewhere"));
}

TEST_F(Status, WithoutAClusterSaysWhatToDo) {
  unreachable =
      base::Error{base::Code::NotFound, "there is no kubeconfig at /home/x/.kube/config; name one by --kubeconfig", {}, std::nullopt};
  EXPECT_EQ(run({"status"}), kExitError);
  EXPECT_THAT(err.str(), HasSubstr("name one by --kubeconfig"));
}

TEST_F(Status, ErrorsNameCommandsForTheContextThatWasGiven) {
  server.answer("GET /apis/paymentplatform.io", 500, {{"kind", "Status"}, {"message", "broken"}});
  EXPECT_EQ(run({"status", "--context", "east"}), kExitError);
  EXPECT_THAT(err.str(), HasSubstr("does `kubectl cluster-info --context east` work?"));
}

TEST_F(Status, WithoutTheDefinitionSaysThatTheChartIsMissing) {
  server.answer("GET /apis/paymentplatform.io", 404,
                {{"kind", "Status"}, {"reason", "NotFound"}, {"message", "the server could not find the requested resource"}});
  EXPECT_EQ(run({"status", "quickstart"}), kExitError);
  EXPECT_THAT(err.str(), HasSubstr("install the operator's chart"));
  EXPECT_EQ(run({"status"}), kExitError);
  EXPECT_THAT(err.str(), HasSubstr("install the operator's chart"));
}

TEST_F(Status, WatchedShowsEveryTransitionOnceAndEndsWithThePlatform) {
  auto fake = settled();
  put(fake.platform);
  const std::string path = testing::path_of(fake.platform);
  int changes = 0;
  server.asked = [&](const kube::Request&) {
    loop.start_timer(std::chrono::seconds(1), [&, change = ++changes] {
      if (change > 1) return;
      Object platform = server.memory.objects.at(path);
      platform["metadata"]["labels"]["team"] = "shop";      // nothing that the screen shows
      server.memory.put(path, platform);
      platform["status"]["services"] = "3/4";
      server.memory.put(path, platform);
      loop.start_timer(std::chrono::seconds(1), [&] { server.memory.erase(path); });
    });
  };
  EXPECT_EQ(run({"status", "-w", "-o", "json"}), kExitDone) << err.str();
  const std::string text = out.str();
  EXPECT_NE(text.find("\"4/4\""), std::string::npos);
  EXPECT_NE(text.find("\"3/4\""), std::string::npos);
  EXPECT_EQ(text.find("\"4/4\""), text.rfind("\"4/4\"")) << text;
  EXPECT_THAT(err.str(), HasSubstr("is gone"));
}

}  // namespace
}  // namespace cli
