// What every component's desired() and health() may look at.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "controllers/platform/plan.hpp"
#include "crds/types/platform.hpp"

namespace controllers {

struct Images {
  std::string runtime;
  std::string mysql;
  std::string redis;
};

/// Which Secret each key is mounted from.
using KeySources = std::map<std::string, std::string>;

struct Context {
  const crds::Platform& platform;
  const Snapshot& live;
  base::TimePoint now;
  Images images;
  KeySources keys;
  std::string passwords = {};      // secrets::Decision::passwords

  /// What a child is called, given its plain name. Everything that names one goes through here: objects, references, host names.
  [[nodiscard]] std::string name(std::string_view plain) const { return platform.child_name(plain); }
  /// The address that WeChat Pay has for this platform.
  [[nodiscard]] std::string wechat_url() const;
  /// Payments by WeChat Pay go to the simulator.
  [[nodiscard]] bool wechat_simulated() const;
};

/// How one workload is doing.
struct ComponentStatus {
  std::string name = {};
  std::string kind = {};
  std::int64_t ready = 0;
  std::int64_t desired = 0;
  std::string image = {};       // that we want it to run, set when it is seen to run well; empty: not yet
  bool good = false;
  Reason reason = Reason::Progressing;
  std::string message = {};     // what, which object, what next
};

}  // namespace controllers
