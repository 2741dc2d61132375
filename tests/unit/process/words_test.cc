#include "process/words.h"

#include <gmock/gmock.h>

namespace ballast::process {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Words, AreSeparatedByBlanks) {
  EXPECT_THAT(*split_words("  /bin/check\t-H 10.0.0.1 \n"), ElementsAre("/bin/check", "-H", "10.0.0.1"));
  EXPECT_THAT(*split_words(" "), IsEmpty());
}

TEST(Words, QuotesKeepBlanksTogetherAndMakeEmptyWords) {
  EXPECT_THAT(*split_words(R"(a 'b c' "d e"f '' "")"), ElementsAre("a", "b c", "d ef", "", ""));
}

TEST(Words, ABackslashTakesTheNextCharacterAsItIs) {
  EXPECT_THAT(*split_words(R"(a\ b \"c \\ "d\"e\n" 'f\')"), ElementsAre("a b", "\"c", "\\", R"(d"e\n)", "f\\"));
}

TEST(Words, NothingIsExpanded) { EXPECT_THAT(*split_words("$HOME * a;b"), ElementsAre("$HOME", "*", "a;b")); }

TEST(Words, AnOpenQuoteIsRefused) {
  EXPECT_EQ(split_words("a 'b").error().message, "has a ' that is not closed");
  EXPECT_EQ(split_words("a \"b").error().message, "has a \" that is not closed");
  EXPECT_EQ(split_words("a\\").error().message, "ends with a backslash");
}

}  // namespace
}  // namespace ballast::process
