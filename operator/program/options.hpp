// The command line: `payment-operator run [...] | version`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.hpp"
#include "controllers/platform/plan.hpp"
#include "operator/kube/lease.hpp"

namespace program {

inline constexpr int kExitDone = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;

struct Address {
  std::string host;           // empty: every address
  std::uint16_t port = 0;
};

/// Of several replicas the one that holds this Lease works.
struct Election {
  std::string name_space;                  // empty: that of the pod or the kubeconfig's context
  std::string id = "payment-operator";
  kube::LeaseTimes times;
};

struct Options {
  std::string kubeconfig;                  // empty: in-cluster
  std::vector<std::string> namespaces;     // empty: all
  std::optional<Address> metrics;          // absent: no listener
  std::optional<Address> probes;
  std::optional<Election> election;        // absent: this is the only one
  controllers::Settings settings;
};

/// What the operator runs where neither its flags nor a spec name an image.
[[nodiscard]] controllers::Settings default_settings();

/// The options of `run`, or the exit code of a command line that is done with: help and version were printed, or it was wrong.
struct Parsed {
  std::optional<Options> run;
  int exit_code = kExitDone;
};
[[nodiscard]] Parsed parse(int argc, char** argv);

/// "15s", "500ms", "2m".
[[nodiscard]] base::Result<std::chrono::milliseconds> parse_duration(const std::string& text);

/// ":8080", "127.0.0.1:8080", "[::1]:0"; "0" switches the listener off.
[[nodiscard]] base::Result<std::optional<Address>> parse_address(const std::string& text);

}  // namespace program
