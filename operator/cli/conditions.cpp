#include "operator/cli/conditions.hpp"

#include <algorithm>
#include <cctype>

namespace cli {
namespace {

constexpr std::string_view kPage =
#include "conditions_page.inc"
    ;

std::string trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(' ') - first + 1));
}

/// The cells of "| a | b |"; none for a line that is no row of a table. "\|" is a bar inside a cell.
std::vector<std::string> cells(std::string_view line) {
  std::vector<std::string> out;
  if (!line.starts_with("| ")) return out;
  std::string cell;
  for (std::size_t i = 1; i < line.size(); ++i) {
    if (line[i] == '\\' && i + 1 < line.size() && line[i + 1] == '|') {
      cell += line[++i];
    } else if (line[i] == '|') {
      out.push_back(trimmed(cell));
      cell.clear();
    } else {
      cell += line[i];
    }
  }
  return out;
}

/// The words between backticks.
std::vector<std::string> names(const std::string& cell) {
  std::vector<std::string> out;
  for (std::size_t at = cell.find('`'); at != std::string::npos; at = cell.find('`', at + 1)) {
    const std::size_t end = cell.find('`', at + 1);
    if (end == std::string::npos) break;
    out.push_back(cell.substr(at + 1, end - at - 1));
    at = end;
  }
  return out;
}

std::vector<Term> read(std::string_view page) {
  std::vector<Term> out;
  bool of_terms = false;      // the table that is being read
  while (!page.empty()) {
    const std::size_t end = page.find('\n');
    const std::vector<std::string> row = cells(page.substr(0, end));
    page.remove_prefix(end == std::string_view::npos ? page.size() : end + 1);
    if (row.empty()) {
      of_terms = false;
    } else if (row[0] == "condition" || row[0] == "reason") {
      of_terms = true;
    } else if (of_terms && row[0].starts_with('`')) {
      for (std::string& name : names(row[0])) {
        if (row.size() >= 4) {
          out.push_back({std::move(name), row[1], row[2], row[3]});
        } else if (row.size() >= 2) {
          out.push_back({std::move(name), "", row[1], ""});
        }
      }
    }
  }
  return out;
}

bool same_word(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](unsigned char l, unsigned char r) { return std::tolower(l) == std::tolower(r); });
}

}  // namespace

const std::vector<Term>& terms() {
  static const std::vector<Term> kTerms = read(kPage);
  return kTerms;
}

std::vector<Term> terms_named(std::string_view name) {
  std::vector<Term> out;
  for (const Term& term : terms()) {
    if (same_word(term.name, name)) out.push_back(term);
  }
  return out;
}

std::vector<std::string> term_names() {
  std::vector<std::string> out;
  for (const Term& term : terms()) {
    if (std::find(out.begin(), out.end(), term.name) == out.end()) out.push_back(term.name);
  }
  return out;
}

std::string remedy_of(std::string_view reason) {
  for (const Term& term : terms()) {
    if (!term.on.empty() && term.name == reason) return term.remedy;
  }
  return {};
}

}  // namespace cli
