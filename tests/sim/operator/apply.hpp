// Server-side apply, and what other writes do to managedFields.
// Sources: kubernetes.io "Server-Side Apply"; the behaviour of structured-merge-diff as seen on a real API server.
#pragma once

#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "tests/sim/operator/layout.hpp"

namespace sim {

struct Writer {
  std::string manager;
  std::string subresource;     // "", "status", "scale"
  std::string time;            // RFC 3339
};

struct FieldConflict {
  std::string manager;
  std::string field;           // ".spec.replicas"
};

/// What the object becomes, with its managedFields. `live` null: it is created. Another manager's field that the writer sets to another
/// value is a conflict, or the writer's from now on when it forces. A field that the writer no longer sends and that nobody else owns goes.
[[nodiscard]] tl::expected<Object, std::vector<FieldConflict>> apply(const Object* live, const Object& wanted, const Writer& writer,
                                                                     bool force);

/// Gives the writer, by operation Update, what `next` has otherwise than `live`, and takes it from everybody else.
void track_update(const Object* live, Object& next, const Writer& writer);

/// Removes from a copy of the object what no manager of these owns: what they say about it. Names by prefix.
[[nodiscard]] Object owned_by(const Object& object, std::string_view manager_prefix);

}  // namespace sim
