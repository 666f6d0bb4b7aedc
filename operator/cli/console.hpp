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
  Console(std::ostream& out, std::ostream& err, bool colour) : out_(out), err_(err), colour_(colour) {}

  /// Control characters become question marks, but for ends of lines, tabs and, on a terminal, colours.
  void print(std::string_view text);
  /// What is not the answer itself: standard error, so that a pipe gets the answer alone.
  void note(std::string_view text);
  [[nodiscard]] std::string paint(Tone tone, std::string_view text) const;

  /// `-o json` or `-o yaml`.
  void print_value(const nlohmann::json& value, Format format);

 private:
  std::ostream& out_;
  std::ostream& err_;
  bool colour_;
};

struct Cell {
  std::string text;
  Tone tone = Tone::Plain;
};

/// Rows under each other, columns as wide as their widest cell, two spaces between them; the last one is not padded.
[[nodiscard]] std::string table(const Console& console, const std::vector<std::vector<Cell>>& rows, std::string_view indent = {});

}  // namespace cli
