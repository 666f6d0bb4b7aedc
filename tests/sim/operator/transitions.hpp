// Edits of a spec, generated from its definition: every field set, changed and unset, several at random, and values that no field takes.
// However a platform came to a spec, it looks as if it had been made with it.
#pragma once

#include <string>
#include <vector>

#include "tests/sim/operator/run.hpp"

namespace sim {

/// One field of the spec that has no fields of its own: a scalar, a list or a map.
struct Leaf {
  std::vector<std::string> path;
  Object schema;
  [[nodiscard]] std::string name() const;                     // "services.payment.replicas"
};
[[nodiscard]] std::vector<Leaf> leaves();

/// The spec with a value in this field; null: without one.
[[nodiscard]] Object with_value(Object spec, const Leaf& leaf, const Object& value);

/// Values by what the decoder says of them, beside what the base has.
struct Values {
  std::vector<Object> good;
  std::vector<Object> bad;       // refused with the name of the field
};
[[nodiscard]] Values values_of(const Leaf& leaf, const Object& base);

/// The spec that all of it starts from: small, with every part of a platform.
[[nodiscard]] const Object& transition_base();

/// Set, changed, unset; after each the objects are those of a new platform of that spec.
[[nodiscard]] Outcome run_leaf(const Leaf& leaf, const Trace& trace = {});
/// A value that the field does not take: refused by the API server; where it slips through, Stalled with the field, and nothing is
/// changed. The good value is then all it needs.
[[nodiscard]] Outcome run_bad_values(const Leaf& leaf, const Trace& trace = {});
/// From some values of some fields to others.
[[nodiscard]] Outcome run_random_edit(std::uint64_t seed, const Trace& trace = {});

}  // namespace sim
