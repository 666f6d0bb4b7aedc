// Other versions of an object that the API server takes too: other values, less of it, more of it.
#pragma once

#include <string>

#include "common/base/rng.hpp"
#include "tests/sim/operator/layout.hpp"

namespace sim {

class Variation {
 public:
  explicit Variation(base::Rng& rng) : rng_(rng) {}

  /// Some of what it says: members and items are left out; what identifies an item stays, and so does what is one thing.
  [[nodiscard]] Object part(const Object& value, const Type& type, std::uint64_t keep_percent);
  /// Other values here and there, of fields that may change.
  void change(Object& object);
  /// More than there was, where everybody may add.
  void add(Object& object);
  /// What somebody edits, as a merge patch.
  [[nodiscard]] Object edit(const Object& live);

  [[nodiscard]] bool chance(std::uint64_t percent) { return rng_.below(100) < percent; }
  [[nodiscard]] std::uint64_t below(std::uint64_t n) { return rng_.below(n); }

 private:
  void change(Object& value, const std::string& name, const std::string& parent);
  void add_to_pod(Object& spec);
  [[nodiscard]] std::string word() { return std::string(1, static_cast<char>('a' + rng_.below(4))); }

  base::Rng& rng_;
};

}  // namespace sim
