// The readers of links, routes, neighbours and addresses, on messages recorded from Linux 6.18 or made by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/genetlink.h>
#include <linux/rtnetlink.h>
#include <net/if_arp.h>

#include <string>

#include "bytes.h"
#include "net/interface_address.h"
#include "net/interface_features.h"
#include "net/link.h"
#include "net/monitor.h"
#include "net/neighbour.h"
#include "net/route.h"

namespace ballast::net {
namespace {

using test::bytes_from_hex;
using testing::ElementsAre;
using testing::IsEmpty;

// 8.8.8.8 via inet6 fe80::1 dev 3 src 10.0.0.1
constexpr const char* route_via_ipv6 =
    "8000000018000000050000007a2c000002200000fe0000010002000008000f00fe00000008000100080808080800040003000000080007000a"
    "000001160012000a00fe8000000000000000000000000000010000080019000000000024000c00020000000000000000000000000000000000"
    "0000000000000000000000000000";
// 7.7.7.7 via 10.0.0.2 dev 3 src 10.0.0.1 mtu 1400
constexpr const char* route_with_mtu =
    "7c00000018000000060000007a2c000002200000fe0000010002000008000f00fe00000008000100070707070800040003000000080007000a"
    "000001080005000a0000020c0008000800020078050000080019000000000024000c0002000000000000000000000000000000000000000000"
    "00000000000000000000";
// local 10.0.0.1 dev lo
constexpr const char* route_local =
    "6800000018000000080000007a2c000002200000fe0000020002008008000f00fe000000080001000a0000010800040001000000080007000a"
    "000001080019000000000024000c000100000000000000000000000000000000000000000000000000000000000000";
// fd00:5::1 via fd00::2 dev 3 src fd00::1
constexpr const char* route_ipv6 =
    "b000000018000000070000007a2c00000a808000fe0300010000000008000f00fe00000014000100fd00000500000000000000000000000114"
    "0002000000000000000000000000000000000014000700fd000000000000000000000000000001080006000004000014000500fd0000000000"
    "00000000000000000002080004000300000024000c000200000000000000000000000000000000000000000000000000000000000000050014"
    "0000000000";
// 10.0.0.3 dev 3 managed INCOMPLETE
constexpr const char* neighbour_managed =
    "480000001c000200020000007a2c0000020000000300000001000001080001000a000003080004000000000014000300701700000000000000"
    "0000000100000008000f0001000000";
// 10.0.0.2 dev 3 lladdr 02:00:00:00:00:02 PERMANENT
constexpr const char* neighbour_permanent =
    "4c0000001c000200020000007a2c0000020000000300000080000001080001000a0000020a0002000200000000020000080004000000000014"
    "00030000000000000000000000000000000000";
// 10.0.0.1/24 dev 3
constexpr const char* address_ipv4 =
    "4c00000014000200030000007a2c00000218800003000000080001000a000001080002000a0000010700030076300000080008008000000014"
    "000600ffffffffffffffff22fc020022fc0200";
// fd00::1/64 dev 3 nodad
constexpr const char* address_ipv6 =
    "4800000014000200030000007a2c00000a4082000300000014000100fd00000000000000000000000000000114000600ffffffffffffffff22"
    "fc020022fc02000800080082000000";

Address address(std::string_view text) { return *Address::parse(text); }

std::vector<std::byte> finished(NetlinkRequest& request) {
  const Bytes bytes = request.finish(1);
  return {bytes.begin(), bytes.end()};
}

std::vector<std::byte> operator+(std::vector<std::byte> left, const std::vector<std::byte>& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

/// A nested attribute with one attribute inside.
NetlinkRequest& nest(NetlinkRequest& request, std::uint16_t outer, std::uint16_t inner, Bytes payload) {
  const nlattr header{.nla_len = static_cast<std::uint16_t>(sizeof(nlattr) + payload.size()), .nla_type = inner};
  std::vector<std::byte> bytes(bytes_of(header).begin(), bytes_of(header).end());
  bytes.insert(bytes.end(), payload.begin(), payload.end());
  return request.attribute(static_cast<std::uint16_t>(outer | NLA_F_NESTED), bytes);
}

std::vector<std::byte> vlan_link_message() {
  ifinfomsg header{};
  header.ifi_type = ARPHRD_ETHER;
  header.ifi_index = 7;
  header.ifi_flags = 0x1 | 0x10000;
  const MacAddress mac{2, 0, 0, 0, 0, 1};
  const std::uint32_t program = 42;
  NetlinkRequest message(RTM_NEWLINK);
  message.header(header)
      .attribute(IFLA_IFNAME, "eth0.100")
      .attribute(IFLA_ADDRESS, bytes_of(mac))
      .attribute(IFLA_MTU, std::uint32_t{1496})
      .attribute(IFLA_LINK, std::uint32_t{2})
      .attribute(IFLA_MASTER, std::uint32_t{9});
  nest(message, IFLA_LINKINFO, IFLA_INFO_KIND, std::as_bytes(std::span("vlan")));
  nest(message, IFLA_XDP, IFLA_XDP_PROG_ID, bytes_of(program));
  return finished(message);
}

TEST(ParseLinks, ReadsEveryField) {
  const Link expected{.index = 7,
                      .name = "eth0.100",
                      .mac = {2, 0, 0, 0, 0, 1},
                      .mtu = 1496,
                      .up = true,
                      .carrier = true,
                      .loopback = false,
                      .kind = "vlan",
                      .master_index = 9,
                      .lower_index = 2,
                      .lower_elsewhere = false,
                      .has_ethernet_header = true,
                      .xdp_program_id = 42};
  EXPECT_THAT(parse_links(vlan_link_message()), ElementsAre(expected));
}

TEST(ParseLinks, PassesOverBridgePortNotesAndOtherMessages) {
  ifinfomsg bridge_port{};
  bridge_port.ifi_family = AF_BRIDGE;
  NetlinkRequest note(RTM_NEWLINK);
  note.header(bridge_port).attribute(IFLA_IFNAME, "br0");
  EXPECT_THAT(parse_links(finished(note) + bytes_from_hex(address_ipv4)), IsEmpty());
}

TEST(ParseLinks, KnowsLinksWithoutAnEthernetHeaderAndWithoutAMac) {
  ifinfomsg header{};
  header.ifi_type = ARPHRD_NONE;
  header.ifi_index = 3;
  NetlinkRequest message(RTM_NEWLINK);
  message.header(header).attribute(IFLA_IFNAME, "tun0");
  const auto links = parse_links(finished(message));
  ASSERT_EQ(links.size(), 1U);
  EXPECT_FALSE(links[0].has_ethernet_header);
  EXPECT_FALSE(links[0].up);
  EXPECT_EQ(links[0].mac, MacAddress{});
}

TEST(FindLink, ByIndexAndByName) {
  const std::vector<Link> links = parse_links(vlan_link_message());
  EXPECT_EQ(find_link(links, 7), &links[0]);
  EXPECT_EQ(find_link(links, "eth0.100"), &links[0]);
  EXPECT_EQ(find_link(links, 8), nullptr);
  EXPECT_EQ(find_link(links, "eth0"), nullptr);
}

TEST(ParseRoute, GatewayPreferredSourceAndMtu) {
  const auto route = parse_route(bytes_from_hex(route_with_mtu), address("7.7.7.7"));
  const RouteLookup expected{.kind = RouteKind::forward,
                             .interface_index = 3,
                             .next_hop = address("10.0.0.2"),
                             .on_link = false,
                             .preferred_source = address("10.0.0.1"),
                             .mtu = 1400};
  EXPECT_EQ(route, expected);
}

TEST(ParseRoute, Ipv4DestinationWithAnIpv6NextHop) {
  const auto route = parse_route(bytes_from_hex(route_via_ipv6), address("8.8.8.8"));
  ASSERT_TRUE(route);
  EXPECT_EQ(route->next_hop, address("fe80::1"));
  EXPECT_FALSE(route->on_link);
  EXPECT_EQ(route->preferred_source, address("10.0.0.1"));
}

TEST(ParseRoute, Ipv6Gateway) {
  const auto route = parse_route(bytes_from_hex(route_ipv6), address("fd00:5::1"));
  ASSERT_TRUE(route);
  EXPECT_EQ(route->kind, RouteKind::forward);
  EXPECT_EQ(route->next_hop, address("fd00::2"));
  EXPECT_EQ(route->interface_index, 3U);
  EXPECT_EQ(route->preferred_source, address("fd00::1"));
}

TEST(ParseRoute, LocalDestinationIsItsOwnNextHop) {
  const auto route = parse_route(bytes_from_hex(route_local), address("10.0.0.1"));
  ASSERT_TRUE(route);
  EXPECT_EQ(route->kind, RouteKind::local);
  EXPECT_EQ(route->next_hop, address("10.0.0.1"));
  EXPECT_TRUE(route->on_link);
  EXPECT_EQ(route->mtu, 0U);
}

TEST(ParseRoute, TypesOfRoutesThatForwardNothing) {
  const std::pair<std::uint8_t, RouteKind> kinds[] = {
      {RTN_BLACKHOLE, RouteKind::blackhole}, {RTN_UNREACHABLE, RouteKind::unreachable},
      {RTN_PROHIBIT, RouteKind::prohibited}, {RTN_BROADCAST, RouteKind::broadcast},
      {RTN_MULTICAST, RouteKind::multicast}, {RTN_ANYCAST, RouteKind::local},
      {RTN_THROW, RouteKind::none},
  };
  for (const auto& [type, kind] : kinds) {
    rtmsg header{};
    header.rtm_type = type;
    NetlinkRequest message(RTM_NEWROUTE);
    message.header(header);
    EXPECT_EQ(parse_route(finished(message), address("10.0.0.1"))->kind, kind) << to_string(kind);
  }
}

TEST(ParseRoute, IsNothingWithoutARouteMessage) {
  EXPECT_FALSE(parse_route({}, address("10.0.0.1")));
  EXPECT_FALSE(parse_route(bytes_from_hex(address_ipv4), address("10.0.0.1")));
}

TEST(RouteRefusal, OnlyTheCodesOfRoutesCount) {
  EXPECT_EQ(route_kind_of_refusal(EINVAL), RouteKind::blackhole);
  EXPECT_EQ(route_kind_of_refusal(EHOSTUNREACH), RouteKind::unreachable);
  EXPECT_EQ(route_kind_of_refusal(EACCES), RouteKind::prohibited);
  EXPECT_EQ(route_kind_of_refusal(ENETUNREACH), RouteKind::none);
  EXPECT_FALSE(route_kind_of_refusal(EPERM));
  EXPECT_FALSE(route_kind_of_refusal(ENODEV));
}

const Neighbour permanent{.interface_index = 3,
                          .address = Address::ipv4(0x0a000002),
                          .mac = MacAddress{2, 0, 0, 0, 0, 2},
                          .state = NeighbourState::permanent};
const Neighbour managed{.interface_index = 3,
                        .address = Address::ipv4(0x0a000003),
                        .mac = {},
                        .state = NeighbourState::incomplete,
                        .managed = true};

TEST(ParseNeighbours, StateMacAndManagedFlag) {
  EXPECT_THAT(parse_neighbours(bytes_from_hex(neighbour_managed) + bytes_from_hex(neighbour_permanent)),
              ElementsAre(managed, permanent));
}

TEST(ParseNeighbours, PassesOverBridgeForwardingEntriesAndProxies) {
  ndmsg header{};
  header.ndm_family = AF_BRIDGE;
  NetlinkRequest bridge(RTM_NEWNEIGH);
  bridge.header(header).attribute(NDA_DST, address("10.0.0.2"));
  header.ndm_family = AF_INET;
  header.ndm_flags = NTF_PROXY;
  NetlinkRequest proxy(RTM_NEWNEIGH);
  proxy.header(header).attribute(NDA_DST, address("10.0.0.2"));
  EXPECT_THAT(parse_neighbours(finished(bridge) + finished(proxy)), IsEmpty());
}

TEST(Neighbour, IsUsableWithAMacInAValidState) {
  Neighbour neighbour = permanent;
  for (const auto state : {NeighbourState::reachable, NeighbourState::stale, NeighbourState::delay,
                           NeighbourState::probe, NeighbourState::permanent, NeighbourState::no_arp}) {
    neighbour.state = state;
    EXPECT_TRUE(neighbour.usable()) << static_cast<int>(state);
  }
  for (const auto state : {NeighbourState::none, NeighbourState::incomplete, NeighbourState::failed}) {
    neighbour.state = state;
    EXPECT_FALSE(neighbour.usable()) << static_cast<int>(state);
  }
  neighbour.state = NeighbourState::reachable;
  neighbour.mac.reset();
  EXPECT_FALSE(neighbour.usable());
}

TEST(ParseInterfaceAddresses, BothFamilies) {
  EXPECT_THAT(parse_interface_addresses(bytes_from_hex(address_ipv4) + bytes_from_hex(address_ipv6)),
              ElementsAre(InterfaceAddress{3, {address("10.0.0.1"), 24}, true, true},
                          InterfaceAddress{3, {address("fd00::1"), 64}, true, true}));
}

std::vector<std::byte> address_message(std::uint32_t flags) {
  ifaddrmsg header{};
  header.ifa_family = AF_INET6;
  header.ifa_prefixlen = 64;
  header.ifa_index = 3;
  NetlinkRequest message(RTM_NEWADDR);
  message.header(header).attribute(IFA_ADDRESS, address("fd00::2")).attribute(IFA_LOCAL, address("fd00::1"));
  message.attribute(IFA_FLAGS, flags);
  return finished(message);
}

TEST(ParseInterfaceAddresses, OnAPointToPointLinkTheLocalAddressCounts) {
  EXPECT_THAT(parse_interface_addresses(address_message(0)),
              ElementsAre(InterfaceAddress{3, {address("fd00::1"), 64}, true}));
}

TEST(ParseInterfaceAddresses, TentativeAndDuplicateOnesAreNotUsable) {
  EXPECT_FALSE(parse_interface_addresses(address_message(IFA_F_TENTATIVE))[0].usable);
  EXPECT_FALSE(parse_interface_addresses(address_message(IFA_F_DADFAILED))[0].usable);
  EXPECT_TRUE(parse_interface_addresses(address_message(IFA_F_TENTATIVE | IFA_F_OPTIMISTIC))[0].usable);
}

TEST(ParseXdpFeatures, OfTheAskedInterfaceOnly) {
  const std::uint64_t features = 0x17;
  NetlinkRequest message(30);
  message.header(genlmsghdr{.cmd = 1, .version = 1, .reserved = 0})
      .attribute(1, std::uint32_t{5})
      .attribute(3, bytes_of(features));
  const auto bytes = finished(message);
  EXPECT_EQ(parse_xdp_features(bytes, 5), 0x17U);
  EXPECT_FALSE(parse_xdp_features(bytes, 6));
}

TEST(ParseFamilyId, IsReadFromTheController) {
  const std::uint16_t id = 30;
  NetlinkRequest message(GENL_ID_CTRL);
  message.header(genlmsghdr{.cmd = CTRL_CMD_NEWFAMILY, .version = 2, .reserved = 0})
      .attribute(CTRL_ATTR_FAMILY_NAME, "netdev")
      .attribute(CTRL_ATTR_FAMILY_ID, bytes_of(id));
  EXPECT_EQ(parse_family_id(finished(message)), 30);
  EXPECT_FALSE(parse_family_id(bytes_from_hex(address_ipv4)));
}

std::uint8_t kinds_of(std::uint16_t type) {
  NetlinkRequest message(type);
  Changes changes;
  add_changes(finished(message), changes);
  return changes.kinds;
}

TEST(AddChanges, EveryNotificationHasItsKind) {
  for (const auto type : {RTM_NEWLINK, RTM_DELLINK}) EXPECT_EQ(kinds_of(type), change_links);
  for (const auto type : {RTM_NEWADDR, RTM_DELADDR}) EXPECT_EQ(kinds_of(type), change_addresses);
  for (const auto type : {RTM_NEWROUTE, RTM_DELROUTE, RTM_NEWRULE, RTM_DELRULE, RTM_NEWNEXTHOP, RTM_DELNEXTHOP}) {
    EXPECT_EQ(kinds_of(type), change_routes);
  }
  EXPECT_EQ(kinds_of(RTM_NEWQDISC), 0);
}

TEST(AddChanges, AnAddressThatOnlyLivesLongerIsNoChange) {
  for (const std::uint32_t renewed_later : {0, 250}) {
    const ifa_cacheinfo times{.ifa_prefered = 2, .ifa_valid = 2, .cstamp = 1000, .tstamp = 1000 + renewed_later};
    NetlinkRequest message(RTM_NEWADDR);
    message.header(ifaddrmsg{}).attribute(IFA_CACHEINFO, bytes_of(times));
    Changes changes;
    add_changes(finished(message), changes);
    EXPECT_EQ(changes.kinds, renewed_later == 0 ? change_addresses : 0);
  }
}

TEST(AddChanges, NeighboursComeWithTheirEntriesInOrder) {
  auto removed = bytes_from_hex(neighbour_permanent);
  removed[4] = std::byte{RTM_DELNEIGH};
  Changes changes;
  add_changes(bytes_from_hex(neighbour_managed) + removed, changes);
  EXPECT_EQ(changes.kinds, change_neighbours);
  EXPECT_THAT(changes.neighbours, ElementsAre(NeighbourChange{managed, false}, NeighbourChange{permanent, true}));
  EXPECT_FALSE(changes.affects_routes());
}

TEST(AddChanges, AMalformedNeighbourIsNoChange) {
  auto message = bytes_from_hex(neighbour_permanent);
  message[28] = std::byte{0xff};  // the length of the first attribute
  Changes changes;
  add_changes(message, changes);
  EXPECT_TRUE(changes.empty());
  EXPECT_THAT(changes.neighbours, IsEmpty());
}

/// Cuts a message at every length, with the length in its header mended to fit, so that every reader meets every end.
template <typename Check>
void cut_everywhere(std::vector<std::byte> whole, Check check) {
  for (std::uint32_t length = sizeof(nlmsghdr); length < whole.size(); ++length) {
    std::vector<std::byte> cut(whole.begin(), whole.begin() + length);
    std::memcpy(cut.data(), &length, sizeof length);
    check(cut);
  }
}

TEST(Parsers, FindNoDestinationInAMessageThatEndsBeforeIt) {
  const std::size_t end_of_destination = sizeof(nlmsghdr) + sizeof(ndmsg) + 8;
  cut_everywhere(bytes_from_hex(neighbour_permanent), [&](const std::vector<std::byte>& cut) {
    EXPECT_EQ(parse_neighbours(cut).size(), cut.size() < end_of_destination ? 0U : 1U) << cut.size();
  });
}

TEST(Parsers, FindNoGatewayInARouteThatEndsBeforeIt) {
  const std::size_t end_of_gateway = sizeof(nlmsghdr) + sizeof(rtmsg) + std::size_t{5} * 8;
  cut_everywhere(bytes_from_hex(route_with_mtu), [&](const std::vector<std::byte>& cut) {
    const auto route = parse_route(cut, address("7.7.7.7"));
    EXPECT_EQ(route.has_value(), cut.size() >= sizeof(nlmsghdr) + sizeof(rtmsg)) << cut.size();
    EXPECT_EQ(route && !route->on_link, cut.size() >= end_of_gateway) << cut.size();
  });
}

}  // namespace
}  // namespace ballast::net
