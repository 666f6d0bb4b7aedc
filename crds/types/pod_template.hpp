// A user's patch of a pod template. It may hold any part of one, so the schema keeps what it does not know; what it may not change is
// decided where the template is rendered.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "crds/types/describe.hpp"

namespace crds {

constexpr std::size_t kPodTemplateBytesMax = 16 * 1024;  // as compact JSON: nobody should hide a program in an object that etcd keeps

struct PodTemplate {
  nlohmann::json patch = nlohmann::json::object();  // {metadata: {labels, annotations}, spec: {...}}
};

bool decode_value(PodTemplate& out, const nlohmann::json& in, const Bounds& bounds, const std::string& path, Problems& problems);
Schema schema_value(const PodTemplate& initial, const Bounds& bounds);

}  // namespace crds
