// Everything that happens to a world beside its network: operators that die, stop and come in twos, people and programs that edit what is
// not theirs, refusals, clocks. Drawn from the world's seed, and all over at one moment.
#pragma once

#include <string>
#include <vector>

#include "tests/sim/operator/scripts.hpp"

namespace sim {

class Mischief {
 public:
  Mischief(World& world, const Script& script) : world_(world), script_(script) {}

  /// Plays the script amid it, until the last of it is over.
  void run();
  /// Field managers of the strangers.
  [[nodiscard]] static std::vector<std::string> managers();

 private:
  void plan_script();
  void plan_operators();
  void plan_environment();
  void plan_strangers();
  void put_right();

  void strange_act();
  [[nodiscard]] std::vector<Stored> children(bool owned_only);
  [[nodiscard]] Stored any(const std::vector<Stored>& objects);
  [[nodiscard]] Stored any_of_kind(const char* kind);

  [[nodiscard]] bool one_in(std::uint64_t n) { return world_.rng().below(n) == 0; }
  [[nodiscard]] microseconds some_time();
  void happened(Fault fault, const std::string& what);
  void several(std::uint64_t most, const std::function<void()>& act);

  World& world_;
  const Script& script_;
  seconds window_{0};
  std::vector<std::pair<Place, Object>> stripped_;      // labels of what nobody owns, which somebody will put back
};

}  // namespace sim
