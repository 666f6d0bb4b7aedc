#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "common/codec/yaml.hpp"
#include "controllers/platform/example.hpp"
#include "crds/types/platform.hpp"

namespace controllers {
namespace test {
std::string file_text(const std::string& path) {
  std::ifstream file(std::string(SOURCE_DIR) + "/" + path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

Object example(const std::string& name) {
  const std::string path = "examples/" + name + ".yaml";
  const auto yaml = codec::parse_yaml(file_text(path), path);
  EXPECT_TRUE(yaml) << (yaml ? "" : base::describe(yaml.error()));
  return yaml ? codec::to_json(*yaml) : Object::object();
}

}  // namespace test

namespace {

class Example : public testing::TestWithParam<const char*> {};

TEST_P(Example, IsAValidPlatform) {
  crds::Problems problems;
  const crds::Platform platform = crds::decode_platform(test::example(GetParam()), problems);
  EXPECT_EQ(platform.name, GetParam());
  for (const crds::Problem& problem : problems) ADD_FAILURE() << problem.path << " " << problem.message;
}

INSTANTIATE_TEST_SUITE_P(Examples, Example, testing::Values("quickstart", "production"),
                         [](const auto& one) { return std::string(one.param); });

}  // namespace
}  // namespace controllers
