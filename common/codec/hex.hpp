#pragma once

#include <string>
#include <string_view>

#include "common/base/result.hpp"

namespace codec {

/// Lower case.
[[nodiscard]] std::string to_hex(std::string_view bytes);
/// Either case; an odd length or any other character is refused.
[[nodiscard]] base::Result<std::string> from_hex(std::string_view text);

}  // namespace codec
