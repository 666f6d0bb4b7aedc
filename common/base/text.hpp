// Text from outside that has to fit somewhere.
#pragma once

#include <string>
#include <string_view>

namespace base {

/// At most `bytes_max` bytes of `text`, never ending inside a UTF-8 character; `mark` ("...") ends what was cut and counts in the bytes.
/// Bytes that are no UTF-8 are cut anywhere.
[[nodiscard]] std::string clip(std::string_view text, std::size_t bytes_max, std::string_view mark = {});

}  // namespace base
