// What every verb works with: how to answer, and which cluster to ask. The cluster is connected at its first use, so that what needs none
// works without.
#pragma once

#include <functional>
#include <istream>
#include <string>

#include "common/base/clock.hpp"
#include "common/base/rng.hpp"
#include "operator/cli/cluster.hpp"
#include "operator/cli/console.hpp"

namespace cli {

inline constexpr int kExitDone = 0;        // done; for plan: nothing would change
inline constexpr int kExitDifferent = 1;   // plan: something would change; verify: a check failed; reconcile: the job failed
inline constexpr int kExitError = 2;       // it could not be done, or the command line was wrong

/// Flags that every verb takes, named as kubectl names them.
struct Flags {
  std::string kubeconfig;
  std::string context;
  std::string name_space;
};

struct Session {
  Console& console;
  std::istream& in;                                            // for -f -
  const base::Clock& clock;
  base::Rng& rng;
  Flags flags;
  std::function<base::Result<Cluster*>(const Flags&)> connect;      // the same cluster each time

  [[nodiscard]] base::Result<Cluster*> cluster() const { return connect(flags); }
};

/// What the command line asked for.
using Verb = std::function<base::Result<int>(Session&)>;

}  // namespace cli
