#include "operator/kube/config.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <yaml-cpp/yaml.h>

#include "common/codec/base64.hpp"

namespace kube {
namespace {

using base::Code;
using base::Result;

constexpr std::uintmax_t kFileBytesMax = 1U << 20U;   // etcd's bound for what a cluster could hand out; a larger kubeconfig is a mistake

Result<std::string> read_file(const std::string& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (error) return base::fail(Code::NotFound, "cannot read " + path + ": " + error.message());
  if (size > kFileBytesMax) return base::fail(Code::InvalidArgument, path + " is larger than 1 MiB");
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return base::fail(Code::NotFound, "cannot read " + path);
  return text.str();
}

Result<std::string> decode_base64(std::string text) {
  std::erase_if(text, [](char c) { return c == '\n' || c == '\r' || c == ' '; });   // as `base64` wraps it
  auto bytes = codec::from_base64(text);
  if (!bytes) return base::fail(Code::InvalidArgument, "is not base64");
  return bytes;
}

/// One file of a list, or the only one.
struct Document {
  std::string path;
  YAML::Node root;

  [[nodiscard]] tl::unexpected<base::Error> refuse(const std::string& field, const std::string& problem) const {
    return base::fail(Code::InvalidArgument, path + ": " + field + " " + problem, field);
  }
};

std::string scalar(const YAML::Node& node, const char* key) {
  const YAML::Node value = node[key];
  return value.IsDefined() && value.IsScalar() ? value.Scalar() : std::string{};
}

/// The items of a list that are single values.
std::vector<std::string> scalars(const YAML::Node& node) {
  std::vector<std::string> values;
  for (std::size_t i = 0; node.IsDefined() && node.IsSequence() && i < node.size(); ++i) {
    if (node[i].IsScalar()) values.push_back(node[i].Scalar());
  }
  return values;
}

bool is_header_value(const std::string& text) {
  return std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; });
}

/// An entry's body and the file that it stands in: file names in it are relative to that.
class Entry {
 public:
  Entry(const Document& document, const YAML::Node& body) : document_(document), body_(body) {}

  base::Status read_cluster(ClientConfig& config) const {
    config.tls_server_name = scalar(body_, "tls-server-name");
    if (!is_header_value(config.tls_server_name)) return document_.refuse("cluster.tls-server-name", "holds control characters");
    config.proxy = scalar(body_, "proxy-url");
    if (!config.proxy.empty() && (!config.proxy.starts_with("http://") || config.proxy.find('@') != std::string::npos)) {
      return document_.refuse("cluster.proxy-url", "must be an http:// address without a password; no other proxy is supported");
    }
    config.server = scalar(body_, "server");
    config.insecure = scalar(body_, "insecure-skip-tls-verify") == "true";
    const bool plain = config.server.starts_with("http://");
    if (!plain && !config.server.starts_with("https://")) return document_.refuse("cluster.server", "must be an https:// address");
    if (plain && !config.insecure) {
      return document_.refuse("cluster.server", "is not encrypted; use https, or state insecure-skip-tls-verify: true for a test cluster");
    }
    return take("cluster.", "certificate-authority", config.ca_pem);
  }

  base::Status read_user(ClientConfig& config, bool may_exec) const {
    for (const char* key : {"auth-provider", "username", "as-user-extra"}) {
      if (body_[key].IsDefined()) {
        return document_.refuse("user." + std::string(key), "is not supported; use a token, a token file or a client certificate");
      }
    }
    std::string key_pem;
    if (auto done = take("user.", "client-certificate", config.client_cert_pem); !done) return done;
    if (auto done = take("user.", "client-key", key_pem); !done) return done;
    if (config.client_cert_pem.empty() != key_pem.empty()) {
      return document_.refuse("user", "has only one of client-certificate and client-key");
    }
    config.client_key_pem = base::Secret(std::move(key_pem));
    config.token = base::Secret(scalar(body_, "token"));
    if (const std::string file = scalar(body_, "tokenFile"); !file.empty()) config.token_file = absolute(file);
    if (auto done = read_impersonation(config); !done) return done;
    const bool stated = !config.token.empty() || !config.token_file.empty() || !config.client_cert_pem.empty();
    const YAML::Node exec = body_["exec"];
    return stated || !exec.IsDefined() || exec.IsNull() ? base::Status{} : read_exec(exec, config, may_exec);
  }

  [[nodiscard]] std::string text(const char* key) const { return scalar(body_, key); }
  [[nodiscard]] const Document& document() const { return document_; }

 private:
  base::Status read_impersonation(ClientConfig& config) const {
    config.as_user = scalar(body_, "as");
    config.as_uid = scalar(body_, "as-uid");
    const std::vector<std::string> groups = scalars(body_["as-groups"]);
    // One header a group: the HTTP library would join several into one.
    if (groups.size() > 1) return document_.refuse("user.as-groups", "may hold one group; with several, use kubectl itself");
    if (!groups.empty()) config.as_group = groups.front();
    if (config.as_user.empty() && !(config.as_uid + config.as_group).empty())
      return document_.refuse("user.as", "is missing beside as-uid or as-groups");
    for (const std::string* value : {&config.as_user, &config.as_uid, &config.as_group}) {
      if (!is_header_value(*value)) return document_.refuse("user.as", "holds control characters");
    }
    return {};
  }

  base::Status read_exec(const YAML::Node& node, ClientConfig& config, bool may_exec) const {
    if (!may_exec) {
      return document_.refuse("user.exec", "is run by kubectl payment only; here, use a token, a token file or a client certificate");
    }
    if (!node.IsMap()) return document_.refuse("user.exec", "must name a command");
    ExecPlugin plugin;
    plugin.api_version = scalar(node, "apiVersion");
    if (plugin.api_version != "client.authentication.k8s.io/v1" && plugin.api_version != "client.authentication.k8s.io/v1beta1") {
      return document_.refuse("user.exec.apiVersion", "must be client.authentication.k8s.io/v1 or v1beta1; renew the kubeconfig");
    }
    plugin.command = scalar(node, "command");
    if (plugin.command.empty()) return document_.refuse("user.exec.command", "is missing");
    if (plugin.command.find('/') != std::string::npos) plugin.command = absolute(plugin.command);
    plugin.arguments = scalars(node["args"]);
    const YAML::Node environment = node["env"];
    for (std::size_t i = 0; environment.IsDefined() && environment.IsSequence() && i < environment.size(); ++i) {
      if (environment[i].IsMap()) plugin.environment.emplace_back(scalar(environment[i], "name"), scalar(environment[i], "value"));
    }
    plugin.install_hint = scalar(node, "installHint");
    plugin.provide_cluster_info = scalar(node, "provideClusterInfo") == "true";
    plugin.needs_terminal = scalar(node, "interactiveMode") == "Always";
    plugin.may_ask = scalar(node, "interactiveMode") != "Never";
    config.exec = std::move(plugin);
    return {};
  }

  /// `key`-data as base64, or the file that `key` names.
  base::Status take(const std::string& where, const std::string& key, std::string& into) const {
    if (const std::string data = scalar(body_, (key + "-data").c_str()); !data.empty()) {
      auto decoded = decode_base64(data);
      if (!decoded) return document_.refuse(where + key + "-data", decoded.error().message);
      into = std::move(*decoded);
    } else if (const std::string file = scalar(body_, key.c_str()); !file.empty()) {
      auto text = read_file(absolute(file));
      if (!text) return document_.refuse(where + key, text.error().message);
      into = std::move(*text);
    }
    return {};
  }

  [[nodiscard]] std::string absolute(const std::string& file) const {
    return (std::filesystem::path(document_.path).parent_path() / file).string();
  }

  const Document& document_;
  YAML::Node body_;
};

/// Files laid over each other as kubectl does: the first that names a thing wins.
class Kubeconfig {
 public:
  explicit Kubeconfig(std::vector<Document> documents) : documents_(std::move(documents)) {}

  [[nodiscard]] Result<ClientConfig> choose(const KubeconfigChoice& choice) const {
    std::string context_name = choice.context;
    for (const Document& document : documents_) {
      if (context_name.empty()) context_name = scalar(document.root, "current-context");
    }
    const Document& first = documents_.front();
    if (context_name.empty()) return first.refuse("current-context", "is empty; choose one with `kubectl config use-context`");
    const auto context = named("contexts", context_name, "context");
    if (!context) return first.refuse("contexts", "has no context " + context_name + "; `kubectl config get-contexts` lists them");
    const auto cluster = named("clusters", context->text("cluster"), "cluster");
    if (!cluster) return context->document().refuse("clusters", "has no cluster " + context->text("cluster"));
    ClientConfig config;
    config.name_space = context->text("namespace");
    if (auto done = cluster->read_cluster(config); !done) return base::fail(done.error());
    const std::string user_name = context->text("user");
    if (user_name.empty()) return config;
    const auto user = named("users", user_name, "user");
    if (!user) return context->document().refuse("users", "has no user " + user_name);
    if (auto done = user->read_user(config, choice.may_exec); !done) return base::fail(done.error());
    return config;
  }

 private:
  [[nodiscard]] std::optional<Entry> named(const char* list, const std::string& name, const char* body) const {
    for (const Document& document : documents_) {
      const YAML::Node entries = document.root[list];
      if (!entries.IsDefined() || !entries.IsSequence()) continue;
      for (const YAML::Node& entry : entries) {
        if (entry.IsMap() && scalar(entry, "name") == name && entry[body].IsMap()) return Entry(document, entry[body]);
      }
    }
    return std::nullopt;
  }

  std::vector<Document> documents_;
};

Result<Document> read_document(const std::string& path) {
  auto text = read_file(path);
  if (!text) return base::fail(text.error());
  try {
    const YAML::Node root = YAML::Load(*text);
    if (!root.IsMap()) return base::fail(Code::InvalidArgument, path + ": is not a kubeconfig");
    return Document{path, root};
  } catch (const YAML::Exception& error) {
    return base::fail(Code::InvalidArgument, path + ": " + error.what());
  }
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);   // NOLINT(concurrency-mt-unsafe): before any thread starts
  return value == nullptr ? std::string{} : std::string(value);
}

}  // namespace

Result<ClientConfig> kubeconfig_file(const std::string& path) { return kubeconfig({.files = {path}}); }

Result<ClientConfig> kubeconfig(const KubeconfigChoice& choice) {
  std::vector<Document> documents;
  std::string looked_at;
  for (const std::string& path : choice.files) {
    auto document = read_document(path);
    looked_at += (looked_at.empty() ? "" : ", ") + path;
    if (document) {
      documents.push_back(std::move(*document));
    } else if (document.error().code != Code::NotFound || !choice.may_be_absent) {
      return base::fail(document.error().code, document.error().message + "; name another kubeconfig by --kubeconfig or KUBECONFIG");
    }
  }
  if (documents.empty()) {
    return base::fail(Code::NotFound, "there is no kubeconfig at " + looked_at + "; name one by --kubeconfig or KUBECONFIG");
  }
  return Kubeconfig(std::move(documents)).choose(choice);
}

std::vector<std::string> context_names(const KubeconfigChoice& choice) {
  std::vector<std::string> names;
  for (const std::string& path : choice.files) {
    const auto document = read_document(path);
    if (!document) continue;
    const YAML::Node contexts = document->root["contexts"];
    for (std::size_t i = 0; contexts.IsDefined() && contexts.IsSequence() && i < contexts.size(); ++i) {
      if (contexts[i].IsMap()) names.push_back(scalar(contexts[i], "name"));
    }
  }
  return names;
}

KubeconfigChoice default_kubeconfig() {
  KubeconfigChoice choice{.may_be_absent = true};
  std::istringstream list(environment("KUBECONFIG"));
  for (std::string path; std::getline(list, path, ':');) {
    if (!path.empty()) choice.files.push_back(path);
  }
  if (choice.files.empty()) choice.files.push_back(environment("HOME") + "/.kube/config");
  return choice;
}

Result<ClientConfig> in_cluster_config(const std::string& mount) {
  std::string host = environment("KUBERNETES_SERVICE_HOST");
  const std::string port = environment("KUBERNETES_SERVICE_PORT");
  if (host.empty() || port.empty()) {
    return base::fail(Code::FailedPrecondition,
                      "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: outside a pod, give --kubeconfig");
  }
  if (host.find(':') != std::string::npos) host = "[" + host + "]";
  auto ca = read_file(mount + "/ca.crt");
  if (!ca) return base::fail(ca.error());
  if (auto token = read_file(mount + "/token"); !token) return base::fail(token.error());
  ClientConfig config;
  config.server = "https://" + host + ":" + port;
  config.ca_pem = std::move(*ca);
  config.token_file = mount + "/token";
  if (auto name_space = read_file(mount + "/namespace"); name_space) config.name_space = std::move(*name_space);
  return config;
}

}  // namespace kube
