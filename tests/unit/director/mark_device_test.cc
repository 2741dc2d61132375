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
                  (rule.destination ? "to " + rule.destination->to_string() + " " : "") +
                  (rule.protocol != 0 ? "protocol " + std::to_string(rule.protocol) + " " : "") +
                  (rule.mark != 0 ? "mark " + std::to_string(rule.mark) + " " : "") + std::to_string(rule.table));
  }
  return all;
}

TEST(MarkDevice, HasMarksLookedAtBeforeTheMachinesOwnAddresses) {
  const std::set<cluster::MarkKey> marks{{7, Family::ipv4}, {5, Family::ipv4}, {9, Family::ipv6}};
  EXPECT_THAT(
      words(rules_for({.marks = marks, .catch_alls = {}}, Family::ipv4, true)),
      testing::ElementsAre("from ballast-back 255", "from ballast-back 254", "mark 5 47633", "mark 7 47633", "255"));
  EXPECT_THAT(words(rules_for({.marks = marks, .catch_alls = {}}, Family::ipv6, false)),
              testing::ElementsAre("from ballast-back 255", "from ballast-back 254", "mark 9 47633"));
}

TEST(MarkDevice, LeavesTheKernelsOwnRuleWhereThereIsNoMark) {
  const std::set<cluster::AddressKey> catch_alls{{cluster::Protocol::tcp, {*net::Address::parse("10.0.0.1"), 0}}};
  for (const auto& steered : {Steered{}, Steered{{}, catch_alls}, Steered{{{9, Family::ipv6}}, catch_alls}}) {
    EXPECT_THAT(words(rules_for(steered, Family::ipv4, true)), testing::ElementsAre("255"));
  }
  EXPECT_THAT(words(rules_for({}, Family::ipv4, false)), IsEmpty());
}

TEST(MarkDevice, HasPacketsForServicesOfAllPortsTooWhereTheirFamilyHasAMark) {
  const auto all_ports = [](cluster::Protocol protocol, std::string_view vip) {
    return cluster::AddressKey{protocol, {*net::Address::parse(vip), 0}};
  };
  const Steered steered{
      .marks = {{5, Family::ipv4}, {5, Family::ipv6}},
      .catch_alls = {all_ports(cluster::Protocol::tcp, "10.0.0.1"), all_ports(cluster::Protocol::udp, "10.0.0.1"),
                     all_ports(cluster::Protocol::tcp, "fd00::1")}};
  EXPECT_THAT(words(rules_for(steered, Family::ipv4, true)),
              testing::ElementsAre("from ballast-back 255", "from ballast-back 254", "mark 5 47633", "from lo 255",
                                   "to 10.0.0.1 protocol 6 47633", "to 10.0.0.1 protocol 17 47633", "255"));
  EXPECT_THAT(words(rules_for(steered, Family::ipv6, false)),
              testing::ElementsAre("from ballast-back 255", "from ballast-back 254", "mark 5 47633", "from lo 255",
                                   "to fd00::1 protocol 6 47633"));
}

}  // namespace
}  // namespace ballast::director
