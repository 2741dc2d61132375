#include "net/routing_text.h"

#include <gtest/gtest.h>

namespace ballast::net {
namespace {

TEST(RouteText, ReadsWhatIpRouteTakes) {
  const auto route = parse_route_text(
      "10.9.0.0/16 via 10.1.0.1 dev eth0 src 10.1.0.9 table 7 metric 20 scope global "
      "proto boot mtu 1400 onlink",
      Family::ipv4);
  ASSERT_TRUE(route) << route.error().message;
  EXPECT_EQ(*route, (RouteText{.destination = *Prefix::parse("10.9.0.0/16"),
                               .gateway = Address::parse("10.1.0.1"),
                               .source = Address::parse("10.1.0.9"),
                               .device = "eth0",
                               .table = 7,
                               .metric = 20,
                               .scope = 0,
                               .protocol = 3,
                               .mtu = 1400,
                               .on_link = true}));
}

TEST(RouteText, TakesTheFamilyOfADefaultRouteFromItsGateway) {
  EXPECT_EQ(parse_route_text("default via fd00::1", Family::ipv4)->destination, *Prefix::parse("::/0"));
  EXPECT_EQ(parse_route_text("default dev eth0", Family::ipv6)->destination, *Prefix::parse("::/0"));
  EXPECT_EQ(parse_route_text("unreachable 10.9.0.0/16", Family::ipv4)->type, 7);
  EXPECT_EQ(parse_route_text("throw default table 7", Family::ipv4)->type, 9);
}

TEST(RouteText, HasSeveralWays) {
  const auto route =
      parse_route_text("10.9.0.0/16 table 7 nexthop via 10.1.0.1 dev eth0 weight 2 nexthop dev eth1", Family::ipv4);
  ASSERT_TRUE(route) << route.error().message;
  ASSERT_EQ(route->next_hops.size(), 2U);
  EXPECT_EQ(route->next_hops[0].gateway, Address::parse("10.1.0.1"));
  EXPECT_EQ(route->next_hops[0].device, "eth0");
  EXPECT_EQ(route->next_hops[0].weight, 2U);
  EXPECT_EQ(route->next_hops[1].device, "eth1");
  EXPECT_EQ(route->table, 7U);
  const auto alternatives = parse_route_text("default via 10.1.0.1 or 10.1.0.2 dev eth1 metric 9", Family::ipv4);
  ASSERT_TRUE(alternatives) << alternatives.error().message;
  ASSERT_EQ(alternatives->next_hops.size(), 2U);
  EXPECT_EQ(alternatives->next_hops[0].gateway, Address::parse("10.1.0.1"));
  EXPECT_EQ(alternatives->next_hops[1].gateway, Address::parse("10.1.0.2"));
  EXPECT_EQ(alternatives->next_hops[1].device, "eth1");
  EXPECT_FALSE(alternatives->gateway);
  for (const char* wrong :
       {"10.9.0.0/16 nexthop", "10.9.0.0/16 nexthop via fd00::1", "10.9.0.0/16 nexthop dev a weight 0",
        "10.9.0.0/16 dev a nexthop dev b", "10.9.0.0/16 nexthop dev a weight 257"}) {
    EXPECT_FALSE(parse_route_text(wrong, Family::ipv4)) << wrong;
  }
}

TEST(RouteText, RefusesWhatItDoesNotUnderstand) {
  for (const auto& [text, message] : {
           std::pair{"10.9.0.0/16 vai 10.1.0.1", "'vai' is not a word of routes here"},
           std::pair{"10.9.0.0/16 via", "'via' needs a value behind it"},
           std::pair{"10.9.0.0/16 via x", "'x' is nothing that 'via' takes"},
           std::pair{"10.9.0.0/16", "the route has neither 'via' nor 'dev'"},
           std::pair{"10.9.0.0/16 via fd00::1", "the gateway fd00::1 is not of the destination's family"},
           std::pair{"", "'' is no destination"},
       }) {
    const auto route = parse_route_text(text, Family::ipv4);
    ASSERT_FALSE(route) << text;
    EXPECT_TRUE(route.error().message.starts_with(message)) << route.error().message;
  }
}

TEST(RuleText, ReadsWhatIpRuleTakes) {
  const auto rule = parse_rule_text(
      "not from 10.9.0.0/16 to 10.8.0.0/16 fwmark 7/0xff iif eth0 ipproto tcp table main "
      "priority 100",
      Family::ipv4);
  ASSERT_TRUE(rule) << rule.error().message;
  EXPECT_EQ(*rule, (RuleText{.from = Prefix::parse("10.9.0.0/16"),
                             .to = Prefix::parse("10.8.0.0/16"),
                             .priority = 100,
                             .table = 254,
                             .mark = 7,
                             .mask = 255,
                             .incoming = "eth0",
                             .protocol = 6,
                             .inverted = true}));
}

TEST(RuleText, RefusesWhatItDoesNotUnderstand) {
  EXPECT_FALSE(parse_rule_text("from 10.9.0.0/16", Family::ipv4)) << "no table";
  EXPECT_FALSE(parse_rule_text("from 10.9.0.0/16 to fd00::/8 table 7", Family::ipv4)) << "two families";
  EXPECT_FALSE(parse_rule_text("fwmark x table 7", Family::ipv4));
  EXPECT_FALSE(parse_rule_text("form 10.9.0.0/16 table 7", Family::ipv4));
}

}  // namespace
}  // namespace ballast::net
