// Where the API server is and how we prove who we are: the pod's service account, or a kubeconfig.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/result.hpp"
#include "common/base/secret.hpp"

namespace kube {

/// A program that gives credentials, as the kubeconfig names it (client.authentication.k8s.io). Whoever may run it: operator/cli.
struct ExecPlugin {
  std::string api_version = {};
  std::string command = {};        // an absolute path, or a name on the PATH
  std::vector<std::string> arguments = {};
  std::vector<std::pair<std::string, std::string>> environment = {};      // added to that of the process
  std::string install_hint = {};
  bool provide_cluster_info = false;
  bool needs_terminal = false;     // interactiveMode: Always
  bool may_ask = true;             // interactiveMode: not Never
};

struct ClientConfig {
  std::string server;              // "https://10.96.0.1:443"
  std::string ca_pem;              // empty: the system's authorities
  std::string client_cert_pem;
  base::Secret client_key_pem;
  base::Secret token;
  std::string token_file;          // read again as it is renewed; wins over token
  bool insecure = false;           // the server's certificate is not checked, because the kubeconfig says so in words
  std::string name_space;          // of the context or the pod; empty when not stated
  std::string tls_server_name;     // whom the server's certificate has to name; empty: the host of `server`
  std::string proxy;               // "http://proxy:3128", through which the server is reached
  std::string as_user;             // impersonation: whom we act for
  std::string as_uid;
  std::string as_group;
  std::optional<ExecPlugin> exec;  // asked for a token or a certificate where neither is stated
};

/// From KUBERNETES_SERVICE_HOST and the mounted service account in `mount`.
[[nodiscard]] base::Result<ClientConfig> in_cluster_config(const std::string& mount = "/var/run/secrets/kubernetes.io/serviceaccount");

/// The current context of this file. Relative file names in it are relative to it.
/// What is not understood (auth providers, basic auth, proxies other than http, several groups) is refused, not ignored; so is `exec`.
[[nodiscard]] base::Result<ClientConfig> kubeconfig_file(const std::string& path);

struct KubeconfigChoice {
  std::vector<std::string> files = {};      // laid over each other: the first that names a thing wins
  bool may_be_absent = false;               // some of them
  std::string context = {};                 // empty: the current one
  bool may_exec = false;                    // the caller runs ClientConfig::exec
};
[[nodiscard]] base::Result<ClientConfig> kubeconfig(const KubeconfigChoice& choice);
/// Names of the contexts in these files, for completion; what cannot be read has none.
[[nodiscard]] std::vector<std::string> context_names(const KubeconfigChoice& choice);
/// Where kubectl looks without flags: the files of KUBECONFIG, or ~/.kube/config.
[[nodiscard]] KubeconfigChoice default_kubeconfig();

}  // namespace kube
