// The two dialects of comma-separated values that channels' bills are written in.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace codec {

/// Lines without their CR LF or LF and without a leading byte-order mark; an empty last line is left out. Views into `text`.
[[nodiscard]] std::vector<std::string_view> text_lines(std::string_view text);

/// Plain commas; nothing is quoted (headers of bills).
[[nodiscard]] std::vector<std::string_view> comma_cells(std::string_view line);

/// Every cell begins with a backtick, and cells are split on ",`": names and attachments hold commas and quotes of their own.
/// Empty when the line does not begin with a backtick.
[[nodiscard]] std::vector<std::string_view> backtick_cells(std::string_view line);

/// The reverse of backtick_cells; a backtick within a cell is left out, as it could not be read back.
[[nodiscard]] std::string backtick_line(const std::vector<std::string>& cells);

}  // namespace codec
