#include "net/address.h"

#include <gtest/gtest.h>

namespace ballast::net {
namespace {

TEST(Address, Ipv4IsHeldMappedAndPrintedDotted) {
  const auto a = Address::parse("10.0.1.100");
  ASSERT_TRUE(a);
  EXPECT_TRUE(a->is_ipv4());
  EXPECT_EQ(a->ipv4_value(), 0x0a000164U);
  EXPECT_EQ(a->to_string(), "10.0.1.100");
  EXPECT_EQ(*a, Address::ipv4(0x0a000164));
}

TEST(Address, Ipv6RoundTrips) {
  const auto a = Address::parse("fd00:1::100");
  ASSERT_TRUE(a);
  EXPECT_FALSE(a->is_ipv4());
  EXPECT_EQ(a->to_string(), "fd00:1::100");
}

TEST(Address, RefusesWhatIsNotAnAddress) {
  for (const char* text : {"", "10.0.0", "10.0.0.256", "fd00::1%eth0", "[fd00::1]", "host"}) {
    EXPECT_FALSE(Address::parse(text)) << text;
  }
}

TEST(Prefix, ContainsItsOwnFamilyOnly) {
  const auto p = Prefix::parse("10.9.0.0/15");
  ASSERT_TRUE(p);
  EXPECT_TRUE(p->contains(*Address::parse("10.8.255.255")));
  EXPECT_FALSE(p->contains(*Address::parse("10.10.0.0")));
  EXPECT_FALSE(p->contains(*Address::parse("fd00::1")));
  EXPECT_FALSE(Prefix::parse("10.0.0.0/33"));
}

TEST(Endpoint, NeedsBracketsAroundIpv6AndOnlyThere) {
  EXPECT_EQ(Endpoint::parse("[fd00::1]:80")->to_string(), "[fd00::1]:80");
  EXPECT_EQ(Endpoint::parse("10.0.0.1:0")->port, 0);
  for (const char* text : {"fd00::1:80:", "[10.0.0.1]:80", "10.0.0.1", "10.0.0.1:65536", "10.0.0.1:-1", "10.0.0.1:"}) {
    EXPECT_FALSE(Endpoint::parse(text)) << text;
  }
}

}  // namespace
}  // namespace ballast::net
