#include <fstream>
#include <functional>
#include <sstream>

#include <gtest/gtest.h>

#include "crds/types/cron.hpp"
#include "crds/types/definition.hpp"
#include "crds/types/platform.hpp"
#include "crds/types/yaml_text.hpp"

namespace crds {
namespace {

std::string file_text(const std::string& path) {
  std::ifstream file(std::string(SOURCE_DIR) + "/" + path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

Problems problems_of(const nlohmann::json& spec) {
  Problems problems;
  (void)decode_platform({{"metadata", {{"name", "x"}}}, {"spec", spec}}, problems);
  return problems;
}

Spec decoded(const nlohmann::json& spec) {
  Problems problems;
  Platform platform = decode_platform({{"metadata", {{"name", "x"}}}, {"spec", spec}}, problems);
  for (const Problem& problem : problems) ADD_FAILURE() << problem.path << " " << problem.message;
  return platform.spec;
}

/// Every schema in a schema, with the path of its field.
void visit(const Schema& schema, const std::string& path, const std::function<void(const Schema&, const std::string&)>& see) {
  see(schema, path);
  if (schema.contains("properties")) {
    for (const auto& [name, field] : schema["properties"].items()) visit(field, path + "." + name, see);
  }
  for (const char* inner : {"items", "additionalProperties"}) {
    if (schema.contains(inner)) visit(schema[inner], path + "[]", see);
  }
}

/// The object that defaulting by the schema would make of an empty one.
nlohmann::json defaulted(const Schema& schema) {
  nlohmann::json value = nlohmann::json::object();
  for (const auto& [name, field] : schema["properties"].items()) {
    if (!field.contains("default")) continue;
    value[name] = field.contains("properties") ? defaulted(field) : nlohmann::json(field["default"]);
  }
  return value;
}

TEST(Definition, IsAsCommitted) {
  EXPECT_EQ(definition_yaml(), file_text("crds/paymentplatforms.yaml")) << "run: generate-crds > crds/paymentplatforms.yaml";
}

TEST(Reference, IsAsCommitted) {
  EXPECT_EQ(reference_markdown(), file_text("docs/reference/paymentplatform.md"))
      << "run: generate-crds --reference > docs/reference/paymentplatform.md";
}

TEST(Definition, IsSmallEnoughForKubectlApply) { EXPECT_LT(definition_yaml().size(), kDefinitionBytesMax); }

TEST(Definition, EveryTextListAndMapHasABound) {
  visit(schema_value(Spec{}, Bounds{}), "spec", [](const Schema& schema, const std::string& path) {
    const std::string type = schema.value("type", "");
    if (type == "string") {
      EXPECT_TRUE(schema.contains("maxLength") || schema.contains("enum")) << path;
    }
    if (type == "array") {
      EXPECT_TRUE(schema.contains("maxItems")) << path;
    }
    if (schema.contains("additionalProperties")) {
      EXPECT_TRUE(schema.contains("maxProperties")) << path;
    }
    if (type == "integer") {
      EXPECT_TRUE(schema.contains("minimum") && schema.contains("maximum")) << path;
    }
  });
}

TEST(Definition, EveryFieldHasADescription) {
  visit(schema_value(Spec{}, Bounds{}), "spec", [](const Schema& schema, const std::string& path) {
    if (path == "spec" || path.back() == ']') return;
    EXPECT_FALSE(schema.value("description", "").empty()) << path;
  });
}

TEST(Definition, MembersOfUnionsHaveNoDefaults) {
  visit(schema_value(Spec{}, Bounds{}), "spec", [](const Schema& schema, const std::string& path) {
    if (path.find(".managed") == std::string::npos) return;
    EXPECT_FALSE(schema.contains("default")) << path;
  });
}

TEST(Defaults, OfTheSchemaAndOfTheTypesAreTheSame) {
  // What the API server makes of an empty spec reads as what we make of it.
  const nlohmann::json by_server = defaulted(schema_value(Spec{}, Bounds{}));
  const Spec spec = decoded(by_server);
  EXPECT_EQ(schema_value(spec, Bounds{}), schema_value(Spec{}, Bounds{}));
  EXPECT_EQ(decoded(nlohmann::json::object()).reconciliation.schedule, "0/30 * * * *");
  EXPECT_EQ(spec.services.reconciliation.replicas, 1);
  EXPECT_FALSE(spec.services.reconciliation.autoscaling.enabled);
  EXPECT_EQ(spec.services.payment.autoscaling.max_replicas, 10);
}

TEST(Decode, FillsWhatIsGivenAndKeepsTheRest) {
  const Spec spec = decoded(
      nlohmann::json::parse(R"({"services": {"reconciliation": {"replicas": 2}}, "database": {"managed": {"storage": {"size": "1Gi"}}}})"));
  EXPECT_EQ(spec.services.reconciliation.replicas, 2);
  EXPECT_FALSE(spec.services.reconciliation.autoscaling.enabled);
  ASSERT_TRUE(spec.database.managed);
  EXPECT_EQ(spec.database.managed->storage.size, "1Gi");
  EXPECT_EQ(spec.database.managed->max_connections, 500);
}

TEST(Decode, QuantitiesMayBeNumbers) {
  const Spec spec = decoded(nlohmann::json::parse(R"({"services": {"payment": {"resources": {"limits": {"cpu": 2, "memory": "1Gi"}}}}})"));
  EXPECT_EQ(spec.services.payment.resources.limits.at("cpu"), "2");
}

struct Refused {
  const char* spec;
  const char* path;
};

class Refusal : public testing::TestWithParam<Refused> {};

TEST_P(Refusal, NamesTheField) {
  const Problems problems = problems_of(nlohmann::json::parse(GetParam().spec));
  ASSERT_EQ(problems.size(), 1U) << GetParam().spec;
  EXPECT_EQ(problems[0].path, GetParam().path);
  EXPECT_FALSE(problems[0].message.empty());
}

INSTANTIATE_TEST_SUITE_P(
    All, Refusal,
    testing::Values(Refused{R"({"channels": {"bitcoin": {"enabled": true}}})", "spec.channels.bitcoin"},
                    Refused{R"({"database": {"managed": {}, "external": {"host": "x"}}})", "spec.database.external"},
                    Refused{R"({"services": {"payment": {"replicas": -1}}})", "spec.services.payment.replicas"},
                    Refused{R"({"services": {"payment": {"replicas": 1.5}}})", "spec.services.payment.replicas"},
                    Refused{R"({"services": {"payment": {"replicas": 18446744073709551615}}})", "spec.services.payment.replicas"},
                    Refused{R"({"services": {"payment": {"replicas": 1001}}})", "spec.services.payment.replicas"},
                    Refused{R"({"services": {"payment": {"autoscaling": {"minReplicas": 5, "maxReplicas": 4}}}})",
                            "spec.services.payment.autoscaling.minReplicas"},
                    Refused{R"({"services": {"payment": {"logLevel": "loud"}}})", "spec.services.payment.logLevel"},
                    Refused{R"({"services": {"payment": {"env": [{"value": "x"}]}}})", "spec.services.payment.env[0].name"},
                    Refused{R"({"services": {"payment": {"env": [{"name": "A"}, {"name": "A"}]}}})", "spec.services.payment.env[1]"},
                    Refused{R"({"services": {"payment": {"resources": {"requests": {"cpu": "much"}}}}})",
                            "spec.services.payment.resources.requests.cpu"},
                    Refused{R"({"database": {"engine": "oracle"}})", "spec.database.engine"},
                    Refused{R"({"database": {"managed": {"config": {"x": "a\nb"}}}})", "spec.database.managed.config.x"},
                    Refused{R"({"reconciliation": {"schedule": "@every 5m"}})", "spec.reconciliation.schedule"},
                    Refused{R"({"reconciliation": {"schedule": "0 0 31 4 *"}})", "spec.reconciliation.schedule"},
                    Refused{R"({"reconciliation": {"timeZone": "Mars/Olympus"}})", "spec.reconciliation.timeZone"},
                    Refused{R"({"reconciliation": []})", "spec.reconciliation"},
                    Refused{R"({"ingress": {"enabled": true}})", "spec.ingress.host"}, Refused{R"({"image": 5})", "spec.image"},
                    Refused{R"({"image": "a b"})", "spec.image"}));

TEST(Refusal, OfAnImageReferenceThatIsTooLong) {
  const Problems problems = problems_of({{"image", std::string(513, 'a')}});
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].message, "must have at most 512 characters, has 513");
}

TEST(Refusal, OfANameThatIsNoLabel) {
  Problems problems;
  (void)decode_platform({{"metadata", {{"name", std::string(64, 'a')}}}}, problems);
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].path, "metadata.name");
}

TEST(Refusal, ReportsEveryProblemAtOnce) {
  EXPECT_EQ(problems_of(nlohmann::json::parse(R"({"paused": 1, "deletionPolicy": "Perhaps", "x": 1})")).size(), 3U);
}

TEST(Cron, LinesThatPeopleWrite) {
  for (const char* line : {"0/30 * * * *", "*/5 * * * *", "0 2 * * 0", "0 0 1,15 * *", "15-45/10 8-18 * 1-6 1-5", "@hourly", "@yearly",
                           "0 0 29 2 *", "0 0 31 4 1"}) {
    EXPECT_TRUE(problems_of({{"reconciliation", {{"schedule", line}}}}).empty()) << line;
    EXPECT_TRUE(cron_can_fire(line)) << line;
  }
}

TEST(Cron, LinesThatAreRefused) {
  for (const char* line :
       {"", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 7", "*/0 * * * *", "0 0 * * MON",
        "@every 1h", "@reboot", "TZ=UTC 0 0 * * *", "CRON_TZ=UTC 0 0 * * *", "a b c d e", " 0 0 * * *", "0  0 * * *", "? * * * *"}) {
    EXPECT_EQ(problems_of({{"reconciliation", {{"schedule", line}}}}).size(), 1U) << line;
  }
}

TEST(Cron, LinesThatNeverFire) {
  for (const char* line : {"0 0 30 2 *", "0 0 31 2,4,6,9,11 *", "30-10 * * * *", "0 0 31 4 */2"}) EXPECT_FALSE(cron_can_fire(line)) << line;
}

TEST(Yaml, ReadsBackAsWhatItWas) {
  const nlohmann::json value =
      nlohmann::json::parse(R"({"a": "yes", "b": ["1", 2, {"c": {}, "d": []}], "e": "x: y", "f": "line\nline\n", "g": null, "h": ""})");
  EXPECT_EQ(to_yaml(value), "a: \"yes\"\nb:\n- \"1\"\n- 2\n- c: {}\n  d: []\ne: \"x: y\"\nf: |\n  line\n  line\ng: null\nh: \"\"\n");
}

}  // namespace
}  // namespace crds
