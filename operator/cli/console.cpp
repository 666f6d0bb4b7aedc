#include "operator/cli/console.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "crds/types/yaml_text.hpp"

namespace cli {
namespace {

const char* code_of(Tone tone) {
  switch (tone) {
    case Tone::Plain: return "";
    case Tone::Good: return "\033[32m";
    case Tone::Warn: return "\033[33m";
    case Tone::Bad: return "\033[31m";
    case Tone::Strong: return "\033[1m";
    case Tone::Faint: return "\033[2m";
  }
  return "";
}

/// Characters, not bytes: continuation bytes of UTF-8 take no room.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

}  // namespace

std::string Console::paint(Tone tone, std::string_view text) const {
  if (!colour_ || tone == Tone::Plain || text.empty()) return std::string(text);
  return code_of(tone) + std::string(text) + "\033[0m";
}

void Console::print_value(const nlohmann::json& value, Format format) {
  if (format == Format::Yaml) return print(crds::to_yaml(value));
  print(value.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

std::string table(const Console& console, const std::vector<std::vector<Cell>>& rows, std::string_view indent) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i].text));
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line(indent);
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += console.paint(row[i].tone, row[i].text);
      if (i + 1 < row.size()) line += std::string(widths[i] - width(row[i].text) + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

}  // namespace cli
