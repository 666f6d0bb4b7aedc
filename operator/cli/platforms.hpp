#pragma once

#include "controllers/object/path.hpp"
#include "operator/cli/commands.hpp"
#include "operator/cli/session.hpp"

namespace cli {

/// Where a verb acts: -n, else the kubeconfig's namespace.
[[nodiscard]] std::string name_space_of(const Session& session, const Cluster& cluster);

/// The platform of this name, or the only one of the namespace when no name is given.
[[nodiscard]] base::Result<controllers::Object> find_platform(const Session& session, Cluster& cluster, const std::string& name);

[[nodiscard]] kube::PlatformKey key_of(const controllers::Object& platform);

/// Where commands in messages about this platform act.
[[nodiscard]] Place place_of(const Session& session, const kube::PlatformKey& key);

}  // namespace cli
