// The objects of examples/ as the API server would hand them over, for tests. Defined in example_test.cpp.
#pragma once

#include <string>

#include "controllers/object/path.hpp"

namespace controllers::test {

/// A file of the source tree.
[[nodiscard]] std::string file_text(const std::string& path);

/// examples/<name>.yaml
[[nodiscard]] Object example(const std::string& name);

}  // namespace controllers::test
