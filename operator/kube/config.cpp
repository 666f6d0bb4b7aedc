#include "operator/kube/config.hpp"

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

class Kubeconfig {
 public:
  Kubeconfig(std::string path, const YAML::Node& root) : path_(std::move(path)), root_(root) {}

  Result<ClientConfig> current() const {
    const std::string context_name = scalar(root_, "current-context");
    if (context_name.empty()) return refuse("current-context", "is empty; choose one with `kubectl config use-context`");
    const YAML::Node context = named("contexts", context_name, "context");
    if (!context.IsDefined()) return refuse("contexts", "has no context " + context_name);
    const YAML::Node cluster = named("clusters", scalar(context, "cluster"), "cluster");
    if (!cluster.IsDefined()) return refuse("clusters", "has no cluster " + scalar(context, "cluster"));
    ClientConfig config;
    config.name_space = scalar(context, "namespace");
    if (auto done = read_cluster(cluster, config); !done) return base::fail(done.error());
    const std::string user_name = scalar(context, "user");
    if (user_name.empty()) return config;
    const YAML::Node user = named("users", user_name, "user");
    if (!user.IsDefined()) return refuse("users", "has no user " + user_name);
    if (auto done = read_user(user, config); !done) return base::fail(done.error());
    return config;
  }

 private:
  [[nodiscard]] tl::unexpected<base::Error> refuse(const std::string& field, const std::string& problem) const {
    return base::fail(Code::InvalidArgument, path_ + ": " + field + " " + problem, field);
  }

  static std::string scalar(const YAML::Node& node, const char* key) {
    const YAML::Node value = node[key];
    return value.IsDefined() && value.IsScalar() ? value.Scalar() : std::string{};
  }

  [[nodiscard]] YAML::Node named(const char* list, const std::string& name, const char* body) const {
    const YAML::Node entries = root_[list];
    if (entries.IsDefined() && entries.IsSequence()) {
      for (const YAML::Node& entry : entries) {
        if (entry.IsMap() && scalar(entry, "name") == name && entry[body].IsMap()) return entry[body];
      }
    }
    return YAML::Node(YAML::NodeType::Undefined);
  }

  base::Status read_cluster(const YAML::Node& cluster, ClientConfig& config) const {
    for (const char* key : {"proxy-url", "tls-server-name"}) {
      if (cluster[key].IsDefined()) return refuse("cluster." + std::string(key), "is not supported; connect to the API server directly");
    }
    config.server = scalar(cluster, "server");
    config.insecure = scalar(cluster, "insecure-skip-tls-verify") == "true";
    const bool plain = config.server.starts_with("http://");
    if (!plain && !config.server.starts_with("https://")) return refuse("cluster.server", "must be an https:// address");
    if (plain && !config.insecure) {
      return refuse("cluster.server", "is not encrypted; use https, or state insecure-skip-tls-verify: true for a test cluster");
    }
    return take(cluster, "cluster.", "certificate-authority", config.ca_pem);
  }

  base::Status read_user(const YAML::Node& user, ClientConfig& config) const {
    for (const char* key : {"exec", "auth-provider", "username", "as"}) {
      if (user[key].IsDefined()) {
        return refuse("user." + std::string(key), "is not supported; use a token, a token file or a client certificate");
      }
    }
    std::string key_pem;
    if (auto done = take(user, "user.", "client-certificate", config.client_cert_pem); !done) return done;
    if (auto done = take(user, "user.", "client-key", key_pem); !done) return done;
    if (config.client_cert_pem.empty() != key_pem.empty()) return refuse("user", "has only one of client-certificate and client-key");
    config.client_key_pem = base::Secret(std::move(key_pem));
    config.token = base::Secret(scalar(user, "token"));
    if (const std::string file = scalar(user, "tokenFile"); !file.empty()) config.token_file = absolute(file);
    return {};
  }

  /// `key`-data as base64, or the file that `key` names.
  base::Status take(const YAML::Node& node, const std::string& where, const std::string& key, std::string& into) const {
    if (const std::string data = scalar(node, (key + "-data").c_str()); !data.empty()) {
      auto decoded = decode_base64(data);
      if (!decoded) return refuse(where + key + "-data", decoded.error().message);
      into = std::move(*decoded);
    } else if (const std::string file = scalar(node, key.c_str()); !file.empty()) {
      auto text = read_file(absolute(file));
      if (!text) return refuse(where + key, text.error().message);
      into = std::move(*text);
    }
    return {};
  }

  [[nodiscard]] std::string absolute(const std::string& file) const { return (std::filesystem::path(path_).parent_path() / file).string(); }

  std::string path_;
  YAML::Node root_;
};

std::string environment(const char* name) {
  const char* value = std::getenv(name);   // NOLINT(concurrency-mt-unsafe): before any thread starts
  return value == nullptr ? std::string{} : std::string(value);
}

}  // namespace

Result<ClientConfig> kubeconfig_file(const std::string& path) {
  auto text = read_file(path);
  if (!text) return base::fail(text.error());
  try {
    const YAML::Node root = YAML::Load(*text);
    if (!root.IsMap()) return base::fail(Code::InvalidArgument, path + ": is not a kubeconfig");
    return Kubeconfig(path, root).current();
  } catch (const YAML::Exception& error) {
    return base::fail(Code::InvalidArgument, path + ": " + error.what());
  }
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
