// docs/reference/conditions.md explains every reason that there is, and no other.
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "controllers/component/reason.hpp"
#include "controllers/platform/example.hpp"

namespace controllers {
namespace {

/// The words between backticks in the first cell of each row of the table of reasons.
std::multiset<std::string> explained() {
  std::istringstream page(test::file_text("docs/reference/conditions.md"));
  std::multiset<std::string> words;
  bool in_table = false;
  for (std::string line; std::getline(page, line);) {
    if (line.rfind("| reason |", 0) == 0) in_table = true;
    if (line.empty()) in_table = false;
    if (!in_table || line.rfind("| `", 0) != 0) continue;
    std::istringstream cell(line.substr(2, line.find(" |") - 2));
    for (std::string word; std::getline(cell, word, '`');) {
      if (!word.empty() && word != ", ") words.insert(word);
    }
  }
  return words;
}

TEST(Reasons, AreTheClosedListOfThePage) {
  std::multiset<std::string> known;
  for (std::size_t i = 0; i < kReasons; ++i) known.insert(name_of(static_cast<Reason>(i)));
  EXPECT_EQ(explained(), known);
  EXPECT_EQ(std::set<std::string>(known.begin(), known.end()).size(), kReasons) << "each has a name of its own";
}

}  // namespace
}  // namespace controllers
