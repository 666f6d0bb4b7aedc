// Where the API server is and how we prove who we are: the pod's service account, or a kubeconfig.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"
#include "common/base/secret.hpp"

namespace kube {

struct ClientConfig {
  std::string server;              // "https://10.96.0.1:443"
  std::string ca_pem;              // empty: the system's authorities
  std::string client_cert_pem;
  base::Secret client_key_pem;
  base::Secret token;
  std::string token_file;          // read again as it is renewed; wins over token
  bool insecure = false;           // the server's certificate is not checked, because the kubeconfig says so in words
  std::string name_space;          // of the context or the pod; empty when not stated
};

/// From KUBERNETES_SERVICE_HOST and the mounted service account in `mount`.
[[nodiscard]] base::Result<ClientConfig> in_cluster_config(const std::string& mount = "/var/run/secrets/kubernetes.io/serviceaccount");

/// The current context of this file. Relative file names in it are relative to it.
/// What is not understood (exec plugins, auth providers, basic auth, proxies, impersonation) is refused, not ignored.
[[nodiscard]] base::Result<ClientConfig> kubeconfig_file(const std::string& path);

struct KubeconfigChoice {
  std::vector<std::string> files;     // laid over each other: the first that names a thing wins
  bool may_be_absent = false;         // some of them
  std::string context;                // empty: the current one
};
[[nodiscard]] base::Result<ClientConfig> kubeconfig(const KubeconfigChoice& choice);
/// Where kubectl looks without flags: the files of KUBECONFIG, or ~/.kube/config.
[[nodiscard]] KubeconfigChoice default_kubeconfig();

}  // namespace kube
