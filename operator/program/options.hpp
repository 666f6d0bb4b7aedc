// The command line: `payment-operator run [...] | version`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.hpp"
#include "controllers/platform/plan.hpp"

namespace program {

inline constexpr int kExitDone = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;

struct Address {
  std::string host;           // empty: every address
  std::uint16_t port = 0;
};

struct Options {
  std::string kubeconfig;                  // empty: in-cluster
  std::vector<std::string> namespaces;     // empty: all
  std::optional<Address> metrics;          // absent: no listener
  std::optional<Address> probes;
  controllers::Settings settings;
};

/// The options of `run`, or the exit code of a command line that is done with: help and version were printed, or it was wrong.
struct Parsed {
  std::optional<Options> run;
  int exit_code = kExitDone;
};
[[nodiscard]] Parsed parse(int argc, char** argv);

/// ":8080", "127.0.0.1:8080", "[::1]:0"; "0" switches the listener off.
[[nodiscard]] base::Result<std::optional<Address>> parse_address(const std::string& text);

}  // namespace program
