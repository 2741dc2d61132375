#include "config/edit_distance.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace ballast::config {
namespace {

TEST(EditDistance, IsZeroForEqualWords) { EXPECT_EQ(edit_distance("weight", "weight"), 0U); }

TEST(EditDistance, CountsInsertionsDeletionsAndSubstitutions) {
  EXPECT_EQ(edit_distance("", "pool"), 4U);
  EXPECT_EQ(edit_distance("pool", ""), 4U);
  EXPECT_EQ(edit_distance("pol", "pool"), 1U);
  EXPECT_EQ(edit_distance("pools", "pool"), 1U);
  EXPECT_EQ(edit_distance("port", "pool"), 2U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
}

TEST(EditDistance, CountsASwapOfNeighboursAsOne) {
  EXPECT_EQ(edit_distance("weigth", "weight"), 1U);
  EXPECT_EQ(edit_distance("iltsen", "listen"), 2U);
}

TEST(EditDistance, IsSymmetric) {
  const std::array<std::string, 5> words = {"listen", "silent", "", "tinsel", "lists"};
  for (const auto& a : words) {
    for (const auto& b : words) EXPECT_EQ(edit_distance(a, b), edit_distance(b, a)) << a << " " << b;
  }
}

TEST(Nearest, FindsTheWordThatWasMeant) {
  const std::array<std::string_view, 4> keys = {"pool", "servers", "scheduler", "persistence"};
  EXPECT_EQ(nearest("sheduler", keys), "scheduler");
  EXPECT_EQ(nearest("persistance", keys), "persistence");
  EXPECT_EQ(nearest("server", keys), "servers");
}

TEST(Nearest, FindsNothingWhereNoWordIsNear) {
  const std::array<std::string_view, 3> keys = {"tcp", "udp", "tcp_fin"};
  EXPECT_EQ(nearest("icmp", keys), "");
  EXPECT_EQ(nearest("", keys), "");
  EXPECT_EQ(nearest("x", keys), "");
}

TEST(Nearest, DoesNotCompareTexts) {
  const std::string text(65, 'a');
  const std::array<std::string_view, 1> keys = {text};
  EXPECT_EQ(nearest(text, keys), "");
}

}  // namespace
}  // namespace ballast::config
