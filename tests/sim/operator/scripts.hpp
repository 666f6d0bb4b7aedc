// What people do with a platform, as scripts: each is played once without faults, as the picture of how it should end, and then many
// times with them.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/sim/operator/world.hpp"

namespace sim {

struct Deed {
  const char* name;
  std::function<void(World&)> act;
};

struct Script {
  const char* name;
  Object spec;                   // of the platform as it is created
  std::vector<Deed> deeds;       // in this order
  bool may_end_early = false;    // a deletion may come before there was anything that outlives it
  bool own_secret = false;       // the user's Secret is there first
};

/// The platform comes into the world, with what it needs.
void begin(World& world, const Script& script);

/// All of them; the first three are install, upgrade and deletion.
[[nodiscard]] const std::vector<Script>& scripts();
[[nodiscard]] const Script* find_script(const std::string& name);

}  // namespace sim
