#include "crds/types/pod_template.hpp"

#include <fmt/format.h>

namespace crds {
namespace {

/// Every member that is not null must be one of these, and an object.
bool only_objects(const nlohmann::json& in, std::initializer_list<const char*> allowed, const std::string& path, Problems& problems) {
  bool good = true;
  for (const auto& [key, value] : in.items()) {
    const std::string here = path + "." + key;
    if (value.is_null()) continue;
    if (std::find(allowed.begin(), allowed.end(), key) == allowed.end()) {
      problems.push_back({here, fmt::format("is no part of a patch: there are {}", fmt::join(allowed, " and "))});
      good = false;
    } else {
      good = expect_object(value, here, problems) && good;
    }
  }
  return good;
}

}  // namespace

bool decode_value(PodTemplate& out, const nlohmann::json& in, const Bounds&, const std::string& path, Problems& problems) {
  if (!expect_object(in, path, problems)) return false;
  const std::size_t bytes = in.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).size();
  if (bytes > kPodTemplateBytesMax) {
    problems.push_back({path, fmt::format("must have at most {} bytes as JSON, has {}", kPodTemplateBytesMax, bytes)});
    return false;
  }
  if (!only_objects(in, {"metadata", "spec"}, path, problems)) return false;
  const auto metadata = in.find("metadata");
  if (metadata != in.end() && metadata->is_object() && !only_objects(*metadata, {"labels", "annotations"}, path + ".metadata", problems)) {
    return false;
  }
  out.patch = in;
  return true;
}

Schema schema_value(const PodTemplate&, const Bounds&) { return {{"type", "object"}, {"x-kubernetes-preserve-unknown-fields", true}}; }

}  // namespace crds
