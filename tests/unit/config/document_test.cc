#include "config/document.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ballast::config {
namespace {

using testing::HasSubstr;

/// The tree of a text that has no problems.
NodePointer tree(const std::string& text) {
  Problems problems("f");
  NodePointer root = read_document(text, problems);
  EXPECT_TRUE(problems.empty()) << to_string(problems.sorted().front());
  return root;
}

/// The first problem of a text that has some.
std::string problem(const std::string& text) {
  Problems problems("f");
  read_document(text, problems);
  const auto found = problems.sorted();
  return found.empty() ? "no problem" : to_string(found.front());
}

TEST(Document, KeepsOrderKindsAndPlaces) {
  const auto root = tree("b: [1, two]\na:\n  x: y\n");
  ASSERT_TRUE(root);
  ASSERT_EQ(root->kind, TreeNode::Kind::map);
  ASSERT_EQ(root->entries.size(), 2U);
  EXPECT_EQ(root->entries[0].key, "b");
  ASSERT_EQ(root->entries[0].value->kind, TreeNode::Kind::sequence);
  EXPECT_EQ(root->entries[0].value->items[1]->text, "two");
  EXPECT_EQ(root->entries[0].value->items[1]->at, (Position{1, 8}));
  EXPECT_EQ(root->entries[1].at, (Position{2, 1}));
  EXPECT_EQ(root->entries[1].value->entries[0].value->at, (Position{3, 6}));
}

TEST(Document, IsNullWhereTheTextSaysNothing) {
  for (const char* text : {"", "\n\n", "# only a comment\n", "---\n", "~"}) {
    const auto root = tree(text);
    ASSERT_TRUE(root) << text;
    EXPECT_EQ(root->kind, TreeNode::Kind::null) << text;
  }
}

TEST(Document, PlacesANullValueAtItsKey) {
  const auto root = tree("a: 1\n\nempty:\n\nb: 2\n");
  EXPECT_EQ(root->entries[1].value->kind, TreeNode::Kind::null);
  EXPECT_EQ(root->entries[1].value->at, (Position{3, 1}));
}

TEST(Document, SharesWhatAnAliasNames) {
  const auto root = tree("a: &x [1, 2]\nb: *x\n");
  EXPECT_EQ(root->entries[0].value, root->entries[1].value);
}

TEST(Document, ReportsDuplicateKeysWithBothLines) {
  EXPECT_EQ(problem("a: 1\nb: 2\na: 3\n"), "f:3:1: key 'a' is here twice; the first is on line 1");
}

TEST(Document, RefusesMalformedYamlWithItsPlace) {
  EXPECT_THAT(problem("a: [1, 2\n"), HasSubstr("not YAML"));
  EXPECT_THAT(problem("a: 1\n  b: 2\n"), HasSubstr("f:2:"));
  EXPECT_THAT(problem("a: *nowhere\n"), HasSubstr("not YAML"));
}

TEST(Document, RefusesAQuoteThatIsNotClosed) {
  EXPECT_EQ(problem("b: 1\na: 'open\n"), "f:2:4: not YAML: this quote is not closed");
  EXPECT_EQ(problem("a: \"open"), "f:1:4: not YAML: this quote is not closed");
  EXPECT_EQ(problem("'open: 1\n"), "f:1:1: not YAML: this quote is not closed");
}

TEST(Document, ReadsTextsThatEndWithoutANewline) {
  EXPECT_EQ(tree("a: b")->entries[0].value->text, "b");
  EXPECT_EQ(tree("a: |\n  b")->entries[0].value->text, "b\n");
  EXPECT_EQ(tree("a: 'b'")->entries[0].value->text, "b");
  EXPECT_EQ(tree("a: # comment")->entries[0].value->kind, TreeNode::Kind::null);
}

TEST(Document, RefusesWhatIsNotUtf8Text) {
  EXPECT_THAT(problem(std::string("\xff\xfe"
                                  "a\0:\0 \0b\0",
                                  10)),
              HasSubstr("save it as UTF-8"));
}

TEST(Document, RefusesASecondDocument) {
  EXPECT_THAT(problem("a: 1\n---\nb: 2\n"), HasSubstr("one file is one document"));
}

TEST(Document, RefusesTags) {
  EXPECT_THAT(problem("a: !!int 3\n"), HasSubstr("has no meaning here"));
  EXPECT_THAT(problem("a: !x {b: c}\n"), HasSubstr("has no meaning here"));
}

TEST(Document, RefusesKeysThatAreNotWords) {
  for (const char* text : {"[1]: 2\n", "? {a: b}\n: 2\n", "~: 1\n", "null: 1\n", "a: &x b\n*x : 2\n"}) {
    EXPECT_THAT(problem(text), HasSubstr("a key must be a word")) << text;
  }
}

TEST(Document, RefusesAnAliasInsideWhatItNames) {
  EXPECT_THAT(problem("a: &x [1, *x]\n"), HasSubstr("inside what it refers to"));
}

TEST(Document, AllowsNestingUpToItsLimit) {
  const std::string at_limit = std::string(most_levels, '[') + std::string(most_levels, ']');
  EXPECT_TRUE(tree(at_limit));
  EXPECT_THAT(problem("[" + at_limit + "]"), HasSubstr("nested deeper than 32 levels"));
}

TEST(Document, CountsTheLevelsBehindAnAlias) {
  const std::string half(20, '[');
  const std::string half_end(20, ']');
  EXPECT_THAT(problem("a: &x " + half + half_end + "\nb: " + half + "*x" + half_end + "\n"),
              HasSubstr("nested deeper than 32 levels"));
}

TEST(Document, RefusesAliasesThatExpandWithoutBound) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 20; ++i) {
    text +=
        fmt::format("a{0}: &a{0} [*a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}]\n", i, i - 1);
  }
  EXPECT_THAT(problem(text), HasSubstr("more than 1000000 values"));
}

TEST(Document, RefusesVeryDeepTextsOfEveryShape) {
  for (const char* opening : {"[", "{", "- ", "? ", "{a: ", "[a, "}) {
    std::string text;
    for (int i = 0; i < 10000; ++i) text += opening;
    EXPECT_NE(problem(text), "no problem") << opening;
  }
}

TEST(Document, RefusesATextAboveTheSizeLimit) {
  EXPECT_EQ(problem(std::string(largest_text_bytes + 1, '#')), "f: larger than 8 MiB; no configuration is");
}

}  // namespace
}  // namespace ballast::config
