#include "operator/cli/nearest.hpp"

#include <algorithm>
#include <cctype>
#include <numeric>

namespace cli {
namespace {

constexpr std::size_t kMistakesMax = 2;
constexpr std::size_t kLettersMax = 64;      // longer words are no slip of the finger

bool same_letter(char left, char right) {
  return std::tolower(static_cast<unsigned char>(left)) == std::tolower(static_cast<unsigned char>(right));
}

/// Levenshtein's distance, row by row.
std::size_t mistakes(std::string_view left, std::string_view right) {
  std::vector<std::size_t> row(right.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < left.size(); ++i) {
    std::size_t before = row[0]++;      // of the row above, one to the left
    for (std::size_t j = 0; j < right.size(); ++j) {
      const std::size_t exchanged = before + (same_letter(left[i], right[j]) ? 0U : 1U);
      before = row[j + 1];
      row[j + 1] = std::min({exchanged, row[j] + 1, before + 1});
    }
  }
  return row.back();
}

}  // namespace

std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& known) {
  std::optional<std::string> found;
  std::size_t fewest = kMistakesMax + 1;
  if (word.size() > kLettersMax) return found;
  for (const std::string& one : known) {
    const std::size_t count = mistakes(word, one);
    if (count >= fewest || count * 2 > word.size()) continue;
    fewest = count;
    found = one;
  }
  return found;
}

std::string meant(std::string_view word, const std::vector<std::string>& known) {
  const auto found = nearest(word, known);
  return found ? "; did you mean " + *found + "?" : "";
}

}  // namespace cli
