// The child objects of the examples, as files that people read. GOLDEN=1 rewrites them; look at the difference before you commit it.
#include <cstdlib>
#include <fstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "controllers/platform/example.hpp"
#include "controllers/platform/gates.hpp"
#include "controllers/platform/testing/fake_cluster.hpp"
#include "crds/types/yaml_text.hpp"

namespace controllers {
namespace {

void user_secrets(test::FakeCluster& cluster) {
  cluster.user_secret("payment-service-secret",
                      {"mysql-password", "wechat-app-id", "wechat-mch-id", "wechat-private-key", "wechat-merchant-serial-no",
                       "wechat-api-v3-key", "wechat-public-key", "wechat-public-key-id"});
}

std::string children_of(const Object& example) {
  test::FakeCluster cluster(example["spec"]);
  cluster.platform["metadata"]["name"] = example["metadata"]["name"];
  if (example["metadata"]["name"] != "quickstart") user_secrets(cluster);
  std::string text = "# Made by controllers_platform_test; GOLDEN=1 rewrites it.\n";
  for (int round = 0; round < 2; ++round) {      // the volume claim comes after the Secret that it depends on
    const Plan plan = cluster.decide();
    for (const Generate& generate : plan.generate) text += "---\n" + crds::to_yaml(generate.object);
    for (const Apply& apply : plan.apply) text += "---\n" + crds::to_yaml(apply.object);
    for (const Apply& scale : plan.scale) text += "---\n# by payment-operator-scale\n" + crds::to_yaml(scale.object);
    cluster.execute(plan);
  }
  return text;
}

/// By object, each as often as it is written.
std::string objects_of(const Object& example) {
  test::FakeCluster cluster(example["spec"]);
  cluster.platform["metadata"]["name"] = example["metadata"]["name"];
  if (example["metadata"]["name"] != "quickstart") user_secrets(cluster);
  std::map<Ref, std::string> objects;
  for (int round = 0; round < 2; ++round) {
    const Plan plan = cluster.decide();
    for (const Apply& apply : plan.apply) objects[ref_of(apply.object)] = crds::to_yaml(apply.object);
    cluster.execute(plan);
  }
  std::string text;
  for (const auto& [ref, object] : objects) text += "---\n" + object;
  return text;
}

class Golden : public testing::TestWithParam<const char*> {};

TEST_P(Golden, ChildrenOfTheExampleAreAsCommitted) {
  const std::string path = std::string("controllers/testdata/") + GetParam() + ".yaml";
  const std::string made = children_of(test::example(GetParam()));
  if (std::getenv("GOLDEN") != nullptr) std::ofstream(std::string(SOURCE_DIR) + "/" + path) << made;      // NOLINT: a test's own switch
  EXPECT_EQ(made, test::file_text(path)) << "run with GOLDEN=1 and look at the difference of " << path;
}

TEST_P(Golden, RenderingTwiceGivesTheSameBytes) {
  const Object example = test::example(GetParam());
  EXPECT_EQ(children_of(example), children_of(example));
}

// What a released operator has made: another release that renders a byte of its pods otherwise restarts every platform, one that renders
// other fields otherwise has an older one put them back. A change that is worth that raises kLayoutNow and keeps the former rendering for
// platforms that have it. FREEZE=1 writes the files of a new layout.
TEST_P(Golden, ObjectsAreThoseOfTheReleasedLayout) {
  const std::string path = fmt::format("controllers/testdata/layout-{}/{}.yaml", kLayoutNow, GetParam());
  const std::string made = objects_of(test::example(GetParam()));
  if (std::getenv("FREEZE") != nullptr) std::ofstream(std::string(SOURCE_DIR) + "/" + path) << made;      // NOLINT: a test's own switch
  EXPECT_EQ(made, test::file_text(path)) << "an upgrade of the operator would restart pods, or be undone by an older one";
}

INSTANTIATE_TEST_SUITE_P(Examples, Golden, testing::Values("quickstart", "production"),
                         [](const auto& one) { return std::string(one.param); });

}  // namespace
}  // namespace controllers
