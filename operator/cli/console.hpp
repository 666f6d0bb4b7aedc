// Where answers go, and how they look: colour only where a person looks at a terminal.
#pragma once

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace cli {

enum class Format { Text, Json, Yaml };
enum class Tone { Plain, Good, Warn, Bad, Strong, Faint };

class Console {
 public:
  /// `columns`: of the terminal; 0 where there is none, and lines are as long as they are.
  Console(std::ostream& out, std::ostream& err, bool colour, std::size_t columns = 0)
      : out_(out),
        err_(err),
        colour_(colour),
        columns_(columns) {}

  /// Control characters become question marks, but for ends of lines, tabs and, on a terminal, colours.
  void print(std::string_view text);
  /// What is not the answer itself: standard error, so that a pipe gets the answer alone.
  void note(std::string_view text);
  [[nodiscard]] std::string paint(Tone tone, std::string_view text) const;

  [[nodiscard]] std::size_t columns() const { return columns_; }

  /// `-o json` or `-o yaml`.
  void print_value(const nlohmann::json& value, Format format);

 private:
  std::ostream& out_;
  std::ostream& err_;
  bool colour_;
  std::size_t columns_;
};

struct Cell {
  std::string text;
  Tone tone = Tone::Plain;
};

/// One line in as many as the terminal needs, broken between words; those after the first are set in by `hanging` blanks.
[[nodiscard]] std::string wrapped(const Console& console, std::string_view line, std::size_t hanging);

/// Rows under each other, columns as wide as their widest cell, two spaces between them; the last one is not padded. A last cell that finds
/// no room beside the others is wrapped, or stands under its row.
[[nodiscard]] std::string table(const Console& console, const std::vector<std::vector<Cell>>& rows, std::string_view indent = {});

}  // namespace cli
