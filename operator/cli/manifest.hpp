// Files that users give: Kubernetes objects in YAML or JSON, one or several.
#pragma once

#include <istream>
#include <string>
#include <vector>

#include "common/base/result.hpp"
#include "controllers/object/path.hpp"

namespace cli {

using controllers::Object;

inline constexpr std::size_t kManifestBytesMax = 3U << 20U;      // what the API server takes in one request
inline constexpr std::size_t kSavedBytesMax = 64U << 20U;        // what `kubectl get -o yaml` of a large namespace may come to

/// As messages call it.
[[nodiscard]] std::string name_of_file(const std::string& path);

/// Every object of the file, those inside a List too; "-" reads `in`. InvalidArgument with file, line and column.
[[nodiscard]] base::Result<std::vector<Object>> read_manifest(const std::string& path, std::istream& in,
                                                              std::size_t bytes_max = kManifestBytesMax);

/// The one PaymentPlatform among objects of this file. InvalidArgument when there is none, or more than one.
[[nodiscard]] base::Result<Object> only_platform(const std::vector<Object>& objects, const std::string& path);
[[nodiscard]] base::Result<Object> read_platform(const std::string& path, std::istream& in);

/// What `kubectl apply` sends to bring a live object to what the file wants: a JSON merge patch that sets what the file says and removes
/// what the file before it (`original`, kubectl's annotation) said and this one no longer does.
[[nodiscard]] Object three_way_patch(const Object& original, const Object& wanted, const Object& live);

/// The file that the object was last applied from, as kubectl noted it; an empty object when it did not.
[[nodiscard]] Object last_applied(const Object& live);

}  // namespace cli
