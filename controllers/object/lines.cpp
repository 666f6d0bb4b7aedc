#include "controllers/object/lines.hpp"

#include <algorithm>

namespace controllers::object {
namespace {

using Lines = std::vector<std::string_view>;

Lines split(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

/// For every pair of tails, how many lines they have in common at most: the textbook table, as a flat list.
class CommonTails {
 public:
  CommonTails(const Lines& before, const Lines& after) : columns_(after.size() + 1), lengths_((before.size() + 1) * columns_) {
    for (std::size_t i = before.size(); i-- > 0;) {
      for (std::size_t j = after.size(); j-- > 0;) {
        lengths_[i * columns_ + j] = before[i] == after[j] ? 1 + at(i + 1, j + 1) : std::max(at(i + 1, j), at(i, j + 1));
      }
    }
  }
  [[nodiscard]] std::size_t at(std::size_t i, std::size_t j) const { return lengths_[i * columns_ + j]; }

 private:
  std::size_t columns_;
  std::vector<std::size_t> lengths_;
};

/// What goes and what comes between two lines that stay.
struct Hunk {
  Lines gone;
  Lines come;

  void flush(std::size_t line, std::vector<LineChange>& out) {
    for (std::size_t i = 0; i < std::max(gone.size(), come.size()); ++i) {
      out.push_back(
          {line + std::min(i, come.size()), i < gone.size() ? std::string(gone[i]) : "", i < come.size() ? std::string(come[i]) : ""});
    }
    gone.clear();
    come.clear();
  }
};

}  // namespace

std::vector<LineChange> changed_lines(std::string_view before, std::string_view after) {
  Lines old_lines = split(before);
  Lines new_lines = split(after);
  std::size_t same = 0;
  while (same < std::min(old_lines.size(), new_lines.size()) && old_lines[same] == new_lines[same]) ++same;
  old_lines.erase(old_lines.begin(), old_lines.begin() + static_cast<std::ptrdiff_t>(same));
  new_lines.erase(new_lines.begin(), new_lines.begin() + static_cast<std::ptrdiff_t>(same));
  while (!old_lines.empty() && !new_lines.empty() && old_lines.back() == new_lines.back()) {
    old_lines.pop_back();
    new_lines.pop_back();
  }

  std::vector<LineChange> out;
  Hunk hunk;
  if (std::max(old_lines.size(), new_lines.size()) > kComparedLinesMax) {
    hunk = {old_lines, new_lines};
    hunk.flush(same + 1, out);
    return out;
  }
  const CommonTails tails(old_lines, new_lines);
  std::size_t i = 0;
  std::size_t j = 0;
  std::size_t begin = 0;      // of the hunk, in the new lines
  while (i < old_lines.size() || j < new_lines.size()) {
    if (i < old_lines.size() && j < new_lines.size() && old_lines[i] == new_lines[j]) {
      hunk.flush(same + begin + 1, out);
      ++i;
      begin = ++j;
    } else if (i < old_lines.size() && (j == new_lines.size() || tails.at(i + 1, j) >= tails.at(i, j + 1))) {
      hunk.gone.push_back(old_lines[i++]);
    } else {
      hunk.come.push_back(new_lines[j++]);
    }
  }
  hunk.flush(same + begin + 1, out);
  return out;
}

}  // namespace controllers::object
