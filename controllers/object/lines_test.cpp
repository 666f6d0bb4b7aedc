#include "controllers/object/lines.hpp"

#include <gtest/gtest.h>

namespace controllers::object {
namespace {

using Changes = std::vector<LineChange>;

TEST(ChangedLines, ALineInPlaceOfAnotherIsOneChange) {
  EXPECT_EQ(changed_lines("a\nlevel: info\nc\n", "a\nlevel: debug\nc\n"), (Changes{{2, "level: info", "level: debug"}}));
}

TEST(ChangedLines, NewAndGoneLinesHaveOneSideEmpty) {
  EXPECT_EQ(changed_lines("a\nc\n", "a\nb\nc\n"), (Changes{{2, "", "b"}}));
  EXPECT_EQ(changed_lines("a\nb\nc\n", "a\nc\n"), (Changes{{2, "b", ""}}));
}

TEST(ChangedLines, SeveralPlacesAreSeveralChangesWithTheirNewNumbers) {
  EXPECT_EQ(changed_lines("1\n2\n3\n4\n5\n", "1\nnew\n2\n3\nfour\n5\n"), (Changes{{2, "", "new"}, {5, "4", "four"}}));
}

TEST(ChangedLines, EqualTextsAndEmptyOnes) {
  EXPECT_TRUE(changed_lines("a\nb", "a\nb").empty());
  EXPECT_TRUE(changed_lines("", "").empty());
  EXPECT_EQ(changed_lines("", "a\n"), (Changes{{1, "", "a"}}));
}

TEST(ChangedLines, LongTextsAreComparedLineAgainstLine) {
  std::string before;
  std::string after;
  for (std::size_t i = 0; i <= kComparedLinesMax; ++i) {
    before += "old " + std::to_string(i) + "\n";
    after += "new " + std::to_string(i) + "\n";
  }
  const Changes changes = changed_lines(before, after);
  ASSERT_EQ(changes.size(), kComparedLinesMax + 1);
  EXPECT_EQ(changes.back(), (LineChange{kComparedLinesMax + 1, "old 500", "new 500"}));
}

}  // namespace
}  // namespace controllers::object
