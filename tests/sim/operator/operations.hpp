// Rows of requests about one object by several managers, generated: for the comparison of this API server with a real one
// (tests/integration/operator/apply_test.py). The objects are those that the operator writes, varied.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/sim/operator/layout.hpp"

namespace sim {

// In a body: what the object is identified by at that moment, which is something else on every server.
inline constexpr const char* kItsUid = "ITS-UID";
inline constexpr const char* kItsVersion = "ITS-VERSION";

struct Operation {
  std::string method;
  std::string path;             // in the namespace "pay"
  std::string content_type;
  Object body;
  int status = 0;               // what the simulated server answered
  Object after = nullptr;       // and what the object then was, null when there is none
};

/// What a platform consists of, as the operator sends it, and the platform itself with a status.
[[nodiscard]] std::vector<Object> written_objects();
/// Against a simulated server of their own.
[[nodiscard]] std::vector<Operation> generate_operations(const std::vector<Object>& objects, std::uint64_t seed);
/// As one line of JSON.
[[nodiscard]] std::string to_line(std::uint64_t seed, const std::vector<Operation>& operations);

}  // namespace sim
