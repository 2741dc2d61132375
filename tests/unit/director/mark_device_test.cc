#include "director/mark_device.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ballast::director {
namespace {

using net::Family;
using testing::IsEmpty;

std::vector<std::string> words(const std::vector<net::Rule>& rules) {
  std::vector<std::string> all;
  for (const auto& rule : rules) {
    EXPECT_EQ(rule.priority, 0u);
    all.push_back((rule.incoming_interface.empty() ? "" : "from " + rule.incoming_interface + " ") +
                  (rule.mark != 0 ? "mark " + std::to_string(rule.mark) + " " : "") + std::to_string(rule.table));
  }
  return all;
}

TEST(MarkDevice, HasMarksLookedAtBeforeTheMachinesOwnAddresses) {
  const std::set<cluster::MarkKey> marks{{7, Family::ipv4}, {5, Family::ipv4}, {9, Family::ipv6}};
  EXPECT_THAT(
      words(rules_for_marks(marks, Family::ipv4, true)),
      testing::ElementsAre("from ballast-back 255", "from ballast-back 254", "mark 5 47633", "mark 7 47633", "255"));
  EXPECT_THAT(words(rules_for_marks(marks, Family::ipv6, false)),
              testing::ElementsAre("from ballast-back 255", "from ballast-back 254", "mark 9 47633"));
}

TEST(MarkDevice, LeavesTheKernelsOwnRuleWhereThereIsNoMark) {
  EXPECT_THAT(words(rules_for_marks({}, Family::ipv4, true)), testing::ElementsAre("255"));
  EXPECT_THAT(words(rules_for_marks({{9, Family::ipv6}}, Family::ipv4, true)), testing::ElementsAre("255"));
  EXPECT_THAT(words(rules_for_marks({}, Family::ipv4, false)), IsEmpty());
}

}  // namespace
}  // namespace ballast::director
