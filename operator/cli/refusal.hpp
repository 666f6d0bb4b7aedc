#pragma once

#include <string>
#include <string_view>

namespace cli {

/// What an API server says of a refusal, as one line: of the objects that it repeats nothing, of unknown fields their paths.
[[nodiscard]] std::string reason_in(std::string_view said);

}  // namespace cli
