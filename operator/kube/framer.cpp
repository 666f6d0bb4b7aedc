#include "operator/kube/framer.hpp"

namespace kube {
namespace {

void emit(std::string_view line, const std::function<void(std::string_view)>& out) {
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  if (!line.empty()) out(line);
}

}  // namespace

base::Status LineFramer::feed(std::string_view piece, const std::function<void(std::string_view)>& line) {
  while (!piece.empty()) {
    const std::size_t end = piece.find('\n');
    const std::string_view part = piece.substr(0, end);
    if (rest_.size() + part.size() > line_bytes_max_) {
      return base::fail(base::Code::OutOfRange, "a line of the stream is longer than " + std::to_string(line_bytes_max_) + " bytes");
    }
    if (end == std::string_view::npos) {
      rest_ += part;
      return {};
    }
    if (rest_.empty()) {
      emit(part, line);
    } else {
      std::string whole = std::move(rest_);
      rest_.clear();
      whole += part;
      emit(whole, line);
    }
    piece.remove_prefix(end + 1);
  }
  return {};
}

}  // namespace kube
