#include "common/codec/csv.hpp"

namespace codec {

std::vector<std::string_view> text_lines(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark) text.remove_prefix(kByteOrderMark.size());
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    lines.push_back(line);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  }
  return lines;
}

std::vector<std::string_view> comma_cells(std::string_view line) {
  std::vector<std::string_view> cells;
  for (;;) {
    const std::size_t end = line.find(',');
    cells.push_back(line.substr(0, end));
    if (end == std::string_view::npos) return cells;
    line.remove_prefix(end + 1);
  }
}

std::vector<std::string_view> backtick_cells(std::string_view line) {
  std::vector<std::string_view> cells;
  if (line.empty() || line.front() != '`') return cells;
  line.remove_prefix(1);
  for (;;) {
    const std::size_t end = line.find(",`");
    cells.push_back(line.substr(0, end));
    if (end == std::string_view::npos) return cells;
    line.remove_prefix(end + 2);
  }
}

std::string backtick_line(const std::vector<std::string>& cells) {
  std::string line;
  for (const std::string& cell : cells) {
    line += line.empty() ? "`" : ",`";
    for (const char c : cell) {
      if (c != '`' && c != '\r' && c != '\n') line += c;
    }
  }
  return line;
}

}  // namespace codec
