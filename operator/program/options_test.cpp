#include "operator/program/options.hpp"

#include <gtest/gtest.h>

namespace program {
namespace {

Parsed parse_words(std::vector<std::string> words) {
  words.insert(words.begin(), "payment-operator");
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  return parse(static_cast<int>(argv.size()), argv.data());
}

TEST(Options, RunHasUsableDefaults) {
  const auto options = parse_words({"run"}).run;
  ASSERT_TRUE(options);
  EXPECT_TRUE(options->kubeconfig.empty());
  EXPECT_TRUE(options->namespaces.empty());
  EXPECT_EQ(options->metrics->port, 8080);
  EXPECT_EQ(options->probes->port, 8081);
  EXPECT_EQ(options->settings.redis_image, "redis:7.2");
}

TEST(Options, NamespaceMayBeGivenSeveralTimes) {
  const auto options = parse_words({"run", "--namespace", "a", "--namespace", "b"}).run;
  ASSERT_TRUE(options);
  EXPECT_EQ(options->namespaces, (std::vector<std::string>{"a", "b"}));
}

TEST(Options, NamePrefixesAreThoseThatAPlatformMayHave) {
  const auto options = parse_words({"run", "--name-prefix=shop-", "--name-prefix", "b2"}).run;
  ASSERT_TRUE(options);
  EXPECT_EQ(options->settings.name_prefixes, (std::vector<std::string>{"shop-", "b2"}));
  for (const std::string& wrong : {std::string(), std::string("-a"), std::string("Shop-"), std::string("1a"), std::string(31, 'a')}) {
    EXPECT_EQ(parse_words({"run", "--name-prefix=" + wrong}).exit_code, kExitUsage) << wrong;
  }
}

TEST(Options, AddressesAreCheckedBeforeAnythingStarts) {
  EXPECT_EQ(parse_address("127.0.0.1:9")->value().host, "127.0.0.1");
  EXPECT_EQ(parse_address("[::1]:0")->value().host, "::1");
  EXPECT_FALSE(parse_address("0")->has_value());
  for (const char* wrong : {"8080", ":", ":70000", ":80x", "host:"}) EXPECT_FALSE(parse_address(wrong)) << wrong;
  EXPECT_EQ(parse_words({"run", "--metrics-bind-address", "nowhere"}).exit_code, kExitUsage);
}

TEST(Options, LeaderElectionIsOffUntilItIsAskedFor) {
  EXPECT_FALSE(parse_words({"run"}).run->election);
  const auto election = parse_words({"run", "--leader-elect"}).run->election;
  ASSERT_TRUE(election);
  EXPECT_EQ(election->id, "payment-operator");
  EXPECT_EQ(election->times.duration, std::chrono::seconds(15));
  EXPECT_EQ(election->times.renew_deadline, std::chrono::seconds(10));
  EXPECT_EQ(election->times.retry, std::chrono::seconds(2));
}

TEST(Options, TimesOfLeaderElectionAreCheckedTogether) {
  const auto election = parse_words({"run", "--leader-elect", "--leader-elect-namespace", "ops", "--leader-elect-lease-duration", "1m",
                                     "--leader-elect-renew-deadline", "40s", "--leader-elect-retry-period", "500ms"})
                            .run->election;
  ASSERT_TRUE(election);
  EXPECT_EQ(election->name_space, "ops");
  EXPECT_EQ(election->times.duration, std::chrono::minutes(1));
  EXPECT_EQ(election->times.retry, std::chrono::milliseconds(500));
  EXPECT_EQ(parse_words({"run", "--leader-elect", "--leader-elect-renew-deadline", "15s"}).exit_code, kExitUsage);
  for (const char* wrong : {"", "15", "s", "-1s", "1h", "1.5s", "99999999999m"}) EXPECT_FALSE(parse_duration(wrong)) << wrong;
}

TEST(Options, AWrongCommandLineIsUsageAndHelpIsNot) {
  EXPECT_EQ(parse_words({}).exit_code, kExitUsage);
  EXPECT_EQ(parse_words({"run", "--no-such-flag"}).exit_code, kExitUsage);
  EXPECT_EQ(parse_words({"--help"}).exit_code, kExitDone);
  EXPECT_EQ(parse_words({"version"}).exit_code, kExitDone);
}

}  // namespace
}  // namespace program
