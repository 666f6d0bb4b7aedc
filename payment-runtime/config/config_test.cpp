#include "payment-runtime/config/config.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

#include <fstream>
#include <sstream>

#include "common/codec/yaml.hpp"
#include "payment-runtime/config/roles.hpp"
#include "payment-runtime/config/secrets.hpp"

namespace pay::config {
namespace {

namespace fs = std::filesystem;

std::string documented_example() {
  std::ifstream stream{SOURCE_DIR "/docs/reference/runtime-configuration.md"};
  std::ostringstream text;
  text << stream.rdbuf();
  const std::string page = text.str();
  const std::size_t begin = page.find("```yaml\n") + 8;
  return page.substr(begin, page.find("```", begin) - begin);
}

void collect_keys(const codec::Yaml& node, const std::string& path, std::set<std::string>& keys) {
  for (const auto& [name, value] : node.members) {
    const std::string key = path.empty() ? name : path + "." + name;
    keys.insert(key);
    collect_keys(value, key, keys);
    for (const codec::Yaml& item : value.items) collect_keys(item, key + "[]", keys);
  }
}

TEST(ConfigDocument, EveryKeyIsDocumentedAndEveryDocumentedKeyIsRead) {
  const std::string example = documented_example();
  std::set<std::string> asked;
  const auto config = parse_config(example, "runtime.yaml", &asked);
  ASSERT_TRUE(config.has_value()) << config.error().message;
  std::set<std::string> documented;
  collect_keys(codec::parse_yaml(example, "runtime.yaml").value(), "", documented);
  EXPECT_EQ(documented, asked);
}

TEST(ConfigDocument, TheExampleMeansWhatItSays) {
  const Config config = parse_config(documented_example(), "runtime.yaml").value();
  EXPECT_EQ(config.platform, "payment/quickstart");
  EXPECT_EQ(config.log_level, obs::Level::Info);
  ASSERT_NE(config.listener(Routes::Public), nullptr);
  EXPECT_EQ(config.listener(Routes::Public)->port, 8086);
  EXPECT_EQ(config.listener(Routes::Management)->port, 8087);
  EXPECT_EQ(config.database->connections, 8);
  EXPECT_EQ(config.redis->host, "redis");
  EXPECT_EQ(config.authentication, Authentication::Development);
  EXPECT_EQ(config.wechat->notify_url, "http://callback-service:8088/api/callback/wechat");
  EXPECT_EQ(config.reconciliation.lookback_days, 7);
}

TEST(Config, TheLeastIsEnoughAndUnsafeThingsAreNotDefaults) {
  const auto config = parse_config("configVersion: 1\nplatform: a/b\n", "f");
  ASSERT_TRUE(config.has_value()) << config.error().message;
  EXPECT_EQ(config->authentication, Authentication::Required);
  EXPECT_FALSE(config->database.has_value());
  EXPECT_FALSE(config->redis.has_value());
  EXPECT_FALSE(config->wechat.has_value());
}

TEST(Config, MistakesArePointedAtWithWhatWasExpected) {
  const std::string start = "configVersion: 1\nplatform: a/b\n";
  const std::pair<std::string, std::string> cases[] = {
      {"platform: a/b\n", "f:1:1: configVersion: is missing; expected an integer from 1 to 1"},
      {"configVersion: 2\nplatform: a/b\n", "f:1:16: configVersion: expected an integer from 1 to 1, not '2'"},
      {"configVersion: 1\n", "f:1:1: platform: is missing; expected a text of 1 to 506 bytes"},
      {start + "logLevel: loud\n", "f:3:11: logLevel: expected debug or info or warn or error, not 'loud'"},
      {start + "shards: 17\n", "f:3:9: shards: expected an integer from 0 to 16, not '17'"},
      {start + "shards: 1.5\n", "f:3:9: shards: expected an integer from 0 to 16, not '1.5'"},
      {start + "shards: \"2\"\n", "f:3:9: shards: expected an integer from 0 to 16, not '2'"},
      {start + "shards: [2]\n", "f:3:9: shards: expected an integer from 0 to 16"},
      {start + "shard: 2\n", "f:3:8: shard: unknown key"},
      {start + "listeners: []\n", "f:3:12: listeners: expected a list of 1 to 4 entries"},
      {start + "listeners:\n  - {port: 70000, routes: public}\n",
       "f:4:12: listeners[].port: expected an integer from 0 to 65535, not '70000'"},
      {start + "listeners:\n  - {port: 80}\n", "f:4:5: listeners[].routes: is missing; expected public or management"},
      {start + "listeners:\n  - {port: 80, routes: public, tls: mutual}\n", "f:4:37: listeners[].tls: expected none, not 'mutual'"},
      {start + "listeners:\n  - {port: 80, routes: public}\n  - {port: 80, routes: management}\n",
       "f:5:12: listeners[].port: expected a port that no other listener has"},
      {start + "database: mysql\n", "f:3:11: database: expected a map of keys"},
      {start + "database: {port: 3306}\n", "f:3:11: database.host: is missing; expected a text of 1 to 253 bytes"},
      {start + "database: {host: h, engine: oracle}\n", "f:3:29: database.engine: expected mysql, not 'oracle'"},
      {start + "database: {host: h, connections: 0}\n", "f:3:34: database.connections: expected an integer from 1 to 128, not '0'"},
      {start + "redis: {host: \"\"}\n", "f:3:15: redis.host: expected a text of 1 to 253 bytes"},
      {start + "channels: {wechat: {baseUrl: x, notifyUrl: http://y}}\n",
       "f:3:30: channels.wechat.baseUrl: expected an http:// or https:// address"},
      {start + "channels: {wechat: {baseUrl: http://x, notifyUrl: http://}}\n",
       "f:3:51: channels.wechat.notifyUrl: expected an http:// or https:// address: not a URL: "},
      {start + "channels: {wechat: {baseUrl: https://x, notifyUrl: http://y}}\n",
       "f:3:52: channels.wechat.notifyUrl: expected an https:// address, as baseUrl is one"},
      {start + "channels: {wechat: {baseUrl: https://x, notifyUrl: \"https://y/?a=b\"}}\n",
       "f:3:52: channels.wechat.notifyUrl: expected an address without a query"},
      {start + "channels: {stripe: {}}\n", "f:3:20: channels.stripe: unknown key; expected one of wechat"},
      {start + "reconciliation: {timeZone: UTC}\n", "f:3:28: reconciliation.timeZone: unknown key"},
      {start + "authentication: None\n", "f:3:17: authentication: expected Development or Required, not 'None'"},
      {start + "platform: again\n", "f:3:1: platform: this key stands twice"},
      {"- a\n", "f:1:1: (file): expected a map of keys"},
      {"", "f: is empty; expected a map of keys that begins with configVersion: 1"},
      {"# only a comment\n", "f: is empty; expected a map of keys that begins with configVersion: 1"},
  };
  for (const auto& [text, message] : cases) {
    const auto config = parse_config(text, "f");
    ASSERT_FALSE(config.has_value()) << text;
    EXPECT_EQ(config.error().message.substr(0, message.size()), message) << text;
  }
}

TEST(Config, AFileThatIsNotThereIsNamed) {
  const auto config = load_config("/nonexistent/runtime.yaml");
  ASSERT_FALSE(config.has_value());
  EXPECT_NE(config.error().message.find("/nonexistent/runtime.yaml"), std::string::npos);
}

TEST(Config, TheSimulatorIsReachedAndCallsBackOverPlainHttpOrNot) {
  const std::string start = "configVersion: 1\nplatform: a/b\nchannels: {wechat: {baseUrl: ";
  EXPECT_TRUE(parse_config(start + "http://channel-simulator:9200, notifyUrl: http://callback-service:8088/x}}\n", "f").has_value());
  EXPECT_TRUE(parse_config(start + "http://channel-simulator:9200, notifyUrl: https://pay.example.com/x}}\n", "f").has_value());
  EXPECT_TRUE(parse_config(start + "https://api.mch.weixin.qq.com, notifyUrl: https://pay.example.com/x}}\n", "f").has_value());
}

TEST(Roles, EachHasThePublicPortAndAllCountsFromIt) {
  const auto listeners = [](int open, int management) {
    return parse_config("configVersion: 1\nplatform: a/b\ndatabase: {host: h}\nlisteners:\n  - {port: " + std::to_string(open) +
                            ", routes: public}\n  - {port: " + std::to_string(management) + ", routes: management}\n",
                        "f")
        .value();
  };
  const auto ports = [](const base::Result<std::vector<Part>>& parts) {
    std::vector<int> numbers;
    for (const Part& part : parts.value()) numbers.push_back(part.port);
    return numbers;
  };
  EXPECT_EQ(ports(parts_of(listeners(8086, 8087), "payment")), (std::vector<int>{8086}));
  EXPECT_EQ(ports(parts_of(listeners(65535, 8087), "callback")), (std::vector<int>{65535}));
  EXPECT_EQ(ports(parts_of(listeners(65532, 8087), "all")), (std::vector<int>{65532, 65533, 65534, 65535}));
  EXPECT_EQ(ports(parts_of(listeners(0, 0), "all")), (std::vector<int>{0, 0, 0, 0}));
  EXPECT_EQ(ports(parts_of(listeners(8086, 8085), "all")), (std::vector<int>{8086, 8087, 8088, 8089}));
  EXPECT_EQ(parts_of(listeners(65534, 8087), "all").error().message,
            "f:5:12: listeners[].port: expected at most 65532, not '65534': role all opens 4 ports counted from this one");
  EXPECT_EQ(parts_of(listeners(8086, 8089), "all").error().message,
            "f:6:12: listeners[].port: expected a port outside 8086 to 8089, which role all opens itself, not '8089'");
}

TEST(Roles, WhatARoleNeedsIsNamedWhenItIsMissing) {
  const std::string start = "configVersion: 1\nplatform: a/b\n";
  const Config no_listener = parse_config(start, "f").value();
  EXPECT_EQ(parts_of(no_listener, "payment").error().message, "f: listeners: role payment needs a listener with routes: public");
  const Config no_database = parse_config(start + "listeners: [{port: 80, routes: public}]\n", "f").value();
  EXPECT_EQ(parts_of(no_database, "callback").error().message, "f: database: is missing; role callback needs it");
  EXPECT_TRUE(parts_of(no_database, "channel-simulator").has_value());
}

class SecretFolder : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "config_test_XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  void TearDown() override { fs::remove_all(folder_); }
  void write(const fs::path& file, const std::string& text) {
    fs::create_directories(file.parent_path());
    std::ofstream{file, std::ios::binary} << text;
  }
  fs::path folder_;
};

TEST_F(SecretFolder, ValuesLoseTheirTrailingLineEndAndMissingOnesAreNamed) {
  write(folder_ / "mysql-password", "hunter2\n");
  write(folder_ / "empty", "\n");
  const SecretFiles files{folder_};
  EXPECT_EQ(files.read({"mysql-password"})->at("mysql-password").reveal(), "hunter2");
  const auto missing = files.read({"mysql-password", "wechat-api-v3-key"});
  ASSERT_FALSE(missing.has_value());
  EXPECT_NE(missing.error().message.find((folder_ / "wechat-api-v3-key").string()), std::string::npos);
  EXPECT_FALSE(files.read({"empty"}).has_value());
  EXPECT_TRUE(files.read({}, {"absent"})->empty());
}

TEST_F(SecretFolder, AnEmptyConfigurationIsCalledEmptyAndAFolderUnreadable) {
  write(folder_ / "runtime.yaml", "");
  EXPECT_EQ(load_config(folder_ / "runtime.yaml").error().message,
            (folder_ / "runtime.yaml").string() + ": is empty; expected a map of keys that begins with configVersion: 1");
  EXPECT_NE(load_config(folder_).error().message.find("cannot be read"), std::string::npos);
}

TEST_F(SecretFolder, AChangeWhileSecretsAreFirstReadIsNotMissed) {
  write(folder_ / "key", "first");
  int reads = 0;
  const auto make = [&](const SecretFiles& files) -> base::Result<std::shared_ptr<const std::string>> {
    auto value = std::make_shared<const std::string>(files.read({"key"})->at("key").reveal());
    if (++reads == 1) write(folder_ / "key", "second, longer");   // after the reading, before load() is done
    return value;
  };
  const auto reloading = Reloading<std::string>::load(SecretFiles{folder_}, {"key"}, make).value();
  EXPECT_EQ(*reloading->get(), "first");
  EXPECT_TRUE(reloading->refresh().value());
  EXPECT_EQ(*reloading->get(), "second, longer");
}

TEST_F(SecretFolder, ASwappedFolderIsReloadedAndABadOneKeepsWhatWasThere) {
  // As the kubelet does it: ..data is a link to a versioned folder and is replaced atomically.
  const auto swap = [&](const std::string& version, const std::string& value) {
    write(folder_ / version / "key", value);
    fs::remove(folder_ / "..tmp");
    fs::create_directory_symlink(version, folder_ / "..tmp");
    fs::rename(folder_ / "..tmp", folder_ / "..data");
  };
  swap("..one", "first");
  const auto make = [](const SecretFiles& files) -> base::Result<std::shared_ptr<const std::string>> {
    const auto read = files.read({"key"});
    if (!read) return base::fail(read.error());
    const std::string value{read->at("key").reveal()};
    if (value == "bad") return base::fail(base::Code::InvalidArgument, "not a key");
    return std::make_shared<const std::string>(value);
  };
  auto reloading = Reloading<std::string>::load(SecretFiles{folder_}, {"key"}, make).value();
  EXPECT_EQ(*reloading->get(), "first");
  EXPECT_FALSE(reloading->refresh().value());
  swap("..two", "second");
  EXPECT_TRUE(reloading->refresh().value());
  EXPECT_EQ(*reloading->get(), "second");
  swap("..three", "bad");
  EXPECT_FALSE(reloading->refresh().has_value());
  EXPECT_EQ(*reloading->get(), "second");
  EXPECT_FALSE(reloading->refresh().value()) << "said once, not every few seconds";
}

}  // namespace
}  // namespace pay::config
