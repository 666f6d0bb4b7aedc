// Pods that the restricted Pod Security profile admits, built from the few things in which ours differ.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "controllers/component/objects.hpp"

namespace controllers {

inline constexpr const char* kConfigFile = "/etc/payment/config/runtime.yaml";
inline constexpr const char* kSecretsFolder = "/etc/payment/secrets";
inline constexpr const char* kSecretsVolume = "secrets";
inline constexpr const char* kConfigHash = "paymentplatform.io/config-hash";

constexpr std::int64_t kRuntimeUser = 65532;      // as distroless images number "nonroot"
constexpr std::int64_t kDataUser = 999;           // mysql and redis in the official images

struct Container {
  std::string name = {};
  std::string image = {};
  std::vector<std::string> command = {};          // empty: the image's entrypoint
  std::vector<std::string> args = {};
  Object env = Object::array();
  std::vector<Port> ports = {};                   // `target` unused
  Object resources = Object::object();
  Object mounts = Object::array();
  Object startup = nullptr;
  Object liveness = nullptr;
  Object readiness = nullptr;
  std::int32_t drain_seconds = 0;                 // sleep before the stop signal, until load balancers have let go
};

struct Pod {
  Part part = {};
  std::string image = {};                         // for the version label; empty: the pod carries none
  std::int64_t user = kRuntimeUser;
  std::vector<Container> init = {};
  Container main = {};
  Object volumes = Object::array();
  std::string config_hash = {};                        // of what the process reads only at its start
  std::int32_t grace_seconds = 30;
  bool spread = false;                            // over nodes and zones, where there are several
  std::string restart = "Always";
};

/// The pod template: metadata and spec.
[[nodiscard]] Object pod_template(const Context& ctx, const Pod& pod);

[[nodiscard]] Object resources_of(const crds::Resources& given, const Object& otherwise);
[[nodiscard]] Object mount(const std::string& volume, const std::string& path, bool read_only = true);
[[nodiscard]] Object empty_dir(const std::string& name, const std::string& size_limit = {});
[[nodiscard]] Object config_volume(const Context& ctx, const std::string& config_map, const std::string& key);
/// A volume with the files of these keys, each from the Secret that has it.
[[nodiscard]] Object secrets_volume(const Context& ctx, const std::vector<std::string>& keys);
/// Adds keys of the user's Secret that may come and go: the kubelet mounts them when they are there.
void mount_if_there(const Context& ctx, Object& secrets_volume, const std::vector<std::string>& keys);
[[nodiscard]] Object tcp_probe(const std::string& port, std::int32_t period, std::int32_t failures);
[[nodiscard]] Object http_probe(const std::string& port, const std::string& path, std::int32_t period, std::int32_t failures);

}  // namespace controllers
