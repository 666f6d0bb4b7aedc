// The small parts: paths, errors, configuration, projection, requests.
#include <cstdio>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "operator/kube/api.hpp"
#include "operator/kube/config.hpp"
#include "operator/kube/projection.hpp"
#include "operator/kube/testing.hpp"

namespace kube {
namespace {

using base::Code;
using nlohmann::json;
using ::testing::HasSubstr;

TEST(Paths, FollowGroupNamespaceAndName) {
  EXPECT_EQ(path_of(*find_kind("v1", "Service"), "shop", "redis"), "/api/v1/namespaces/shop/services/redis");
  EXPECT_EQ(path_of(*find_kind("apps/v1", "Deployment"), "", ""), "/apis/apps/v1/deployments");
  EXPECT_EQ(path_of(platform_kind(), "a/b", "x?y"), "/apis/paymentplatform.io/v1alpha1/namespaces/a%2Fb/paymentplatforms/x%3Fy");
}

TEST(Errors, KeepTheFieldAndTheServersWords) {
  const auto error = error_of({422, R"({"kind":"Status","reason":"Invalid","message":"Deployment is invalid",
      "details":{"causes":[{"field":"spec.replicas","message":"must not be negative"}]}})",
                               std::nullopt});
  EXPECT_EQ(error.code, Code::InvalidArgument);
  EXPECT_EQ(error.field, "spec.replicas");
  EXPECT_EQ(error.message, "Deployment is invalid");
}

TEST(Errors, TellAnExistingObjectFromALostRace) {
  EXPECT_EQ(error_of({409, R"({"reason":"AlreadyExists"})", std::nullopt}).code, Code::AlreadyExists);
  EXPECT_EQ(error_of({409, R"({"reason":"Conflict"})", std::nullopt}).code, Code::Aborted);
  EXPECT_EQ(error_of({410, R"({"reason":"Expired"})", std::nullopt}).code, Code::OutOfRange);
}

TEST(Errors, AnObjectAgainstItsSchemaIsRefusedThoughTheServerCallsItAnErrorOfItsOwn) {
  for (const char* words :
       {"failed to create typed patch object (shop/redis; apps/v1, Kind=Deployment): .spec.template.spec.containers"
        "[name=\\\"redis\\\"].imag: field not declared in schema",
        "failed to convert new object (shop/redis; apps/v1, Kind=Deployment) to proper version: quantities must match"}) {
    const auto error = error_of({500, std::string(R"({"kind":"Status","message":")") + words + R"(","code":500})", std::nullopt});
    EXPECT_EQ(error.code, Code::InvalidArgument) << words;
    EXPECT_THAT(error.message, HasSubstr("(shop/redis; apps/v1, Kind=Deployment)"));
  }
  const char* const kEtcd = R"({"kind":"Status","message":"etcdserver: leader changed","code":500})";
  const char* const kWebhook = R"({"kind":"Status","reason":"InternalError","message":"failed to convert new object x","code":500})";
  for (const char* body : {kEtcd, kWebhook}) EXPECT_EQ(error_of({500, body, std::nullopt}).code, Code::Unknown) << body;
}

TEST(Errors, AnAnswerThatMayHaveActedIsUnknown) {
  for (const int status : {500, 502, 504}) EXPECT_EQ(error_of({status, "<html>", std::nullopt}).code, Code::Unknown) << status;
  EXPECT_EQ(error_of({503, "", std::nullopt}).code, Code::Unavailable);
}

TEST(Projection, KeepsOurFieldsAndDropsTheirs) {
  json object = {{"kind", "Deployment"},
                 {"metadata",
                  {{"annotations", {{"kubectl.kubernetes.io/last-applied-configuration", "{}"}, {"team", "a"}}},
                   {"managedFields", json::array({{{"manager", "kube-controller-manager"}, {"fieldsV1", {{"f:status", {}}}}},
                                                  {{"manager", "payment-operator"}, {"time", "t"}, {"fieldsV1", {{"f:spec", {}}}}}})}}}};
  project(object);
  EXPECT_EQ(object["metadata"]["annotations"].size(), 1U);
  ASSERT_EQ(object["metadata"]["managedFields"].size(), 1U);
  EXPECT_EQ(object["metadata"]["managedFields"][0]["manager"], "payment-operator");
}

TEST(Projection, OfAPodKeepsWhatHealthReads) {
  json pod = {
      {"kind", "Pod"},
      {"metadata", {{"name", "p"}}},
      {"spec", {{"volumes", json::array()}, {"containers", json::array({{{"name", "c"}, {"image", "i"}, {"env", json::array()}}})}}},
      {"status", {{"phase", "Running"}, {"podIPs", json::array()}}}};
  project(pod);
  EXPECT_EQ(pod["spec"], (json{{"containers", json::array({{{"name", "c"}, {"image", "i"}}})}}));
  EXPECT_EQ(pod["status"], (json{{"phase", "Running"}}));
}

class ApiTest : public ::testing::Test {
 protected:
  testing::ManualLoop loop;
  testing::ScriptedTransport transport{loop};
  Api api{transport};
  json service = {{"apiVersion", "v1"}, {"kind", "Service"}, {"metadata", {{"name", "redis"}, {"namespace", "shop"}}}};
  std::optional<base::Result<Written>> written;
  Done<Written> keep = [this](base::Result<Written> result) { written = std::move(result); };
};

TEST_F(ApiTest, TheFirstApplyNeitherForcesNorInsistsOnAnIdentity) {
  api.apply(service, {}, keep);
  const Request& request = transport.asked.front().request;
  EXPECT_EQ(request.method, "PATCH");
  EXPECT_EQ(request.path, "/api/v1/namespaces/shop/services/redis?fieldManager=payment-operator&force=false");
  EXPECT_EQ(request.content_type, "application/apply-patch+yaml");
  EXPECT_FALSE(json::parse(request.body)["metadata"].contains("uid"));
  transport.answer(201, R"({"metadata":{"uid":"u1","resourceVersion":"77"}})");
  EXPECT_EQ(written->value().version, 77U);
  EXPECT_EQ(written->value().uid, "u1");
}

TEST_F(ApiTest, ALaterApplyForcesOnTheSameObjectOnly) {
  api.apply(service, {.uid = "u1"}, keep);
  const Request& request = transport.asked.front().request;
  EXPECT_THAT(request.path, HasSubstr("force=true"));
  EXPECT_EQ(json::parse(request.body)["metadata"]["uid"], "u1");
}

TEST_F(ApiTest, ADeleteNamesUidAndVersion) {
  api.remove(*id_of(service), "u1", "77", keep);
  const json options = json::parse(transport.asked.front().request.body);
  EXPECT_EQ(options["preconditions"], (json{{"uid", "u1"}, {"resourceVersion", "77"}}));
  transport.answer(200, R"({"kind":"Status","metadata":{}})");
  EXPECT_EQ(written->value().uid, "u1");
}

TEST_F(ApiTest, AnObjectWithoutPathIsAnErrorNotACrash) {
  service["kind"] = "Gadget";
  api.apply(service, {}, keep);
  EXPECT_EQ(written->error().code, Code::Internal);
  EXPECT_TRUE(transport.asked.empty());
}

TEST_F(ApiTest, GettingWhatDoesNotExistIsAnAnswer) {
  std::optional<base::Result<std::optional<json>>> got;
  api.get(*id_of(service), [&](base::Result<std::optional<json>> result) { got = std::move(result); });
  transport.answer(404, R"({"kind":"Status","reason":"NotFound"})");
  ASSERT_TRUE(got->has_value());
  EXPECT_FALSE(got->value().has_value());
}

class KubeconfigTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder = std::filesystem::temp_directory_path() / ("kubeconfig_test_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder);
  }
  void TearDown() override { std::filesystem::remove_all(folder); }

  std::string write(const std::string& name, const std::string& text) {
    const auto path = (folder / name).string();
    std::ofstream(path) << text;
    return path;
  }
  static std::string config(const std::string& cluster, const std::string& user) {
    return "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u, namespace: shop}}]\nclusters: [{name: k, cluster: {" +
           cluster + "}}]\nusers: [{name: u, user: {" + user + "}}]\n";
  }

  std::filesystem::path folder;
};

TEST_F(KubeconfigTest, OfWrongTypesIsRefusedAndThrowsNothing) {
  const std::string context = "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n";
  const std::string cluster = "clusters: [{name: k, cluster: {server: https://api:6443}}]\n";
  for (const std::string& text :
       {std::string("7"), std::string("[]"), std::string("current-context: [c]\n"), std::string("current-context: c\ncontexts: c\n"),
        std::string("current-context: c\ncontexts: [c, [c], {name: [c]}, {name: c, context: c}]\n"), context + "clusters: {k: {}}\n",
        context + "clusters: [7, {name: k, cluster: [server]}]\n", context + "clusters: [{name: k, cluster: {server: {a: b}}}]\n",
        context + cluster + "users: u\n", context + cluster + "users: [u, {name: u, user: 7}]\n"}) {
    const auto refused = kubeconfig_file(write("config", text));
    ASSERT_FALSE(refused.has_value()) << text;
    EXPECT_EQ(refused.error().code, Code::InvalidArgument) << text;
  }
}

TEST_F(KubeconfigTest, ReadsInlineDataAndFilesBesideIt) {
  write("ca.pem", "CA");
  const auto path = write("config", config("server: https://api:6443, certificate-authority: ca.pem",
                                           "client-certificate-data: Q0VSVA==, client-key-data: S0VZ"));
  const auto read = kubeconfig_file(path);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->server, "https://api:6443");
  EXPECT_EQ(read->ca_pem, "CA");
  EXPECT_EQ(read->client_cert_pem, "CERT");
  EXPECT_EQ(read->client_key_pem.reveal(), "KEY");
  EXPECT_EQ(read->name_space, "shop");
  EXPECT_FALSE(read->insecure);
}

TEST_F(KubeconfigTest, RefusesWhatItWouldHaveToIgnore) {
  const std::string server = "server: https://api:6443";
  const std::pair<std::string, std::string> cases[] = {
      {config("server: http://api:8080", "token: t"), "cluster.server"},
      {config(server + ", proxy-url: 'socks5://p:1080'", "token: t"), "cluster.proxy-url"},
      {config(server + ", proxy-url: 'http://me:secret@p:3128'", "token: t"), "cluster.proxy-url"},
      {config(server, "exec: {command: login, apiVersion: client.authentication.k8s.io/v1}"), "user.exec"},
      {config(server, "auth-provider: {name: gcp}"), "user.auth-provider"},
      {config(server, "username: me, password: x"), "user.username"},
      {config(server, "token: t, as: me, as-user-extra: {a: [b]}"), "user.as-user-extra"},
      {config(server, "token: t, as: me, as-groups: [a, b]"), "user.as-groups"},
      {config(server, "token: t, as-groups: [a]"), "user.as"},
      {config(server, "token: t, as: \"me\\r\\nX: y\""), "control characters"},
      {config(server, "client-certificate-data: Q0VSVA=="), "only one of"},
      {config(server + ", certificate-authority-data: '%%'", "token: t"), "certificate-authority-data is not base64"},
      {config(server + ", certificate-authority: absent.pem", "token: t"), "absent.pem"},
      {"current-context: ''", "current-context"},
      {"just text", "is not a kubeconfig"},
      {"a: [", "config"},
  };
  for (const auto& [text, expected] : cases) {
    const auto read = kubeconfig_file(write("config", text));
    ASSERT_FALSE(read) << text;
    EXPECT_THAT(read.error().message, HasSubstr(expected)) << text;
  }
}

TEST_F(KubeconfigTest, ReadsHowTheServerIsReachedAndWhomWeActFor) {
  const auto path = write("config", config("server: https://10.0.0.1:6443, tls-server-name: api.shop, proxy-url: 'http://proxy:3128'",
                                           "token: t, as: jane, as-uid: u1, as-groups: [payments]"));
  const auto read = kubeconfig_file(path);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->tls_server_name, "api.shop");
  EXPECT_EQ(read->proxy, "http://proxy:3128");
  EXPECT_EQ(read->as_user, "jane");
  EXPECT_EQ(read->as_uid, "u1");
  EXPECT_EQ(read->as_group, "payments");
}

TEST_F(KubeconfigTest, AProgramForCredentialsIsReadForThoseWhoRunIt) {
  const std::string exec =
      "exec: {apiVersion: client.authentication.k8s.io/v1, command: ./login, args: [get-token, 7], env: [{name: REGION, value: east}], "
      "installHint: install it, provideClusterInfo: true, interactiveMode: Never}";
  const auto path = write("config", config("server: https://api:6443", exec));
  EXPECT_THAT(kubeconfig_file(path).error().message, HasSubstr("user.exec is run by kubectl payment only"));
  const auto read = kubeconfig({.files = {path}, .may_exec = true});
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_TRUE(read->exec.has_value());
  EXPECT_EQ(read->exec->command, (folder / "./login").string()) << "relative to the file";
  EXPECT_EQ(read->exec->arguments, (std::vector<std::string>{"get-token", "7"}));
  EXPECT_EQ(read->exec->environment, (std::vector<std::pair<std::string, std::string>>{{"REGION", "east"}}));
  EXPECT_EQ(read->exec->install_hint, "install it");
  EXPECT_TRUE(read->exec->provide_cluster_info);
  EXPECT_FALSE(read->exec->may_ask);

  const auto with = [&](const std::string& user) {
    return kubeconfig({.files = {write("config", config("server: https://api:6443", user))}, .may_exec = true});
  };
  EXPECT_FALSE(with("token: t, " + exec)->exec.has_value()) << "a token that is stated needs no program";
  EXPECT_EQ(with("exec: {apiVersion: client.authentication.k8s.io/v1, command: aws}")->exec->command, "aws") << "looked for on the PATH";
  for (const auto& [user, said] :
       {std::pair{"exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: aws}", "user.exec.apiVersion"},
        {"exec: {apiVersion: client.authentication.k8s.io/v1}", "user.exec.command is missing"},
        {"exec: aws", "user.exec must name a command"}}) {
    ASSERT_FALSE(with(user)) << user;
    EXPECT_THAT(with(user).error().message, HasSubstr(said));
  }
}

TEST_F(KubeconfigTest, NamesItsContexts) {
  const auto first = write("first", "contexts: [{name: a, context: {}}, {name: b}]\n");
  const auto second = write("second", "contexts: 7\n");
  EXPECT_EQ(context_names({.files = {first, second, (folder / "absent").string()}}), (std::vector<std::string>{"a", "b"}));
}

TEST_F(KubeconfigTest, OfSeveralFilesTheFirstThatNamesAThingWins) {
  const auto first = write("first", "contexts: [{name: a, context: {cluster: k, user: u, namespace: one}}]\n");
  write("key.pem", "CA");
  const auto second = write("second",
                            "current-context: a\ncontexts: [{name: a, context: {namespace: two}}, {name: b, context: {cluster: l}}]\n"
                            "clusters: [{name: k, cluster: {server: https://k, certificate-authority: key.pem}}, "
                            "{name: l, cluster: {server: https://l}}]\nusers: [{name: u, user: {token: t}}]\n");
  const auto absent = (folder / "absent").string();
  const auto read = kubeconfig({.files = {absent, first, second}, .may_be_absent = true});
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->server, "https://k");
  EXPECT_EQ(read->name_space, "one");
  EXPECT_EQ(read->token.reveal(), "t");
  EXPECT_EQ(read->ca_pem, "CA");
  EXPECT_EQ(kubeconfig({.files = {first, second}, .context = "b"})->server, "https://l");
  EXPECT_THAT(kubeconfig({.files = {first, second}, .context = "c"}).error().message, HasSubstr("has no context c"));
  EXPECT_THAT(kubeconfig({.files = {absent}, .may_be_absent = true}).error().message, HasSubstr("there is no kubeconfig at " + absent));
  EXPECT_THAT(kubeconfig({.files = {absent, first}}).error().message, HasSubstr("cannot read " + absent));
}

TEST_F(KubeconfigTest, AnUnencryptedServerNeedsTheWords) {
  const auto read = kubeconfig_file(write("config", config("server: http://api:8080, insecure-skip-tls-verify: true", "token: t")));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_TRUE(read->insecure);
}

}  // namespace
}  // namespace kube
