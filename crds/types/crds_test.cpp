#include <fstream>
#include <functional>
#include <sstream>

#include <gtest/gtest.h>

#include "crds/types/cron.hpp"
#include "crds/types/definition.hpp"
#include "crds/types/given.hpp"
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
                    Refused{R"({"image": "a b"})", "spec.image"}, Refused{R"({"version": "v1:2"})", "spec.version"},
                    Refused{R"({"version": "-1"})", "spec.version"}, Refused{R"({"version": "repo/x"})", "spec.version"},
                    Refused{R"({"channels": {"wechatPay": {"baseUrl": "http://x:"}}})", "spec.channels.wechatPay.baseUrl"},
                    Refused{R"({"channels": {"wechatPay": {"baseUrl": "http://x:65536"}}})", "spec.channels.wechatPay.baseUrl"},
                    Refused{R"({"channels": {"wechatPay": {"baseUrl": "http://x: y"}}})", "spec.channels.wechatPay.baseUrl"},
                    Refused{R"({"channels": {"wechatPay": {"baseUrl": "http://:80"}}})", "spec.channels.wechatPay.baseUrl"},
                    Refused{R"({"channels": {"wechatPay": {"baseUrl": "http://a..b"}}})", "spec.channels.wechatPay.baseUrl"},
                    Refused{R"({"channels": {"wechatPay": {"baseUrl": "ftp://x"}}})", "spec.channels.wechatPay.baseUrl"},
                    Refused{R"({"ingress": {"host": "-a.example.com"}})", "spec.ingress.host"},
                    Refused{R"({"services": {"payment": {"resources": {"requests": {"cpu": 0}}}}})",
                            "spec.services.payment.resources.requests.cpu"},
                    Refused{R"({"services": {"payment": {"resources": {"limits": {"memory": "-1Gi"}}}}})",
                            "spec.services.payment.resources.limits.memory"},
                    Refused{R"({"database": {"managed": {"storage": {"size": "0Gi"}}}})", "spec.database.managed.storage.size"},
                    Refused{R"({"database": {"managed": {"storage": {"size": "0.00"}}}})", "spec.database.managed.storage.size"},
                    Refused{R"({"database": {"managed": {"storage": {"size": -1}}}})", "spec.database.managed.storage.size"},
                    Refused{R"({"redis": {"managed": {"storage": {"size": "000"}}}})", "spec.redis.managed.storage.size"}));

TEST(Refusal, OfAHostThatDnsOrTheNotifyUrlCannotHold) {
  const auto labels = [](std::size_t characters) {      // of 63 at most, with a dot after each
    std::string host;
    while (host.size() < characters) host += host.size() % 64 == 63 ? '.' : 'a';
    return host;
  };
  EXPECT_TRUE(problems_of({{"ingress", {{"host", labels(228)}}}}).empty());
  EXPECT_EQ(problems_of({{"ingress", {{"host", labels(229)}}}}).size(), 1U)
      << "https://HOST/api/callback/wechat has at most 256 characters";
  EXPECT_TRUE(problems_of({{"ingress", {{"host", std::string(63, 'a') + ".example.com"}}}}).empty());
  EXPECT_EQ(problems_of({{"ingress", {{"host", std::string(64, 'a') + ".example.com"}}}}).size(), 1U);
}

TEST(Quantities, AboveZeroAreTaken) {
  for (const nlohmann::json& size : std::initializer_list<nlohmann::json>{"1", "10Gi", "0.5Gi", "100", "1.0", 1, 20, "010m"}) {
    EXPECT_TRUE(problems_of({{"database", {{"managed", {{"storage", {{"size", size}}}}}}}}).empty()) << size;
  }
}

TEST(Urls, ThatPeopleWriteAreTaken) {
  for (const char* url : {"", "https://api.mch.weixin.qq.com", "http://127.0.0.1:9200", "http://channel-simulator:9200/",
                          "https://a.b/c/d-e.f", "http://x:1", "http://x:65535"}) {
    EXPECT_TRUE(problems_of({{"channels", {{"wechatPay", {{"baseUrl", url}}}}}}).empty()) << url;
  }
}

TEST(ServerSettings, ThatTheOperatorManagesAreRefusedInAnySpelling) {
  const auto path_of = [](const char* name) {
    const Problems problems = problems_of({{"database", {{"managed", {{"config", {{name, "0"}}}}}}}});
    return problems.size() == 1 ? problems[0].path : std::to_string(problems.size()) + " problems";
  };
  for (const char* name : {"innodb_flush_log_at_trx_commit", "innodb-flush-log-at-trx-commit", "sync_binlog", "innodb_doublewrite",
                           "datadir", "port", "socket", "max_connections", "bind-address", "skip-networking"}) {
    EXPECT_EQ(path_of(name), "spec.database.managed.config") << name;
  }
  for (const char* name : {"loose_innodb_flush_log_at_trx_commit", "loose-sync-binlog", "skip_innodb_doublewrite",
                           "innodb_flush_log_at_trx", "disable-innodb-doublewrite", "sync_bin", "maximum_max_connections"}) {
    EXPECT_EQ(path_of(name), std::string("spec.database.managed.config.") + name);
  }
  for (const char* name : {"innodb_log_file_size", "max_allowed_packet", "innodb_flush_log_at_timeout", "slow_query_log", "log_bin"}) {
    EXPECT_EQ(path_of(name), "0 problems") << name;
  }
}

TEST(Refusal, OfAPodTemplateThatIsTooLargeOrOfAnotherShape) {
  const auto problem_of = [](const nlohmann::json& patch) {
    const Problems problems = problems_of({{"services", {{"payment", {{"podTemplate", patch}}}}}});
    return problems.empty() ? "" : problems[0].path + " " + problems[0].message;
  };
  const auto of_bytes = [](std::size_t bytes) {
    nlohmann::json patch = {{"spec", {{"x", ""}}}};
    patch["spec"]["x"] = std::string(bytes - patch.dump().size(), 'a');
    return patch;
  };
  EXPECT_EQ(problem_of(of_bytes(kPodTemplateBytesMax)), "");
  EXPECT_EQ(problem_of(of_bytes(kPodTemplateBytesMax + 1)),
            "spec.services.payment.podTemplate must have at most 16384 bytes as JSON, has 16385");
  EXPECT_EQ(problem_of({{"spec", 1}}), "spec.services.payment.podTemplate.spec must be an object, is number");
  EXPECT_EQ(problem_of({{"metadata", {{"name", "x"}}}}),
            "spec.services.payment.podTemplate.metadata.name is no part of a patch: there are labels and annotations");
  EXPECT_EQ(problem_of({{"metadata", {{"creationTimestamp", nullptr}}}}), "") << "as tools write it";
}

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
    EXPECT_TRUE(Cron::parse(line)) << line;
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
  for (const char* line : {"0 0 30 2 *", "0 0 31 2,4,6,9,11 *", "30-10 * * * *", "0 0 31 4 */2"}) EXPECT_FALSE(Cron::parse(line)) << line;
}

TEST(Cron, NextIsTheFirstMinuteAtOrAfter) {
  struct Case {
    const char* line;
    const char* from;
    const char* next;
  };
  for (const Case& c : std::initializer_list<Case>{
           {"0 2 * * 0", "2026-03-01T02:00:00Z", "2026-03-01T02:00:00Z"},      // a Sunday
           {"0 2 * * 0", "2026-03-01T02:00:01Z", "2026-03-08T02:00:00Z"},
           {"30 23 31 12 *", "2026-12-31T23:31:00Z", "2027-12-31T23:30:00Z"},
           {"0 0 29 2 *", "2026-03-01T00:00:00Z", "2028-02-29T00:00:00Z"},
           {"0 0 29 2 *", "2096-03-01T00:00:00Z", "2104-02-29T00:00:00Z"},
           {"0 0 13 * 5", "2026-03-01T00:00:00Z", "2026-03-06T00:00:00Z"},     // the 13th or a Friday
           {"0/30 * * * *", "2026-03-01T07:01:00Z", "2026-03-01T07:30:00Z"},
           {"@monthly", "2026-03-01T00:00:01Z", "2026-04-01T00:00:00Z"},
       }) {
    const auto cron = Cron::parse(c.line);
    ASSERT_TRUE(cron) << c.line;
    const base::TimePoint next = cron->next(*base::parse_rfc3339(c.from));
    EXPECT_EQ(base::to_rfc3339(next), c.next) << c.line;
    EXPECT_TRUE(cron->fires_in(next + std::chrono::seconds(59))) << c.line;
    EXPECT_FALSE(cron->fires_in(next - std::chrono::seconds(1))) << c.line;
  }
}

TEST(MaintenanceWindows, AreRefusedWithTheFieldPath) {
  const auto path_of = [](const char* start, const char* duration) {
    const Problems problems = problems_of({{"maintenanceWindows", {{{"start", start}, {"duration", duration}}}}});
    return problems.empty() ? std::string("fine") : problems.front().path;
  };
  EXPECT_EQ(path_of("0 2 * * 0", "2h"), "fine");
  EXPECT_EQ(path_of("@daily", "1h30m"), "fine");
  EXPECT_EQ(path_of("0 2 * * SUN", "2h"), "spec.maintenanceWindows[0].start");
  EXPECT_EQ(path_of("0 0 30 2 *", "2h"), "spec.maintenanceWindows[0].start");
  for (const char* duration : {"", "2", "2h ", "-2h", "0h", "1.5h", "25h", "1d", "90s"}) {
    EXPECT_EQ(path_of("0 2 * * 0", duration), "spec.maintenanceWindows[0].duration") << duration;
  }
}

TEST(Given, LeavesOutWhatEqualsTheDefaults) {
  const nlohmann::json spec = nlohmann::json::parse(
      R"({"paused": false, "deletionPolicy": "Retain", "database": {"engine": "mysql", "managed": {"maxConnections": 500}},
          "services": {"payment": {"replicas": 3, "logLevel": "debug", "autoscaling": {"enabled": true}}}, "imagePullSecrets": []})");
  EXPECT_EQ(given(spec), nlohmann::json::parse(
                             R"({"database": {"managed": {"maxConnections": 500}}, "services": {"payment": {"logLevel": "debug"}},
                                 "imagePullSecrets": []})"));
  EXPECT_EQ(given(nlohmann::json::object()), nlohmann::json::object());
}

TEST(Yaml, ReadsBackAsWhatItWas) {
  const nlohmann::json value =
      nlohmann::json::parse(R"({"a": "yes", "b": ["1", 2, {"c": {}, "d": []}], "e": "x: y", "f": "line\nline\n", "g": null, "h": ""})");
  EXPECT_EQ(to_yaml(value), "a: \"yes\"\nb:\n- \"1\"\n- 2\n- c: {}\n  d: []\ne: \"x: y\"\nf: |\n  line\n  line\ng: null\nh: \"\"\n");
}

}  // namespace
}  // namespace crds
