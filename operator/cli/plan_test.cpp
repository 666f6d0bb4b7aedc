#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "operator/cli/testing.hpp"

namespace cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::json;
using ::testing::Not;
using testing::Object;

class Plan : public testing::CliTest {
 protected:
  void SetUp() override { put_operator(); }

  /// A file as a user has it, on standard input.
  void want(const Object& spec) {
    input = Object{
        {"apiVersion", "paymentplatform.io/v1alpha1"},
        {"kind", "PaymentPlatform"},
        {"metadata", {{"name", "quickstart"}}},
        {"spec",
         spec}}.dump();
  }
  static Object quickstart_with(const Object& patch) {
    Object spec = controllers::test::quickstart_spec();
    spec.merge_patch(patch);
    return spec;
  }
};

TEST_F(Plan, OfAnInstallListsWhatIsMade) {
  want(controllers::test::quickstart_spec());
  EXPECT_EQ(run({"plan", "-f", "-"}), kExitDifferent) << err.str();
  expect_golden("plan-install.txt");
}

TEST_F(Plan, OfAChangeShowsFieldsAndRestartsAndStoresNothing) {
  put_all(settled());
  want(quickstart_with({{"services", {{"payment", {{"logLevel", "debug"}}}}}}));
  EXPECT_EQ(run({"plan", "-f", "-"}), kExitDifferent) << err.str();
  expect_golden("plan-change.txt");
  ASSERT_EQ(server.dry_runs.size(), 1U);
  EXPECT_EQ(json::parse(server.dry_runs[0].body), (json{{"spec", {{"services", {{"payment", {{"logLevel", "debug"}}}}}}}}));
  EXPECT_TRUE(server.memory.writes.empty());
}

TEST_F(Plan, OfANewReleaseShowsWhatWaitsForItsTurn) {
  put_all(settled());
  want(quickstart_with({{"image", "localhost/payment-runtime:0.2.0"}}));
  EXPECT_EQ(run({"plan", "-f", "-"}), kExitDifferent) << err.str();
  expect_golden("plan-release.txt");
}

TEST_F(Plan, AnswersJsonForOtherPrograms) {
  put_all(settled());
  want(quickstart_with({{"services", {{"payment", {{"logLevel", "debug"}}}}}}));
  EXPECT_EQ(run({"plan", "-f", "-", "-o", "json"}), kExitDifferent);
  const json report = json::parse(out.str());
  EXPECT_EQ(report["platform"]["name"], "quickstart");
  EXPECT_EQ(report["summary"]["change"], 2);
  EXPECT_EQ(report["objects"][0]["fields"][0]["new"], "logLevel: debug");
}

TEST_F(Plan, OfWhatIsAlreadySoExitsWithZero) {
  put_all(settled());
  want(controllers::test::quickstart_spec());
  EXPECT_EQ(run({"plan", "-f", "-"}), kExitDone) << out.str() << err.str();
  EXPECT_THAT(out.str(), HasSubstr("nothing changes"));
}

TEST_F(Plan, WithoutAFileSaysWhatTheOperatorWouldPutRightNow) {
  put_all(settled());
  server.memory.erase("/api/v1/namespaces/payment/services/redis");
  EXPECT_EQ(run({"plan"}), kExitDifferent) << err.str();
  EXPECT_THAT(out.str(), HasSubstr("+ create  Service redis"));
}

TEST_F(Plan, RemovesWhatAnEarlierApplySetAndThisFileNoLongerSays) {
  auto fake = settled(quickstart_with({{"services", {{"payment", {{"logLevel", "debug"}}}}}}));
  fake.platform["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"] =
      Object{{"spec", quickstart_with({{"services", {{"payment", {{"logLevel", "debug"}}}}}})}}.dump();
  put_all(fake);
  want(controllers::test::quickstart_spec());
  EXPECT_EQ(run({"plan", "-f", "-"}), kExitDifferent) << err.str();
  EXPECT_THAT(out.str(), HasSubstr("logLevel: debug -> logLevel: info"));
}

TEST_F(Plan, KeepsWhatSomebodyElseSetAndNoFileEverSaid) {
  put_all(settled(quickstart_with({{"services", {{"payment", {{"logLevel", "debug"}}}}}})));
  want(controllers::test::quickstart_spec());
  EXPECT_EQ(run({"plan", "-f", "-"}), kExitDone) << out.str();
}

TEST_F(Plan, ARefusedSpecIsAnErrorWithItsField) {
  put_all(settled());
  server.answer(
      "PATCH /apis/paymentplatform.io", 422,
      {{"kind", "Status"},
       {"reason", "Invalid"},
       {"message", "PaymentPlatform.paymentplatform.io \"quickstart\" is invalid: spec.deletionPolicy: Unsupported value: \"Keep\""},
       {"details", {{"causes", json::array({{{"field", "spec.deletionPolicy"}}})}}}});
  want(quickstart_with({{"deletionPolicy", "Keep"}}));
  EXPECT_EQ(run({"plan", "-f", "-"}), kExitError);
  EXPECT_THAT(err.str(), HasSubstr("spec.deletionPolicy: Unsupported value"));
}

TEST_F(Plan, AMisspeltFieldIsToldInOneLine) {
  put_all(settled());
  const std::string object = "{\\\"apiVersion\\\":\\\"paymentplatform.io/v1alpha1\\\"" + std::string(9000, ' ') + "}";
  server.answer("PATCH /apis/paymentplatform.io", 422,
                {{"kind", "Status"},
                 {"reason", "Invalid"},
                 {"message", "PaymentPlatform.paymentplatform.io \"\" is invalid: patch: Invalid value: \"" + object +
                                 "\": strict decoding error: unknown field \"spec.redis.managed.maxMemry\""},
                 {"details", {{"causes", json::array({{{"field", "patch"}}})}}}});
  want(quickstart_with({{"redis", {{"managed", {{"maxMemry", "96mb"}}}}}}));
  EXPECT_EQ(run({"plan", "-f", "-"}), kExitError);
  EXPECT_EQ(err.str(),
            "kubectl-payment: standard input is refused: cannot change PaymentPlatform payment/quickstart: "
            "spec.redis.managed.maxMemry is not a field of this version\n");
}

TEST_F(Plan, WhatIsOnlyNotedIsSaidToRestartNothing) {
  put_all(settled());
  want(quickstart_with({{"redis", {{"managed", {{"maxMemory", "96mb"}}}}}}));
  EXPECT_EQ(run({"plan", "-f", "-"}), kExitDifferent) << err.str();
  const std::string text = out.str();
  for (std::size_t at = text.find("~ change"); at != std::string::npos; at = text.find("~ change", at + 1)) {
    const std::size_t next = text.find('\n', at) + 1;
    EXPECT_EQ(text.substr(next, 6), "      ") << "nothing stands under " << text.substr(at, next - at);
  }
  EXPECT_THAT(
      text, HasSubstr("Deployment payment-service\n      only the operator's note of what the spec asks for; its pods stay as they are\n"));
}

TEST_F(Plan, OfAPausedPlatformNamesTheCommandThatResumesIt) {
  auto fake = settled();
  fake.platform["spec"]["paused"] = true;
  put_all(fake);
  server.memory.erase("/api/v1/namespaces/payment/services/redis");
  EXPECT_EQ(run({"plan", "--context", "east"}), kExitDifferent) << err.str();
  EXPECT_THAT(out.str(), ::testing::ContainsRegex("kubectl payment resume .*-n payment"));
  EXPECT_THAT(out.str(), ::testing::ContainsRegex("kubectl payment resume .*--context east"));
}

TEST_F(Plan, ASpecThatOnlyTheOperatorRefusesIsAnErrorToo) {
  put_all(settled());
  want(quickstart_with({{"reconciliation", {{"schedule", "0 0 31 2 *"}}}}));
  EXPECT_EQ(run({"plan", "-f", "-"}), kExitError);
  EXPECT_THAT(out.str(), HasSubstr("stalled by InvalidSpec: spec.reconciliation.schedule"));
}

TEST_F(Plan, AMistakeInTheFileIsToldWithItsPlace) {
  input = "apiVersion: paymentplatform.io/v1alpha1\nkind: PaymentPlatform\nmetadata: {name: a\n";
  EXPECT_EQ(run({"plan", "-f", "-"}), kExitError);
  EXPECT_THAT(err.str(), HasSubstr("standard input:4:1:"));
  input = "kind: ConfigMap\nmetadata: {name: a}\n";
  EXPECT_EQ(run({"plan", "-f", "-"}), kExitError);
  EXPECT_THAT(err.str(), HasSubstr("holds no PaymentPlatform"));
  EXPECT_EQ(run({"plan", "-f", "/no/such/file.yaml"}), kExitError);
  EXPECT_THAT(err.str(), HasSubstr("cannot read /no/such/file.yaml"));
}

TEST_F(Plan, AMissingRightIsNamed) {
  put_all(settled());
  server.answer(
      "GET /api/v1/namespaces/payment/secrets", 403,
      {{"kind", "Status"}, {"reason", "Forbidden"}, {"message", "secrets is forbidden: User \"dev\" cannot list resource \"secrets\""}});
  want(controllers::test::quickstart_spec());
  EXPECT_EQ(run({"plan", "-f", "-"}), kExitError);
  EXPECT_THAT(err.str(), HasSubstr("you may not list secrets in namespace payment"));
  EXPECT_THAT(err.str(), HasSubstr("cannot list resource \"secrets\""));
}

TEST_F(Plan, AnOperatorThatCannotBeSeenIsReplacedByFlags) {
  put_all(settled());
  want(quickstart_with({{"services", {{"payment", {{"logLevel", "debug"}}}}}}));
  server.answer("GET /apis/apps/v1/deployments", 403, {{"kind", "Status"}, {"reason", "Forbidden"}, {"message", "no"}});
  EXPECT_EQ(run({"plan", "-f", "-"}), kExitError);
  EXPECT_THAT(err.str(), HasSubstr("--runtime-image, --mysql-image and --redis-image"));
  EXPECT_EQ(run({"plan", "-f", "-", "--runtime-image", "r:1", "--mysql-image", "m:1", "--redis-image", "c:1"}), kExitDifferent)
      << err.str();
}

TEST_F(Plan, AnOperatorOfAnotherVersionIsRemarkedOn) {
  put_all(settled());
  server.memory.objects["/apis/apps/v1/namespaces/payment-operator/deployments/payment-operator"]["metadata"]["labels"]
                       ["app.kubernetes.io/version"] = "9.9.9";
  want(controllers::test::quickstart_spec());
  EXPECT_EQ(run({"plan", "-f", "-"}), kExitDone);
  EXPECT_THAT(err.str(), HasSubstr("is of version 9.9.9"));
}

TEST_F(Plan, NamespacesThatContradictEachOtherAreRefused) {
  Object platform = {
      {"apiVersion", "paymentplatform.io/v1alpha1"}, {"kind", "PaymentPlatform"}, {"metadata", {{"name", "a"}, {"namespace", "x"}}}};
  input = platform.dump();
  EXPECT_EQ(run({"plan", "-f", "-", "-n", "y"}), kExitError);
  EXPECT_THAT(err.str(), HasSubstr("says namespace x, -n says y"));
}

TEST_F(Plan, FromSavedObjectsNeedsNoClusterAndSaysTheSame) {
  const auto fake = settled();
  put_all(fake);
  const Object spec = quickstart_with({{"services", {{"payment", {{"logLevel", "debug"}}}}}});
  want(spec);
  EXPECT_EQ(run({"plan", "-f", "-"}), kExitDifferent);
  const std::string from_cluster = out.str();

  Object list = {{"apiVersion", "v1"}, {"kind", "List"}, {"items", Object::array({fake.platform})}};
  for (const auto& [ref, object] : fake.snapshot.children) list["items"].push_back(object);
  const std::string path = ::testing::TempDir() + "/live-objects-" + std::to_string(getpid()) + ".json";
  std::ofstream(path) << list.dump();
  unreachable = base::Error{base::Code::NotFound, "no cluster here", {}, std::nullopt};
  const controllers::Settings images = controllers::test::settings();
  EXPECT_EQ(run({"plan", "-f", "-", "-n", "payment", "--live-objects", path, "--runtime-image", images.runtime_image, "--mysql-image",
                 images.mysql_image, "--redis-image", images.redis_image}),
            kExitDifferent)
      << err.str();
  std::remove(path.c_str());
  EXPECT_EQ(out.str(), from_cluster);
}

TEST_F(Plan, OfASecondPlatformKnowsItsNeighbourAndItsOwnPrefix) {
  put_all(settled());
  const auto second = [&](const Object& spec) {
    want(spec);
    input.replace(input.find("\"name\":\"quickstart\""), 19, "\"name\":\"second\"");
    return run({"plan", "-f", "-"});
  };
  EXPECT_EQ(second(controllers::test::quickstart_spec()), kExitError) << out.str();
  EXPECT_THAT(out.str(), HasSubstr("stalled by NameConflict: PaymentPlatform quickstart is older"));
  EXPECT_EQ(second(quickstart_with({{"namePrefix", "b-"}})), kExitError);
  EXPECT_THAT(out.str(), HasSubstr("stalled by NamePrefixNotServed"));
  server.memory
      .objects["/apis/apps/v1/namespaces/payment-operator/deployments/payment-operator"]["spec"]["template"]["spec"]["containers"][0]
              ["args"]
      .push_back("--name-prefix=b-");
  EXPECT_EQ(second(quickstart_with({{"namePrefix", "b-"}})), kExitDifferent) << out.str();
  EXPECT_THAT(out.str(), AllOf(HasSubstr("+ create  StatefulSet b-mysql\n"), HasSubstr("+ create  Secret b-payment-generated\n")));
}

TEST_F(Plan, ShowsNoSecretWhateverIsAsked) {
  auto fake = settled(quickstart_with({{"deletionPolicy", "Delete"}}));
  fake.child("v1", "Secret", "payment-generated")["data"] = {{"mysql-root-password", "aHVudGVyMg=="}, {"redis-password", "aHVudGVyMg=="}};
  put_all(fake);
  const auto look = [&](const std::vector<std::string>& words) {
    for (const char* format : {"", "-ojson", "-oyaml"}) {
      std::vector<std::string> all = words;
      if (*format != '\0') all.emplace_back(format);
      run(all);
      EXPECT_THAT(out.str() + err.str(), AllOf(Not(HasSubstr("aHVudGVyMg")), Not(HasSubstr("hunter2")), Not(::testing::IsEmpty())));
    }
  };
  want(quickstart_with({{"image", "localhost/payment-runtime:0.2.0"}}));
  look({"plan", "-f", "-"});
  look({"status"});
  fake.platform["metadata"]["deletionTimestamp"] = base::to_rfc3339(fake.now);
  put(fake.platform);
  look({"plan"});      // of a deletion: the Secret goes
  EXPECT_THAT(out.str(), HasSubstr("payment-generated"));
}

TEST_F(Plan, SavedObjectsThatDoNotFitAreRefusedWithWhatToSave) {
  const std::string path = ::testing::TempDir() + "/saved-" + std::to_string(getpid()) + ".json";
  const auto plan_with = [&](const Object& items) {
    std::ofstream(path) << Object{{"apiVersion", "v1"}, {"kind", "List"}, {"items", items}}.dump();
    want(controllers::test::quickstart_spec());
    const int code = run({"plan", "-f", "-", "-n", "payment", "--live-objects", path});
    std::remove(path.c_str());
    return code;
  };
  const auto fake = settled();
  Object service = fake.snapshot.children.at({"v1", "Service", "redis"});
  Object foreign = service;
  foreign["metadata"]["namespace"] = "shop";
  EXPECT_EQ(plan_with(Object::array({foreign})), kExitError);
  EXPECT_THAT(err.str(), HasSubstr("the saved objects are of namespace shop, the platform of payment"));
  service["metadata"].erase("managedFields");
  EXPECT_EQ(plan_with(Object::array({foreign, service})), kExitError);
  EXPECT_THAT(err.str(), HasSubstr("Service redis has no managed fields; save the objects with --show-managed-fields"));
  EXPECT_EQ(plan_with(Object::array({1, "text"})), kExitError);
  EXPECT_THAT(err.str(), HasSubstr("an object has no kind or no metadata.name"));
}

TEST_F(Plan, FilesThatAreNoneOrTooLargeOrHoldTooMuchAreRefused) {
  const std::string platform = "apiVersion: paymentplatform.io/v1alpha1\nkind: PaymentPlatform\nmetadata: {name: a}\nspec: {}\n";
  for (const auto& [text, said] : {std::pair<std::string, const char*>{"", "standard input is empty"},
                                   {platform + "---\n" + platform, "holds 2 PaymentPlatforms; give a file with exactly one"},
                                   {platform + "# " + std::string(10U << 20U, 'x'), "larger than 3 MiB"},
                                   {"just words", "standard input:1:1: a Kubernetes object was expected"},
                                   {std::string("kind: \0\xff", 8), "standard input"},
                                   {"{\"kind\": \"PaymentPlatform\"", "not JSON at byte"}}) {
    input = text;
    EXPECT_EQ(run({"plan", "-f", "-"}), kExitError) << said;
    EXPECT_THAT(err.str(), HasSubstr(said));
  }
  EXPECT_EQ(run({"plan", "-f", ::testing::TempDir()}), kExitError);
  EXPECT_THAT(err.str(), HasSubstr("is a folder; name one file"));
  EXPECT_EQ(run({"plan", "-f", "/dev/zero"}), kExitError);
  EXPECT_THAT(err.str(), HasSubstr("larger than 3 MiB"));
}

TEST_F(Plan, ColoursOnlyWhereItIsTold) {
  put_all(settled());
  want(quickstart_with({{"services", {{"payment", {{"logLevel", "debug"}}}}}}));
  run({"plan", "-f", "-"}, true);
  EXPECT_THAT(out.str(), HasSubstr("\033["));
  run({"plan", "-f", "-"}, false);
  EXPECT_THAT(out.str(), Not(HasSubstr("\033[")));
}

TEST_F(Plan, OfAListThatIsNoneIsAnErrorThatNamesIt) {
  put_all(settled());
  want(controllers::test::quickstart_spec());
  for (const json& items : {json(7), json("x"), json::array({"x"}), json{{"metadata", "x"}}}) {
    server.answer("GET /api/v1/namespaces/payment/configmaps", 200, {{"items", items}});
    EXPECT_EQ(run({"plan", "-f", "-"}), kExitError) << items;
    EXPECT_THAT(err.str(), AllOf(HasSubstr("list configmaps in namespace payment"), HasSubstr("no list of objects"))) << items;
    err.str("");
  }
}

}  // namespace
}  // namespace cli
