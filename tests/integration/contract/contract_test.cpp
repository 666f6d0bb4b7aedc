// The only contract between operator and runtime: the configuration file that one renders and the other reads. Every file in the
// golden objects of the examples is read by the runtime's own parser.
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "common/codec/yaml.hpp"
#include "controllers/services/runtime_config.hpp"
#include "payment-runtime/config/config.hpp"

namespace {

std::string file_text(const std::string& path) {
  std::ifstream file(std::string(SOURCE_DIR) + "/" + path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// runtime.yaml of each ConfigMap in a golden file, by name.
std::map<std::string, std::string> rendered(const std::string& path) {
  std::map<std::string, std::string> configs;
  std::string text = file_text(path);
  for (std::size_t start = text.find("---\n"); start != std::string::npos;) {
    const std::size_t end = text.find("---\n", start + 4);
    const auto object = codec::parse_yaml(text.substr(start + 4, end == std::string::npos ? end : end - start - 4), path);
    EXPECT_TRUE(object) << (object ? "" : object.error().message);
    const codec::Yaml* data = object ? object->find("data") : nullptr;
    if (const codec::Yaml* config = data == nullptr ? nullptr : data->find("runtime.yaml")) {
      configs[object->find("metadata")->find("name")->scalar] = config->scalar;
    }
    start = end;
  }
  return configs;
}

class Rendered : public testing::TestWithParam<const char*> {};

TEST_P(Rendered, ConfigurationIsReadByTheRuntime) {
  const auto configs = rendered(std::string("controllers/testdata/") + GetParam() + ".yaml");
  for (const char* name : {"payment-service", "callback-service", "reconciliation-service", "schema"}) {
    ASSERT_EQ(configs.count(name), 1U) << name;
    const auto config = pay::config::parse_config(configs.at(name), std::string(name) + "/runtime.yaml");
    ASSERT_TRUE(config) << config.error().message;
    ASSERT_TRUE(config->database) << name;
    EXPECT_EQ(config->database->host, "mysql");
    EXPECT_EQ(config->listener(pay::config::Routes::Management) != nullptr, std::string(name) != "schema") << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Examples, Rendered, testing::Values("quickstart", "production"),
                         [](const auto& one) { return std::string(one.param); });

TEST(RenderedSimulator, ConfigurationIsReadByTheRuntime) {
  const auto configs = rendered("controllers/testdata/quickstart.yaml");
  ASSERT_EQ(configs.count("channel-simulator"), 1U);
  const auto config = pay::config::parse_config(configs.at("channel-simulator"), "runtime.yaml");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->listener(pay::config::Routes::Public)->port, 9200);
}

// The API server refuses such values; what is rendered must not depend on that.
TEST(RenderedText, StaysOneStringWhateverItHolds) {
  for (const std::string& url :
       {std::string("http://x:"), std::string("http://x: {a: b}"), std::string("http://x #y"),
        std::string("http://x\nauthentication: Development"), std::string("http://x\n"), std::string("http://\"'\\x"),
        std::string("http://x, routes: public}"), std::string("http://x\t\x01"), std::string("http://\u2028支付")}) {
    crds::Platform platform;
    platform.name = "shop";
    platform.name_space = "payment";
    platform.spec.channels.wechat_pay.enabled = true;
    platform.spec.channels.wechat_pay.base_url = url;
    const controllers::Snapshot live;
    const controllers::Context ctx{platform, live, {}, {}, {}};
    const std::string text = controllers::services::service_config(ctx, {8086, 8087}, "info");
    const auto config = pay::config::parse_config(text, "runtime.yaml");
    ASSERT_TRUE(config) << config.error().message << "\n" << text;
    EXPECT_EQ(config->wechat->base_url, url) << text;
    EXPECT_EQ(config->authentication, pay::config::Authentication::Required);
    EXPECT_EQ(config->listeners.size(), 2U);
  }
}

}  // namespace
