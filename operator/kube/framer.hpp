// Lines out of a stream of pieces: however the bytes were cut on the way, the same lines come out.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "common/base/result.hpp"

namespace kube {

// etcd refuses objects over 1.5 MiB; their JSON with the event around it stays under this.
inline constexpr std::size_t kLineBytesMax = 4U << 20U;

class LineFramer {
 public:
  explicit LineFramer(std::size_t line_bytes_max = kLineBytesMax) : line_bytes_max_(line_bytes_max) {}

  /// Calls `line` for every line that this piece completes, without its end; empty lines are skipped.
  /// OutOfRange when a line grows past the limit; the framer is then of no further use.
  [[nodiscard]] base::Status feed(std::string_view piece, const std::function<void(std::string_view)>& line);

 private:
  std::size_t line_bytes_max_;
  std::string rest_;
};

}  // namespace kube
