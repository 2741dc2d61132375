#include "config/keepalived/lines.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/keepalived/words.h"
#include "tests/unit/config/known_names.h"

namespace ballast::config::keepalived {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const Files no_files{.read = [](const std::string& path) -> Result<std::string> { return fail(path + ": not here"); },
                     .match = [](const std::string&) { return std::vector<std::string>{}; }};

std::vector<std::string> errors_of(std::string_view text, const Files& files = no_files) {
  Report report;
  expand(text, "k.conf", known_names(), files, report);
  std::vector<std::string> lines;
  for (const auto& error : report.errors()) lines.push_back(to_string(error));
  return lines;
}

/// Each line with its words joined by '|'.
std::vector<std::string> lines_of(std::string_view text, const std::string& id = "", const Files& files = no_files) {
  Report report;
  Names names = known_names();
  names.config_id = id;
  std::vector<std::string> lines;
  for (const auto& line : expand(text, "dir/k.conf", names, files, report).lines) {
    lines.push_back(fmt::format("{}", fmt::join(line.words, "|")));
  }
  EXPECT_FALSE(report.has_errors()) << to_string(report.errors().front());
  return lines;
}

TEST(KeepalivedWords, AreInQuotesOrBetweenBlanks) {
  EXPECT_THAT(split_words(R"(abcd" efg h jkl "mnop)").words, ElementsAre("abcd efg h jkl mnop"));
  EXPECT_THAT(split_words(R"(abcd "efg h jkl" mnop)").words, ElementsAre("abcd", "efg h jkl", "mnop"));
  EXPECT_THAT(split_words(R"("run 'a b' c")").words, ElementsAre("run 'a b' c"));
  EXPECT_THAT(split_words(R"(\t\x41\101\"\\d\cA)").words, ElementsAre("\tAA\"\\d\x01"));
  EXPECT_FALSE(split_words("\"open").quotes_closed);
}

TEST(KeepalivedLines, HaveNoComments) {
  EXPECT_THAT(lines_of("! all\na # b\nc ! d\n\"e # f\" g\n"), ElementsAre("a", "c", "e # f|g"));
}

TEST(KeepalivedLines, PartAtBraces) {
  EXPECT_THAT(lines_of("a b { c } d{\n}\n\"{\"\n"), ElementsAre("a|b", "{", "c", "}", "d", "{", "}", "{"));
}

TEST(KeepalivedLines, AreThereForTheirConfigId) {
  const std::string_view text = "@main a\n@^main b\n@backup c\n";
  EXPECT_THAT(lines_of(text, "main"), ElementsAre("a"));
  EXPECT_THAT(lines_of(text, "backup"), ElementsAre("b", "c"));
  EXPECT_THAT(lines_of("@director yes\n"), ElementsAre("yes")) << "the machine's name up to its first dot";
}

TEST(KeepalivedLines, ReplaceParametersWhereTheyAreUsed) {
  EXPECT_THAT(lines_of("$BASE=10.2.${SUB}\n$SUB=0\n${BASE}.100/32\n$SUB=10\n${BASE}.100/32\n"),
              ElementsAre("10.2.0.100/32", "10.2.10.100/32"));
  EXPECT_THAT(lines_of("$A=1\nx $A y${A}z $AB ${NONE}\n"), ElementsAre("x|1|y1z|$AB|${NONE}"));
  EXPECT_THAT(lines_of("@main $P=240\n@other $P=200\npriority $P\n", "main"), ElementsAre("priority|240"));
  EXPECT_THAT(lines_of("$IF_MAIN=@main\n$IF_MAIN a\n", "other"), IsEmpty());
  EXPECT_THAT(lines_of("$EMPTY=\na $EMPTY b\n"), ElementsAre("a|b"));
}

TEST(KeepalivedLines, ExpandDefinitionsOfSeveralLines) {
  EXPECT_THAT(
      lines_of("$VI= \\\nvrrp_instance VI_${NUM} { \\\n  @high priority 130 \\\n  @low priority 120 \\\n}\n"
               "$NUM=0\n$VI\n$NUM=1\n$VI\n",
               "low"),
      ElementsAre("vrrp_instance|VI_0", "{", "priority|120", "}", "vrrp_instance|VI_1", "{", "priority|120", "}"));
}

TEST(KeepalivedLines, SetParametersInDefinitionsOfSeveralLines) {
  EXPECT_THAT(lines_of("$RS= \\\nreal ${VS}.${N} \\\n\n$VS_= \\\n$N=1 \\\n$RS \\\n$N=2 \\\n$RS\n$VS=7\n$VS_\n"),
              ElementsAre("real|7.1", "real|7.2"));
}

TEST(KeepalivedLines, RepeatSequencesAndLists) {
  EXPECT_THAT(lines_of("~SEQ(N, 0, 3) a${N}\n"), ElementsAre("a0", "a1", "a2", "a3"));
  EXPECT_THAT(lines_of("~SEQ(N, 2) a${N}\n"), ElementsAre("a1", "a2"));
  EXPECT_THAT(lines_of("~SEQx(N, 0x90, 0x10, 0xb0) a${N}\n"), ElementsAre("a90", "aa0", "ab0"));
  EXPECT_THAT(lines_of("~SEQ(N, 3, -2, 0) a${N}\n"), ElementsAre("a3", "a1"));
  EXPECT_THAT(lines_of("~LST({A, B}, {10,1},{20,4}) ~SEQ(C,168,2,170) ${C}.${A}.${B}\n"),
              ElementsAre("168.10.1", "170.10.1", "168.20.4", "170.20.4"));
  EXPECT_THAT(lines_of("$LAST=2\n~SEQ(N, 1, ${LAST}) a${N}\n"), ElementsAre("a1", "a2"));
}

TEST(KeepalivedLines, KnowWhatIsDefinedBeforehand) {
  EXPECT_THAT(lines_of("${_PWD}/x a${_HASH}b${_BANG} ${_INSTANCE}\n", "me"), ElementsAre("dir/x|a#b!|me"));
  EXPECT_THAT(lines_of("${_RANDOM 7 7}\n"), ElementsAre("7"));
}

const Files three_files{.read = [](const std::string& path) -> Result<std::string> {
                          if (path == "dir/sub/a.conf") return "include b.conf\na ${_PWD}\n";
                          if (path == "dir/sub/b.conf") return "b\n";
                          if (path == "dir/self.conf") return "include self.conf\n";
                          return fail(path + ": Permission denied");
                        },
                        .match = [](const std::string& pattern) -> std::vector<std::string> {
                          if (pattern == "dir/sub/*.conf") return {"dir/sub/a.conf", "dir/sub/b.conf"};
                          if (pattern.find('*') != std::string::npos || pattern.ends_with("gone")) return {};
                          return {pattern};
                        }};

TEST(KeepalivedLines, IncludeFilesFromWhereTheFileStands) {
  EXPECT_THAT(lines_of("x\ninclude sub/*.conf\ny ${_PWD}\n", "", three_files),
              ElementsAre("x", "b", "a|dir/sub", "b", "y|dir"));
}

TEST(KeepalivedLines, MissIncludedFilesAsTheirLetterSays) {
  EXPECT_THAT(lines_of("include gone\nincluder *.gone\nincludem *.gone\ninclude secret\n", "", three_files), IsEmpty());
  EXPECT_THAT(errors_of("includem gone\nincludew *.gone\nincluder secret\n", three_files),
              ElementsAre(HasSubstr("k.conf:1: no file 'gone'"), HasSubstr("k.conf:2: no file '*.gone'"),
                          HasSubstr("k.conf:3: ./secret: Permission denied")));
  EXPECT_THAT(errors_of("include_check\ninclude *.gone\n", three_files), ElementsAre(HasSubstr("k.conf:2")));
}

TEST(KeepalivedLines, EndWhereParametersOrFilesNeverWould) {
  EXPECT_THAT(errors_of("$A=${A}\na ${A}\n"), ElementsAre(HasSubstr("k.conf:2: parameters stand for each other")));
  EXPECT_THAT(errors_of("$A= \\\n$A \\\n$A\n$A\n"), ElementsAre(HasSubstr("without end")));
  EXPECT_THAT(errors_of("~SEQ(A, 1, 0, 3) a\n"), ElementsAre(HasSubstr("the step of a ~SEQ is 0")));
  Report report;
  expand("include self.conf\n", "dir/k.conf", known_names(), three_files, report);
  EXPECT_THAT(to_string(report.errors().at(0)), HasSubstr("more than 32 files deep"));
}

TEST(KeepalivedLines, KnowTheirPlace) {
  Report report;
  const auto lines = expand("$A= \\\nx \\\ny\n\n$A\n", "k.conf", known_names(), no_files, report).lines;
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(to_string(lines[1].at), "k.conf:5");
}

}  // namespace
}  // namespace ballast::config::keepalived
