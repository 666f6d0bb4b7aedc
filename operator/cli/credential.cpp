#include "operator/cli/credential.hpp"

#include <nlohmann/json.hpp>

#include "common/codec/base64.hpp"
#include "controllers/object/path.hpp"

namespace cli {
namespace {

using base::Code;
using controllers::object::text_at;
using nlohmann::json;

/// What the program may want to know, as KUBERNETES_EXEC_INFO.
std::string exec_info(const kube::ClientConfig& config, bool interactive) {
  json spec = {{"interactive", interactive}};
  if (config.exec->provide_cluster_info) {
    json& cluster = spec["cluster"];
    cluster = {{"server", config.server}};
    if (!config.ca_pem.empty()) cluster["certificate-authority-data"] = codec::to_base64(config.ca_pem);
    if (!config.tls_server_name.empty()) cluster["tls-server-name"] = config.tls_server_name;
    if (!config.proxy.empty()) cluster["proxy-url"] = config.proxy;
    if (config.insecure) cluster["insecure-skip-tls-verify"] = true;
  }
  const json info = {{"apiVersion", config.exec->api_version}, {"kind", "ExecCredential"}, {"spec", spec}};
  return info.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

base::Result<Credential> read_credential(std::string_view answer, const std::string& api_version, base::TimePoint now) {
  const json said = json::parse(answer, nullptr, false);
  if (!said.is_object() || text_at(said, {"kind"}) != "ExecCredential") {
    return base::fail(Code::InvalidArgument, "answers no ExecCredential");
  }
  if (text_at(said, {"apiVersion"}) != api_version) {
    return base::fail(Code::InvalidArgument, "answers in another apiVersion than " + api_version + ", which the kubeconfig wants");
  }
  Credential credential{.token = base::Secret(text_at(said, {"status", "token"})),
                        .certificate_pem = text_at(said, {"status", "clientCertificateData"}),
                        .key_pem = base::Secret(text_at(said, {"status", "clientKeyData"}))};
  if (credential.certificate_pem.empty() != credential.key_pem.empty()) {
    return base::fail(Code::InvalidArgument, "answers only one of clientCertificateData and clientKeyData");
  }
  if (credential.token.empty() && credential.key_pem.empty())
    return base::fail(Code::InvalidArgument, "answers neither token nor certificate");
  for (const char c : credential.token.reveal()) {
    if (c <= ' ' || c == 0x7F) return base::fail(Code::InvalidArgument, "answers a token with blanks or control characters");
  }
  const std::string until = text_at(said, {"status", "expirationTimestamp"});
  if (until.empty()) return credential;
  const auto expires = base::parse_rfc3339(until);
  if (!expires) return base::fail(Code::InvalidArgument, "answers an expirationTimestamp that is no time");
  if (*expires <= now) return base::fail(Code::InvalidArgument, "answers a credential that expired at " + base::to_rfc3339(*expires));
  credential.expires = *expires;
  return credential;
}

base::Result<Credential> ask_for_credential(const kube::ClientConfig& config, const Asking& asking, const base::Clock& clock) {
  const kube::ExecPlugin& plugin = *config.exec;
  const auto refuse = [&](const base::Error& error) {
    const std::string hint =
        error.code == Code::NotFound && !plugin.install_hint.empty() ? plugin.install_hint : "run it by itself to see why";
    return base::fail(Code::Unauthenticated,
                      plugin.command + ", which the kubeconfig names for credentials, " + error.message + "; " + hint, "user.exec");
  };
  if (plugin.needs_terminal && !asking.terminal) {
    return refuse({Code::FailedPrecondition, "asks questions, and there is no terminal", {}, std::nullopt});
  }
  const bool may_ask = plugin.may_ask && asking.terminal;
  Program program{.command = plugin.command,
                  .arguments = plugin.arguments,
                  .inherited = asking.environment,
                  .environment = plugin.environment,
                  .may_ask = may_ask,
                  .at_most = may_ask ? kWithUserMax : asking.alone_max};
  program.environment.emplace_back("KUBERNETES_EXEC_INFO", exec_info(config, may_ask));
  const auto answer = run_program(program, clock);
  if (!answer) return refuse(answer.error());
  auto credential = read_credential(answer->reveal(), plugin.api_version, clock.now());
  if (!credential) return refuse(credential.error());
  return credential;
}

}  // namespace cli
