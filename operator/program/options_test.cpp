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

TEST(Options, AddressesAreCheckedBeforeAnythingStarts) {
  EXPECT_EQ(parse_address("127.0.0.1:9")->value().host, "127.0.0.1");
  EXPECT_EQ(parse_address("[::1]:0")->value().host, "::1");
  EXPECT_FALSE(parse_address("0")->has_value());
  for (const char* wrong : {"8080", ":", ":70000", ":80x", "host:"}) EXPECT_FALSE(parse_address(wrong)) << wrong;
  EXPECT_EQ(parse_words({"run", "--metrics-bind-address", "nowhere"}).exit_code, kExitUsage);
}

TEST(Options, AWrongCommandLineIsUsageAndHelpIsNot) {
  EXPECT_EQ(parse_words({}).exit_code, kExitUsage);
  EXPECT_EQ(parse_words({"run", "--no-such-flag"}).exit_code, kExitUsage);
  EXPECT_EQ(parse_words({"--help"}).exit_code, kExitDone);
  EXPECT_EQ(parse_words({"version"}).exit_code, kExitDone);
}

}  // namespace
}  // namespace program
