#pragma once

#include <string>
#include <string_view>

#include "common/base/result.hpp"

namespace codec {

/// RFC 4648 section 4, with padding and without line breaks.
[[nodiscard]] std::string to_base64(std::string_view bytes);
/// Strict: padding is required, line breaks, other alphabets and stray bits are refused, so that one text has one meaning.
[[nodiscard]] base::Result<std::string> from_base64(std::string_view text);

}  // namespace codec
