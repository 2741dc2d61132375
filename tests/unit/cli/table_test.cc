#include "cli/table.h"

#include <gtest/gtest.h>

namespace ballast::cli {
namespace {

TEST(Table, MakesEveryColumnAsWideAsItsWidestCell) {
  Table table({{.title = "Name"}, {.title = "N", .align = Align::right}, {.title = "Meaning"}});
  table.add({"a", "1", "short"});
  table.add({"longer name", "1000", ""});
  EXPECT_EQ(table.text(),
            "Name            N  Meaning\n"
            "a               1  short\n"
            "longer name  1000\n");
}

TEST(Table, LetsTheTextOfAHeadingRunAcross) {
  Table table({{.title = "A"}, {.title = "B", .align = Align::right}, {.title = "C"}});
  table.add_heading("one", "a long text that widens nothing");
  table.add({"->", "2", "3"});
  EXPECT_EQ(table.text(false),
            "one  a long text that widens nothing\n"
            "->   2  3\n");
}

TEST(Table, KeepsAColumnAtLeastAsWideAsAsked) {
  Table table({{.title = "A", .align = Align::left, .width = 5}, {.title = "B"}});
  table.add({"1", "2"});
  EXPECT_EQ(table.text(false), "1      2\n");
}

TEST(Table, CountsCharactersNotBytes) {
  Table table({{.title = "A"}, {.title = "B"}});
  table.add({"é", "1"});
  table.add({"ab", "2"});
  EXPECT_EQ(table.text(false), "é   1\nab  2\n");
}

}  // namespace
}  // namespace ballast::cli
