// A cache may answer early; it never decides. Every error means "don't know": the caller goes on and asks the database.
#pragma once

#include <chrono>
#include <string>

#include "common/base/deadline.hpp"
#include "common/base/result.hpp"
#include "common/base/task.hpp"

namespace pay::ports {

class Cache {
 public:
  virtual ~Cache() = default;

  /// Sets the key when it is absent. True: it was absent (this caller is probably the first). False: somebody set it before.
  /// Errors: Unavailable (down, slow or circuit open), at once or within the deadline.
  virtual base::Task<base::Result<bool>> set_if_absent(std::string key, std::string value, std::chrono::seconds time_to_live,
                                                       base::Deadline deadline) = 0;
};

}  // namespace pay::ports
