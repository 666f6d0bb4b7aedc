#include "operator/cli/console.hpp"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cli {
namespace {

TEST(Console, LetsNobodyMoveTheCursorOfAReader) {
  std::ostringstream out, err;
  Console plain(out, err, false);
  plain.print(
      "a\033[2J\033]0;title\a b\tc \xC2\x9B"
      "d \033[31mred \xC3\xA4\n");
  EXPECT_EQ(out.str(), "a?[2J?]0;title? b\tc ?d ?[31mred \xC3\xA4\n");
  out.str("");
  Console coloured(out, err, true);
  coloured.print(coloured.paint(Tone::Bad, "x\033[H\r"));
  EXPECT_EQ(out.str(), "\033[31mx?[H?\033[0m");
}

TEST(Console, BreaksLinesBetweenWordsWhereTheTerminalEnds) {
  std::ostringstream out, err;
  const Console narrow(out, err, false, 20);
  EXPECT_EQ(wrapped(narrow, "next: put the size right, then look again", 2), "next: put the size\n  right, then look\n  again");
  EXPECT_EQ(wrapped(narrow, "      set in, as it is", 6), "      set in, as it\n      is");
  EXPECT_EQ(wrapped(narrow, "host/a-name-that-is-longer-than-the-line ok", 2), "host/a-name-that-is-longer-than-the-line\n  ok");
  const Console coloured(out, err, true, 20);
  EXPECT_EQ(wrapped(coloured, coloured.paint(Tone::Bad, "four") + " fifteen letters", 0), "\033[31mfour\033[0m fifteen letters")
      << "colours take no room";
  const Console pipe(out, err, false);
  EXPECT_EQ(wrapped(pipe, "a line of a pipe is as long as it is", 2), "a line of a pipe is as long as it is");
}

TEST(Console, ATableFindsRoomForItsLastColumnOrPutsItUnderTheRow) {
  std::ostringstream out, err;
  const std::vector<std::vector<Cell>> rows = {{{"NAME"}, {"MEANING"}}, {{"redis"}, {"what is in it may be forgotten at any time"}}};
  EXPECT_EQ(table(Console(out, err, false, 40), rows), "NAME   MEANING\nredis  what is in it may be forgotten at\n       any time\n");
  EXPECT_EQ(table(Console(out, err, false, 24), rows), "NAME   MEANING\nredis\n    what is in it may be\n    forgotten at any\n    time\n");
  EXPECT_EQ(table(Console(out, err, false), rows), "NAME   MEANING\nredis  what is in it may be forgotten at any time\n");
}

}  // namespace
}  // namespace cli
