// Strategic merge patches: how people lay changes over a Kubernetes object, in the object's own shape.
//
// Objects are merged member by member; lists whose items have a name (merge_keys.hpp) item by item, what the patch names in the patch's
// order and before what it does not; other lists are replaced. null takes a member away, and so does {$patch: delete}, which survives
// clients that drop nulls; in a list {name: x, $patch: delete} takes item x away and an item {$patch: replace} every item that the patch
// does not name.
// {$patch: replace} in an object replaces it.
//
// Differences from kubectl patch --type=strategic: an item is matched by all of its keys (a port by number and protocol), {$patch: delete}
// in an object leaves nothing behind instead of {}, and other directives ($setElementOrder, $retainKeys, $deleteFromPrimitiveList),
// which clients make from two versions of an object, are refused.
#pragma once

#include "common/base/result.hpp"
#include "controllers/object/path.hpp"

namespace controllers::object {

/// `patch` laid over `target`, or the path in the patch that is wrong (Error::field) and why.
[[nodiscard]] base::Result<Object> merge(const Object& target, const Object& patch);

}  // namespace controllers::object
