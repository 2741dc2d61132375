#include "cli/ipvsadm/switches.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/ipvsadm/restore_words.h"

namespace ballast::ipvsadm {
namespace {

using testing::ElementsAre;

TEST(Switches, ReadsABundleFromLeftToRight) {
  const std::vector<std::string> words = {"-Lnw5"};
  SwitchScanner scanner(words);
  EXPECT_EQ(std::get<SwitchScanner::Found>(scanner.next()).id, Switch::list);
  EXPECT_EQ(std::get<SwitchScanner::Found>(scanner.next()).id, Switch::numeric);
  const auto weight = std::get<SwitchScanner::Found>(scanner.next());
  EXPECT_EQ(weight.id, Switch::weight);
  EXPECT_EQ(weight.value, "5");
  EXPECT_TRUE(std::holds_alternative<SwitchScanner::End>(scanner.next()));
}

TEST(Switches, TakesTheNextWordAsAValueWhateverItLooksLike) {
  const std::vector<std::string> words = {"-s", "-p"};
  SwitchScanner scanner(words);
  EXPECT_EQ(std::get<SwitchScanner::Found>(scanner.next()).value, "-p");
}

TEST(Switches, LeavesAWordWithADashToTheNextSwitchWhereTheValueIsOptional) {
  const std::vector<std::string> words = {"-p", "-n", "--persistent", "5"};
  SwitchScanner scanner(words);
  EXPECT_EQ(std::get<SwitchScanner::Found>(scanner.next()).value, std::nullopt);
  EXPECT_EQ(std::get<SwitchScanner::Found>(scanner.next()).id, Switch::numeric);
  EXPECT_EQ(std::get<SwitchScanner::Found>(scanner.next()).value, "5");
}

TEST(Switches, CollectsTheOtherWords) {
  const std::vector<std::string> words = {"a", "-L", "", "-", "--", "-n"};
  SwitchScanner scanner(words);
  EXPECT_TRUE(std::holds_alternative<SwitchScanner::Found>(scanner.next()));
  EXPECT_TRUE(std::holds_alternative<SwitchScanner::End>(scanner.next()));
  EXPECT_THAT(scanner.others(), ElementsAre("a", "", "-", "-n"));
}

TEST(Switches, NamesTheWordThatIsWrong) {
  const std::vector<std::string> words = {"-L", "-nq"};
  SwitchScanner scanner(words);
  scanner.next();
  scanner.next();
  EXPECT_EQ(std::get<SwitchScanner::Wrong>(scanner.next()).reason, "unknown option");
  EXPECT_EQ(scanner.last_word(), "-nq");
}

TEST(RestoreWords, AreSetApartByBlanksOnly) {
  EXPECT_THAT(restore_words("p", " -A\t-t  x\r# \"a b\" "), ElementsAre("p", "-A", "-t", "x", "#", "\"a", "b\""));
}

TEST(RestoreWords, LeaveTheNameOfTheCommandOut) {
  EXPECT_THAT(restore_words("p", "ipvsadm -A ipvsadm /sbin/ipvsadm"), ElementsAre("p", "-A", "/sbin/ipvsadm"));
  EXPECT_THAT(restore_words("p", "ipvsadm"), ElementsAre("p"));
}

TEST(RestoreWords, EndAtANul) {
  EXPECT_THAT(restore_words("p", std::string_view("a\0b c", 5)), ElementsAre("p", "a", "c"));
}

}  // namespace
}  // namespace ballast::ipvsadm
