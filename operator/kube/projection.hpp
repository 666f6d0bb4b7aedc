// What of an object is worth keeping: everything a reconcile compares or reports on, nothing that only others need.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace kube {

/// Drops other managers' entries of managedFields and kubectl's copy of the object; of a pod it keeps identity, images and status.
void project(nlohmann::json& object);

}  // namespace kube
