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

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The length of the colour that begins here, 0 if none does.
std::size_t colour_at(std::string_view text) {
  std::size_t end = 2;
  if (text.substr(0, end) != "\033[") return 0;
  while (end < text.size() && is_digit(text[end])) ++end;
  return end < text.size() && text[end] == 'm' ? end + 1 : 0;
}

/// Characters, not bytes: continuation bytes of UTF-8 take no room, colours neither.
std::size_t width(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t colour = colour_at(text.substr(at));
    if (colour == 0 && (static_cast<unsigned char>(text[at]) & 0xC0U) != 0x80U) ++count;
    at += std::max<std::size_t>(colour, 1);
  }
  return count;
}

/// A status repeats the last words of containers, and whoever wrote those is not to move a reader's cursor or title.
std::string printable(std::string_view text, bool colour) {
  std::string safe;
  safe.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = colour ? colour_at(text.substr(at)) : 0;
    if (length > 0) {
      safe += text.substr(at, length);
      at += length;
      continue;
    }
    const auto c = static_cast<unsigned char>(text[at]);
    const bool control = (c < 0x20 && c != '\n' && c != '\t') || c == 0x7F;
    const bool c1 = c == 0xC2 && at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) < 0xA0;
    safe += control || c1 ? '?' : text[at];
    at += c1 ? 2 : 1;
  }
  return safe;
}

}  // namespace

void Console::print(std::string_view text) { out_ << printable(text, colour_) << std::flush; }

void Console::note(std::string_view text) { err_ << printable(text, colour_) << "\n" << std::flush; }

std::string Console::paint(Tone tone, std::string_view text) const {
  if (!colour_ || tone == Tone::Plain || text.empty()) return std::string(text);
  return code_of(tone) + std::string(text) + "\033[0m";
}

void Console::print_value(const nlohmann::json& value, Format format) {
  if (format == Format::Yaml) return print(crds::to_yaml(value));
  print(value.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

std::string wrapped(const Console& console, std::string_view line, std::size_t hanging) {
  if (console.columns() == 0 || width(line) <= console.columns()) return std::string(line);
  std::string out;
  std::size_t column = 0;
  bool begun = false;      // this line has a word, so that the next one may go to a line of its own
  while (!line.empty()) {
    const std::size_t blanks = std::min(line.find_first_not_of(' '), line.size());
    const std::size_t end = std::min(line.find(' ', blanks), line.size());
    const std::size_t wide = width(line.substr(0, end));
    if (begun && column + wide > console.columns()) {
      out += "\n" + std::string(hanging, ' ');
      column = hanging + wide - blanks;
      out += line.substr(blanks, end - blanks);
    } else {
      out += line.substr(0, end);
      column += wide;
    }
    begun = true;
    line.remove_prefix(end);
  }
  return out;
}

std::string table(const Console& console, const std::vector<std::vector<Cell>>& rows, std::string_view indent) {
  constexpr std::size_t kRoomMin = 24;      // fewer columns make a tower of words
  constexpr std::size_t kUnder = 4;
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i + 1 < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i].text));
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line(indent);
    for (std::size_t i = 0; i + 1 < row.size(); ++i) {
      line += console.paint(row[i].tone, row[i].text) + std::string(widths[i] - width(row[i].text) + 2, ' ');
    }
    const std::size_t start = width(line);
    const std::string last = row.empty() ? "" : console.paint(row.back().tone, row.back().text);
    if (console.columns() == 0 || start + width(last) <= console.columns() || start + kRoomMin <= console.columns()) {
      line = wrapped(console, line + last, start);
    } else {
      line.erase(line.find_last_not_of(' ') + 1);
      line += "\n" + wrapped(console, std::string(indent.size() + kUnder, ' ') + last, indent.size() + kUnder);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

}  // namespace cli
