#include "vrrp/accept_mode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ballast::vrrp {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

net::Address address(std::string_view text) { return *net::Address::parse(text); }

cluster::VirtualAddress virtual_address(std::string_view text) {
  cluster::VirtualAddress made;
  made.address = address(text);
  return made;
}

cluster::VrrpInstance instance() {
  cluster::VrrpInstance made;
  made.accept = false;
  made.addresses = {virtual_address("10.0.0.2"), virtual_address("10.0.0.1")};
  made.excluded_addresses = {virtual_address("fd00::1")};
  return made;
}

TEST(AcceptMode, RefusesAllAddressesOfAnInstanceThatDoesNotAccept) {
  EXPECT_THAT(refused_addresses(instance()), ElementsAre(address("10.0.0.1"), address("10.0.0.2"), address("fd00::1")));
}

TEST(AcceptMode, RefusesNothingOfAnOwnerOrWhereItAccepts) {
  auto owner = instance();
  owner.priority = 255;
  EXPECT_THAT(refused_addresses(owner), IsEmpty());
  auto accepting = instance();
  accepting.accept = true;
  EXPECT_THAT(refused_addresses(accepting), IsEmpty());
}

TEST(AcceptMode, PutsAddressesIntoTheSetOfTheirFamily) {
  const std::string commands = nft_commands("t", {address("10.0.0.1"), address("fd00::1"), address("10.0.0.2")}, false);
  EXPECT_EQ(commands,
            "flush set inet t ipv4\nadd element inet t ipv4 { 10.0.0.1, 10.0.0.2 }\n"
            "flush set inet t ipv6\nadd element inet t ipv6 { fd00::1 }\n");
}

TEST(AcceptMode, EmptiesItsSetsWhereNothingIsRefused) {
  EXPECT_EQ(nft_commands("t", {}, false), "flush set inet t ipv4\nflush set inet t ipv6\n");
}

TEST(AcceptMode, MakesATableOfItsOwnThatLetsNeighbourDiscoveryThrough) {
  const std::string commands = nft_commands("t", {}, true);
  EXPECT_THAT(commands, HasSubstr("table inet t {\n  flags owner\n"));
  EXPECT_LT(commands.find("nd-neighbor-solicit"), commands.find("ip6 daddr @ipv6"));
  EXPECT_THAT(nft_commands("t", {}, false), Not(HasSubstr("owner")));
}

}  // namespace
}  // namespace ballast::vrrp
