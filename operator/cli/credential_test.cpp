#include "operator/cli/credential.hpp"

#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kV1 = "client.authentication.k8s.io/v1";
const base::TimePoint kNow = *base::parse_rfc3339("2026-11-22T10:00:00Z");

std::string answer(const std::string& status) {
  return R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{)" + status + "}}";
}

TEST(ReadCredential, TakesATokenACertificateAndTheirEnd) {
  const auto token = read_credential(answer(R"("token":"t","expirationTimestamp":"2026-11-22T11:00:00+01:00")"), kV1,
                                     *base::parse_rfc3339("2026-11-22T09:59:59Z"));
  ASSERT_TRUE(token) << token.error().message;
  EXPECT_EQ(token->token.reveal(), "t");
  EXPECT_EQ(token->expires, kNow);
  const auto certificate = read_credential(answer(R"("clientCertificateData":"C","clientKeyData":"K")"), kV1, kNow);
  ASSERT_TRUE(certificate) << certificate.error().message;
  EXPECT_EQ(certificate->certificate_pem, "C");
  EXPECT_EQ(certificate->key_pem.reveal(), "K");
  EXPECT_FALSE(certificate->expires);
}

TEST(ReadCredential, RefusesWhatIsNoneAndRepeatsNothingOfIt) {
  for (const auto& [said, reason] :
       {std::pair<std::string, const char*>{"", "no ExecCredential"},
        {"hunter2", "no ExecCredential"},
        {R"(["hunter2"])", "no ExecCredential"},
        {R"({"kind":"Token","status":{"token":"hunter2"}})", "no ExecCredential"},
        {R"({"kind":"ExecCredential","apiVersion":"v9","status":{"token":"hunter2"}})", "another apiVersion"},
        {answer(""), "neither token nor certificate"},
        {answer(R"("token":7)"), "neither token nor certificate"},
        {answer(R"("token":"hunter2\r\nX: y")"), "control characters"},
        {answer(R"("clientKeyData":"hunter2")"), "only one of"},
        {answer(R"("token":"hunter2","expirationTimestamp":"soon")"), "no time"},
        {answer(R"("token":"hunter2","expirationTimestamp":"2026-11-22T10:00:00Z")"), "expired at 2026-11-22T10:00:00Z"}}) {
    const auto read = read_credential(said, kV1, kNow);
    ASSERT_FALSE(read) << said;
    EXPECT_THAT(read.error().message, AllOf(HasSubstr(reason), Not(HasSubstr("hunter2")))) << said;
  }
}

class AskForCredential : public ::testing::Test {
 protected:
  void SetUp() override {
    folder = std::filesystem::temp_directory_path() / ("credential_test_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder);
    config.server = "https://api:6443";
    config.ca_pem = "CA";
    config.exec = kube::ExecPlugin{.api_version = kV1};
  }
  void TearDown() override { std::filesystem::remove_all(folder); }

  /// A program of these shell commands, as the kubeconfig's.
  void is(const std::string& commands) {
    config.exec->command = (folder / "login").string();
    std::ofstream(config.exec->command) << "#!/bin/sh\n" << commands << "\n";
    std::filesystem::permissions(config.exec->command, std::filesystem::perms::owner_all);
  }
  base::Result<Credential> ask(std::chrono::milliseconds at_most = kAloneMax) {
    return ask_for_credential(config, {.environment = environment, .alone_max = at_most}, base::system_clock());
  }
  void expect_refused(const char* said, std::chrono::milliseconds at_most = kAloneMax) {
    const auto refused = ask(at_most);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, base::Code::Unauthenticated);
    EXPECT_THAT(refused.error().message,
                AllOf(HasSubstr(config.exec->command + ", which the kubeconfig names for credentials, "), HasSubstr(said)));
  }

  std::filesystem::path folder;
  kube::ClientConfig config;
  std::vector<std::string> environment = environment_now();
};

TEST_F(AskForCredential, RunsTheProgramWithItsWordsAndWhatItShouldKnow) {
  is(R"(echo "$KUBERNETES_EXEC_INFO" >"$FOLDER/info"; read -r nothing && exit 9
printf '{"kind":"ExecCredential","apiVersion":"%s","status":{"token":"%s of %s"}}' "$1" "$2" "$REGION" | tr ' ' -)");
  config.exec->arguments = {kV1, "a token; $(rm) `x`"};
  config.exec->environment = {{"REGION", "east"}, {"FOLDER", folder.string()}};
  config.exec->provide_cluster_info = true;
  const auto credential = ask();
  ASSERT_TRUE(credential) << credential.error().message;
  EXPECT_EQ(credential->token.reveal(), "a-token;-$(rm)-`x`-of-east") << "no shell has read the words";
  std::ifstream info(folder / "info");
  const std::string told{std::istreambuf_iterator<char>(info), {}};
  EXPECT_THAT(told, AllOf(HasSubstr("\"interactive\":false"), HasSubstr("\"server\":\"https://api:6443\""),
                          HasSubstr("\"certificate-authority-data\":\"Q0E=\""), HasSubstr(kV1)));
}

TEST_F(AskForCredential, TheProgramKnowsNothingOfWhatWeSetForOurselves) {
  environment.emplace_back("REGION=west");
  ::setenv("CREDENTIAL_TEST", "ours", 1);      // as the transport sets SSL_CERT_FILE
  is("[ -z \"$CREDENTIAL_TEST\" ] && echo '" + answer(R"("token":"'$REGION'")") + "'");
  const auto credential = ask();
  ::unsetenv("CREDENTIAL_TEST");
  ASSERT_TRUE(credential) << credential.error().message;
  EXPECT_EQ(credential->token.reveal(), "west");
}

TEST_F(AskForCredential, TellsWhyThereIsNone) {
  is("exit 3");
  expect_refused("ended with code 3; run it by itself to see why");
  is("kill -9 $$");
  expect_refused("was ended by signal 9");
  is("echo hunter2");
  expect_refused("answers no ExecCredential");
  is("exec cat /dev/zero");
  expect_refused("says more than 1 MiB");
  config.exec->command = (folder / "absent").string();
  config.exec->install_hint = "install it from the shop";
  expect_refused("cannot be run: No such file or directory; install it from the shop");
  config.exec->needs_terminal = true;
  expect_refused("asks questions, and there is no terminal");
}

TEST_F(AskForCredential, StopsAProgramThatDoesNotEnd) {
  is("exec sleep 600");
  expect_refused("did not end within 1 s and was stopped", std::chrono::milliseconds(700));
  is("exec >&-; exec sleep 600");
  expect_refused("did not end within 1 s and was stopped", std::chrono::milliseconds(300));
}

TEST_F(AskForCredential, IsNotHeldUpByWhatTheProgramLeavesBehind) {
  is("sleep 600 & echo $! >'" + (folder / "pid").string() + "'; echo '" + answer(R"("token":"t")") + "'");
  const auto credential = ask();
  ASSERT_TRUE(credential) << credential.error().message;
  EXPECT_EQ(credential->token.reveal(), "t");
  pid_t left = 0;
  std::ifstream(folder / "pid") >> left;
  ASSERT_GT(left, 0);
  ::kill(left, SIGKILL);
}

}  // namespace
}  // namespace cli
