// Which lines of a text changed, for people who read a plan: a configuration file as one value says nothing.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace controllers::object {

struct LineChange {
  std::size_t line = 0;      // counted from 1, in the new text; where a line only goes, the place that it leaves
  std::string before;        // "" when the line is new
  std::string after;         // "" when the line goes
  friend bool operator==(const LineChange&, const LineChange&) = default;
};

constexpr std::size_t kComparedLinesMax = 500;     // of each text, between what both begin and end with; beyond that, line against line

/// The lines that differ, in order. A line that goes and one that comes in its place are one change.
[[nodiscard]] std::vector<LineChange> changed_lines(std::string_view before, std::string_view after);

}  // namespace controllers::object
