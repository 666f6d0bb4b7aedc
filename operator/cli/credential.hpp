// Credentials from a program that the kubeconfig names: client-go's exec plugins, client.authentication.k8s.io v1 and v1beta1
// (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/clock.hpp"
#include "common/base/secret.hpp"
#include "operator/cli/program.hpp"
#include "operator/kube/config.hpp"

namespace cli {

inline constexpr std::chrono::seconds kAloneMax{60};         // of a program that asks nobody
inline constexpr std::chrono::seconds kWithUserMax{300};     // of one that has a person log in

struct Credential {
  base::Secret token = {};
  std::string certificate_pem = {};
  base::Secret key_pem = {};
  std::optional<base::TimePoint> expires = {};
};

/// What the program has answered. Errors repeat nothing of it.
[[nodiscard]] base::Result<Credential> read_credential(std::string_view answer, const std::string& api_version, base::TimePoint now);

/// Who is there to be asked, and what the program finds in its environment.
struct Asking {
  bool terminal = false;      // a person is there
  std::vector<std::string> environment = environment_now();
  std::chrono::milliseconds alone_max = kAloneMax;
};

/// Runs config.exec. Unauthenticated, with what to do, when it gives no credential.
[[nodiscard]] base::Result<Credential> ask_for_credential(const kube::ClientConfig& config, const Asking& asking, const base::Clock& clock);

}  // namespace cli
