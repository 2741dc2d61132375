// What the kernel answers, in network namespaces of the test's own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <thread>

#include "namespaces.h"
#include "net/address_change.h"
#include "net/interface_address.h"
#include "net/interface_features.h"
#include "net/link.h"
#include "net/monitor.h"
#include "net/neighbour.h"
#include "net/netlink.h"
#include "net/route.h"
#include "net/rule.h"
#include "net/sysctl.h"
#include "net/veth.h"

namespace ballast::net {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

constexpr MacAddress near_mac{2, 0, 0, 0, 0, 1};
constexpr MacAddress far_mac{2, 0, 0, 0, 0, 2};
constexpr std::uint32_t loopback = 1;

Address address(std::string_view text) { return *Address::parse(text); }
Prefix prefix(std::string_view text) { return *Prefix::parse(text); }

class Kernel : public test::NamespacesTest {
 protected:
  void SetUp() override {
    NamespacesTest::SetUp();
    if (HasFatalFailure() || IsSkipped()) return;
    const auto all = links();
    ASSERT_TRUE(all) << all.error().message;
    const Link* link = find_link(*all, "near0");
    ASSERT_NE(link, nullptr);
    near_ = link->index;
    ASSERT_TRUE(becomes_local("fd00::1"));
  }

  /// Waits until the kernel has installed the local route of a new IPv6 address; at most five seconds.
  static bool becomes_local(std::string_view own) {
    for (int i = 0; i < 500; ++i) {
      if (route(own).kind == RouteKind::local) return true;
      ::usleep(10000);
    }
    return false;
  }

  static RouteLookup route(std::string_view destination, const RouteOptions& options = {}) {
    const auto found = route_to(address(destination), options);
    EXPECT_TRUE(found) << found.error().message;
    return found.value_or(RouteLookup{});
  }

  std::optional<Neighbour> entry(std::string_view of) const {
    const auto found = neighbour(near_, address(of));
    EXPECT_TRUE(found) << found.error().message;
    return found.value_or(std::nullopt);
  }

  /// Waits for the kernel to resolve a neighbour; at most five seconds.
  std::optional<Neighbour> resolved(std::string_view of) const {
    for (int i = 0; i < 500; ++i) {
      const auto found = entry(of);
      if (found && found->usable()) return found;
      ::usleep(10000);
    }
    return std::nullopt;
  }

  std::uint32_t near_ = 0;
};

TEST_F(Kernel, ListsLinks) {
  run("ip link add bridge0 type bridge");
  run("ip link set near0 mtu 1400 master bridge0");
  const auto all = links();
  ASSERT_TRUE(all) << all.error().message;
  const Link* lo = find_link(*all, "lo");
  const Link* near_link = find_link(*all, "near0");
  const Link* bridge = find_link(*all, "bridge0");
  ASSERT_TRUE(lo && near_link && bridge);
  EXPECT_EQ(lo->index, loopback);
  EXPECT_TRUE(lo->loopback);
  EXPECT_TRUE(lo->has_ethernet_header);
  EXPECT_EQ(lo->kind, "");
  EXPECT_EQ(near_link->kind, "veth");
  EXPECT_EQ(near_link->mac, near_mac);
  EXPECT_EQ(near_link->mtu, 1400U);
  EXPECT_TRUE(near_link->up);
  EXPECT_TRUE(near_link->carrier);
  EXPECT_FALSE(near_link->loopback);
  EXPECT_EQ(near_link->master_index, bridge->index);
  EXPECT_NE(near_link->lower_index, 0U);
  EXPECT_TRUE(near_link->lower_elsewhere);
  EXPECT_EQ(bridge->kind, "bridge");
  EXPECT_FALSE(bridge->up);
  EXPECT_EQ(bridge->master_index, 0U);
}

TEST_F(Kernel, ListsPeerOfAVethInTheSameNamespace) {
  run("ip link add one type veth peer name two");
  const auto all = links();
  ASSERT_TRUE(all) << all.error().message;
  EXPECT_EQ(find_link(*all, "one")->lower_index, find_link(*all, "two")->index);
  EXPECT_FALSE(find_link(*all, "one")->lower_elsewhere);
}

TEST_F(Kernel, ListsATunnelDeviceWithoutAnEthernetHeader) {
  if (std::system("ip tuntap add dev layer3 mode tun") != 0) GTEST_SKIP() << "this kernel has no tun devices";
  const auto all = links();
  ASSERT_TRUE(all) << all.error().message;
  ASSERT_TRUE(find_link(*all, "layer3"));
  EXPECT_EQ(find_link(*all, "layer3")->kind, "tun");
  EXPECT_FALSE(find_link(*all, "layer3")->has_ethernet_header);
}

TEST_F(Kernel, ListsMoreLinksThanFitInOneDatagram) {
  for (int i = 0; i < 40; ++i) run(fmt::format("ip link add many{} type veth peer name peer{}", i, i));
  const auto all = links();
  ASSERT_TRUE(all) << all.error().message;
  EXPECT_EQ(all->size(), 82U);
  EXPECT_TRUE(find_link(*all, "peer39"));
}

TEST_F(Kernel, RoutesToALinkNeighbour) {
  EXPECT_EQ(route("10.0.0.9"), (RouteLookup{.kind = RouteKind::forward,
                                            .interface_index = near_,
                                            .next_hop = address("10.0.0.9"),
                                            .on_link = true,
                                            .preferred_source = address("10.0.0.1")}));
  const auto ipv6 = route("fd00::9");
  EXPECT_EQ(ipv6.kind, RouteKind::forward);
  EXPECT_EQ(ipv6.interface_index, near_);
  EXPECT_EQ(ipv6.next_hop, address("fd00::9"));
  EXPECT_TRUE(ipv6.on_link);
}

TEST_F(Kernel, RoutesByAGateway) {
  run("ip route add 192.0.2.0/24 via 10.0.0.2 mtu 1400");
  run("ip route add 198.51.100.0/24 via inet6 fd00::2 dev near0");
  run("ip route add fd05::/64 via fd00::2");
  const auto plain = route("192.0.2.7");
  EXPECT_EQ(plain.next_hop, address("10.0.0.2"));
  EXPECT_FALSE(plain.on_link);
  EXPECT_EQ(plain.mtu, 1400U);
  const auto mixed = route("198.51.100.7");
  EXPECT_EQ(mixed.kind, RouteKind::forward);
  EXPECT_EQ(mixed.next_hop, address("fd00::2"));
  EXPECT_EQ(mixed.interface_index, near_);
  EXPECT_EQ(mixed.mtu, 0U);
  EXPECT_EQ(route("fd05::7").next_hop, address("fd00::2"));
}

TEST_F(Kernel, RoutesToItself) {
  EXPECT_EQ(route("10.0.0.1").kind, RouteKind::local);
  EXPECT_EQ(route("127.9.9.9").kind, RouteKind::local);
  EXPECT_EQ(route("fd00::1").kind, RouteKind::local);
  EXPECT_EQ(route("::1").kind, RouteKind::local);
  EXPECT_EQ(route("10.0.0.255").kind, RouteKind::broadcast);
}

TEST_F(Kernel, TellsRefusingRoutesApart) {
  for (const char* net : {"192.0.2.0/24", "fd05::/64"}) run(fmt::format("ip route add blackhole {}", net));
  for (const char* net : {"192.0.3.0/24", "fd06::/64"}) run(fmt::format("ip route add unreachable {}", net));
  for (const char* net : {"192.0.4.0/24", "fd07::/64"}) run(fmt::format("ip route add prohibit {}", net));
  for (const char* there : {"192.0.2.1", "fd05::1"}) EXPECT_EQ(route(there).kind, RouteKind::blackhole) << there;
  for (const char* there : {"192.0.3.1", "fd06::1"}) EXPECT_EQ(route(there).kind, RouteKind::unreachable) << there;
  for (const char* there : {"192.0.4.1", "fd07::1"}) EXPECT_EQ(route(there).kind, RouteKind::prohibited) << there;
  for (const char* there : {"192.0.5.1", "fd08::1"}) EXPECT_EQ(route(there).kind, RouteKind::none) << there;
}

TEST_F(Kernel, RoutesByMarkAndByInterface) {
  run("ip rule add fwmark 7 table 100");
  run("ip route add 192.0.2.0/24 via 10.0.0.2 table 100");
  EXPECT_EQ(route("192.0.2.1").kind, RouteKind::none);
  EXPECT_EQ(route("192.0.2.1", {.mark = 7}).next_hop, address("10.0.0.2"));
  // The kernel makes the link-local route when it has noticed the carrier.
  const auto by_interface = [&] { return route("fe80::77", {.interface_index = near_}).interface_index; };
  for (int i = 0; i < 200 && by_interface() != near_; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_EQ(by_interface(), near_);
}

TEST_F(Kernel, ListsNeighbours) {
  run("ip neigh add 10.0.0.7 lladdr 02:00:00:00:00:07 dev near0 nud permanent");
  run("ip neigh add fd00::7 lladdr 02:00:00:00:00:07 dev near0 nud stale");
  const auto all = neighbours();
  ASSERT_TRUE(all) << all.error().message;
  const MacAddress mac{2, 0, 0, 0, 0, 7};
  EXPECT_THAT(*all, Contains(Neighbour{near_, address("10.0.0.7"), mac, NeighbourState::permanent}));
  EXPECT_THAT(*all, Contains(Neighbour{near_, address("fd00::7"), mac, NeighbourState::stale}));
  EXPECT_FALSE(entry("10.0.0.8"));
}

TEST_F(Kernel, KeepsANeighbourResolvedUntilItIsReleased) {
  for (const char* there : {"10.0.0.2", "fd00::2"}) {
    const auto kept = keep_neighbour(near_, address(there));
    ASSERT_TRUE(kept) << kept.error().message;
    const auto found = resolved(there);
    ASSERT_TRUE(found) << there;
    EXPECT_EQ(found->mac, far_mac);
    EXPECT_EQ(found->managed, *kept == NeighbourKeeping::managed);

    EXPECT_EQ(keep_neighbour(near_, address(there)), *kept);
    ASSERT_TRUE(release_neighbour(near_, address(there)));
    const auto released = entry(there);
    ASSERT_TRUE(released) << there;
    EXPECT_FALSE(released->managed);
    EXPECT_EQ(released->mac, far_mac);
  }
}

TEST_F(Kernel, ManagesANeighbourThatItKnowsAlready) {
  run("ip neigh add 10.0.0.2 lladdr 02:00:00:00:00:02 dev near0 nud stale");
  const auto kept = keep_neighbour(near_, address("10.0.0.2"));
  ASSERT_TRUE(kept) << kept.error().message;
  if (*kept == NeighbourKeeping::probed) GTEST_SKIP() << "this kernel manages no neighbours";
  const auto found = entry("10.0.0.2");
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->managed);
  EXPECT_EQ(found->mac, far_mac);
}

TEST_F(Kernel, LeavesAPermanentNeighbourAsItIs) {
  run("ip neigh add 10.0.0.7 lladdr 02:00:00:00:00:07 dev near0 nud permanent");
  EXPECT_EQ(keep_neighbour(near_, address("10.0.0.7")), NeighbourKeeping::fixed);
  ASSERT_TRUE(release_neighbour(near_, address("10.0.0.7")));
  EXPECT_EQ(entry("10.0.0.7"),
            (Neighbour{near_, address("10.0.0.7"), MacAddress{2, 0, 0, 0, 0, 7}, NeighbourState::permanent}));
}

TEST_F(Kernel, KeepsTheMarkOfAnExternallyLearnedNeighbour) {
  run("ip neigh add 10.0.0.2 lladdr 02:00:00:00:00:02 dev near0 nud stale extern_learn");
  ASSERT_TRUE(keep_neighbour(near_, address("10.0.0.2")));
  EXPECT_TRUE(entry("10.0.0.2")->externally_learned);
  ASSERT_TRUE(release_neighbour(near_, address("10.0.0.2")));
  EXPECT_TRUE(entry("10.0.0.2")->externally_learned);
}

TEST_F(Kernel, ReleasesNothingWhereThereIsNothing) {
  EXPECT_TRUE(release_neighbour(near_, address("10.0.0.99")));
  EXPECT_FALSE(entry("10.0.0.99"));
}

TEST_F(Kernel, RefusesToKeepANeighbourOnAnInterfaceThatIsNotThere) {
  const auto kept = keep_neighbour(4711, address("10.0.0.2"));
  ASSERT_FALSE(kept);
  EXPECT_THAT(kept.error().message, HasSubstr("10.0.0.2 on interface 4711"));
}

TEST_F(Kernel, AddsAndRemovesAddresses) {
  for (const char* text : {"172.16.3.100/32", "fd00::100/128"}) {
    const Prefix vip = prefix(text);
    for (const std::uint32_t index : {near_, loopback}) {
      const auto added = add_address(index, vip);
      ASSERT_TRUE(added) << added.error().message;
      EXPECT_THAT(*interface_addresses(), Contains(InterfaceAddress{index, vip, true, true}));
      EXPECT_THAT(*local_addresses(), Contains(vip.address));
      const auto again = add_address(index, vip);
      ASSERT_FALSE(again);
      EXPECT_EQ(again.error().code, EEXIST);
      EXPECT_THAT(again.error().message, HasSubstr(text));

      const auto removed = remove_address(index, vip);
      ASSERT_TRUE(removed) << removed.error().message;
      EXPECT_THAT(*local_addresses(), Not(Contains(vip.address)));
      EXPECT_EQ(remove_address(index, vip).error().code, EADDRNOTAVAIL);
    }
  }
}

TEST_F(Kernel, NeverPicksAnAddressOnLoAsSource) {
  ASSERT_TRUE(add_address(loopback, prefix("172.16.3.100/32")));
  run("ip addr flush dev near0 scope global");
  run("ip route add 10.0.0.0/24 dev near0");
  EXPECT_NE(route("10.0.0.2").preferred_source, address("172.16.3.100"));
}

TEST_F(Kernel, RemovesOnlyTheAddressWithThatPrefixLength) {
  EXPECT_FALSE(remove_address(near_, prefix("10.0.0.1/32")));
  EXPECT_THAT(*local_addresses(), Contains(address("10.0.0.1")));
}

TEST_F(Kernel, ListsLocalAddressesOfAllInterfaces) {
  const auto all = local_addresses();
  ASSERT_TRUE(all) << all.error().message;
  for (const char* mine : {"127.0.0.1", "::1", "10.0.0.1", "fd00::1"})
    EXPECT_TRUE(all->contains(address(mine))) << mine;
  EXPECT_FALSE(all->contains(address("10.0.0.2")));
}

TEST_F(Kernel, ExplainsARefusalInItsOwnWords) {
  auto socket = NetlinkSocket::open(NETLINK_ROUTE);
  ASSERT_TRUE(socket);
  rtmsg header{};
  header.rtm_family = AF_INET;
  header.rtm_dst_len = 77;
  const auto refused = socket->request(
      NetlinkRequest(RTM_NEWROUTE, NLM_F_CREATE).header(header).attribute(RTA_DST, address("10.9.0.0")));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, EINVAL);
  EXPECT_THAT(refused.error().message, HasSubstr("Invalid argument (Invalid prefix length)"));
}

TEST_F(Kernel, AnswersFurtherRequestsAfterARefusal) {
  auto socket = NetlinkSocket::open(NETLINK_ROUTE);
  ASSERT_TRUE(socket);
  EXPECT_FALSE(socket->request(NetlinkRequest(RTM_DELADDR).header(ifaddrmsg{})));
  const auto dump = socket->dump(NetlinkRequest(RTM_GETLINK).header(ifinfomsg{}));
  ASSERT_TRUE(dump) << dump.error().message;
  EXPECT_EQ(parse_links(*dump).size(), 2U);
}

TEST_F(Kernel, TellsWhatAnInterfaceCanDo) {
  const auto features = interface_features("near0");
  ASSERT_TRUE(features) << features.error().message;
  EXPECT_EQ(features->driver, "veth");
  EXPECT_EQ(features->tx_checksum, true);
  ASSERT_TRUE(features->gro);
  EXPECT_EQ(features->lro, false);
  constexpr std::uint64_t native = xdp_basic | xdp_redirect;
  EXPECT_EQ(features->xdp.value_or(native) & native, native);
}

TEST_F(Kernel, SeesOffloadsSwitched) {
  if (std::system("ethtool --version >/dev/null 2>&1") != 0) GTEST_SKIP() << "needs ethtool";
  run("ethtool -K near0 tx off gro on >/dev/null");
  EXPECT_EQ(interface_features("near0")->tx_checksum, false);
  EXPECT_EQ(interface_features("near0")->gro, true);
  run("ethtool -K near0 tx on gro off >/dev/null");
  EXPECT_EQ(interface_features("near0")->tx_checksum, true);
  EXPECT_EQ(interface_features("near0")->gro, false);
}

TEST_F(Kernel, KnowsNoFeaturesOfAnInterfaceThatIsNotThere) {
  for (const char* name : {"nosuch0", "", "near0-with-a-name-longer-than-the-kernel-takes"}) {
    const auto features = interface_features(name);
    ASSERT_FALSE(features) << name;
    EXPECT_EQ(features.error().code, ENODEV) << name;
  }
}

TEST_F(Kernel, SetsParametersOfItsOwnNamespace) {
  run("ip link add name one.5 type veth peer name two");
  for (const char* name : {"net.ipv4.conf.all.arp_ignore", "net/ipv4/conf/one.5/arp_ignore"}) {
    EXPECT_EQ(read_sysctl(name), "0");
    const auto set = set_sysctl(name, "1");
    ASSERT_TRUE(set) << set.error().message;
    EXPECT_EQ(read_sysctl(name), "1");
  }
  const auto refused = set_sysctl("net.ipv4.conf.all.arp_ignore", "many");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, EINVAL);
}

class KernelMonitor : public Kernel {
 protected:
  void SetUp() override {
    Kernel::SetUp();
    if (HasFatalFailure() || IsSkipped()) return;
    auto opened = Monitor::open();
    ASSERT_TRUE(opened) << opened.error().message;
    monitor_.emplace(std::move(*opened));
  }

  /// Gathers changes until `seen` is content with them; at most five seconds.
  Changes wait_for(const std::function<bool(const Changes&)>& seen) {
    Changes all;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (!seen(all) && std::chrono::steady_clock::now() < end) {
      pollfd ready{.fd = monitor_->fd(), .events = POLLIN, .revents = 0};
      ::poll(&ready, 1, 100);
      const Changes more = monitor_->read();
      all.kinds |= more.kinds;
      all.overflow |= more.overflow;
      all.neighbours.insert(all.neighbours.end(), more.neighbours.begin(), more.neighbours.end());
    }
    return all;
  }

  bool sees(ChangeKind kind) {
    return wait_for([&](const Changes& changes) { return (changes.kinds & kind) != 0; }).kinds & kind;
  }

  std::optional<Monitor> monitor_;
};

TEST_F(KernelMonitor, SeesEveryKindOfChange) {
  run("ip link add one type veth peer name two");
  EXPECT_TRUE(sees(change_links));
  run("ip addr add 10.1.0.1/24 dev near0");
  EXPECT_TRUE(sees(change_addresses));
  run("ip addr add fd01::1/64 dev near0 nodad");
  EXPECT_TRUE(sees(change_addresses));
  run("ip route add 192.0.2.0/24 via 10.0.0.2");
  EXPECT_TRUE(sees(change_routes));
  run("ip route add fd05::/64 via fd00::2");
  EXPECT_TRUE(sees(change_routes));
  run("ip rule add fwmark 7 table 100");
  EXPECT_TRUE(sees(change_routes));
}

TEST_F(KernelMonitor, ReportsTheLocalRouteOfANewIpv6Address) {
  ASSERT_TRUE(add_address(near_, prefix("fd00::100/128")));
  const Changes changes = wait_for([](const Changes& all) {
    return (all.kinds & change_routes) != 0 && route("fd00::100").kind == RouteKind::local;
  });
  EXPECT_TRUE(changes.kinds & change_routes);
  EXPECT_EQ(route("fd00::100").kind, RouteKind::local);
}

TEST_F(KernelMonitor, TellsWhichNeighbourChanged) {
  run("ip neigh add 10.0.0.7 lladdr 02:00:00:00:00:07 dev near0 nud permanent");
  run("ip neigh del 10.0.0.7 dev near0");
  const auto is_removal = [](const NeighbourChange& change) {
    return change.removed && change.neighbour.address == address("10.0.0.7");
  };
  const Changes changes = wait_for([&](const Changes& all) { return std::ranges::any_of(all.neighbours, is_removal); });
  const Neighbour added{near_, address("10.0.0.7"), MacAddress{2, 0, 0, 0, 0, 7}, NeighbourState::permanent};
  EXPECT_THAT(changes.neighbours, Contains(NeighbourChange{added, false}));
  EXPECT_TRUE(std::ranges::any_of(changes.neighbours, is_removal));
}

TEST_F(KernelMonitor, SeesAKeptNeighbourBecomeResolved) {
  ASSERT_TRUE(keep_neighbour(near_, address("10.0.0.2")));
  const auto resolves = [](const NeighbourChange& change) {
    return change.neighbour.address == address("10.0.0.2") && change.neighbour.mac == far_mac;
  };
  const Changes changes = wait_for([&](const Changes& all) { return std::ranges::any_of(all.neighbours, resolves); });
  EXPECT_TRUE(std::ranges::any_of(changes.neighbours, resolves));
}

TEST_F(KernelMonitor, CallsEverythingChangedWhenNotificationsAreLost) {
  const int small = 1;
  ASSERT_EQ(::setsockopt(monitor_->fd(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small), 0);
  for (int i = 0; i < 30; ++i) run(fmt::format("ip route add 192.0.{}.0/24 via 10.0.0.2", i));
  const Changes changes = wait_for([](const Changes& all) { return all.overflow; });
  EXPECT_TRUE(changes.overflow);
  EXPECT_EQ(changes.kinds, change_everything);
  run("ip route add 192.0.200.0/24 via 10.0.0.2");
  const Changes later = wait_for([](const Changes& all) { return (all.kinds & change_routes) != 0; });
  EXPECT_FALSE(later.overflow);
  EXPECT_TRUE(later.affects_routes());
}

TEST_F(KernelMonitor, ReadsNothingWithoutWaitingWhereNothingHappened) {
  ASSERT_EQ(::unshare(CLONE_NEWNET), 0);
  auto quiet = Monitor::open();
  ASSERT_TRUE(quiet) << quiet.error().message;
  EXPECT_TRUE(quiet->read().empty());
}

TEST_F(Kernel, KeepsRulesOfOnePriorityInTheOrderOfAddingAndDeletesTheFirstLikeIt) {
  for (const Family family : {Family::ipv4, Family::ipv6}) {
    const Rule local{.family = family, .table = local_table, .incoming_interface = {}};
    const Rule marked{.family = family, .table = 4711, .mark = 5, .incoming_interface = {}};
    const Rule from_lo{.family = family, .table = 4712, .incoming_interface = "lo"};
    const Rule to_one{.family = family,
                      .table = 4713,
                      .destination = Address::parse(family == Family::ipv4 ? "10.9.0.1" : "fd00::9"),
                      .protocol = 6,
                      .incoming_interface = {}};
    for (const Rule& rule : {marked, from_lo, to_one, local}) ASSERT_TRUE(add_rule(rule));
    ASSERT_TRUE(delete_rule(local));
    auto all = rules(family);
    ASSERT_TRUE(all) << all.error().message;
    all->resize(4);
    EXPECT_EQ(*all, (std::vector{marked, from_lo, to_one, local}));
    ASSERT_TRUE(delete_rule(marked));
    EXPECT_EQ(delete_rule(marked).error().code, ENOENT);
  }
}

TEST_F(Kernel, SaysOfARuleThatItHasConditionsBesideThoseThatAreTold) {
  run("ip rule add priority 7 from 10.9.0.0/16 lookup 4711");
  run("ip rule add priority 8 to 10.9.0.0/16 lookup 4711");
  const auto all = rules(Family::ipv4);
  ASSERT_TRUE(all) << all.error().message;
  EXPECT_THAT(
      *all,
      Contains(Rule{
          .family = Family::ipv4, .priority = 7, .table = 4711, .incoming_interface = {}, .other_conditions = true}));
  EXPECT_THAT(*all, Contains(Rule{.family = Family::ipv4,
                                  .priority = 8,
                                  .table = 4711,
                                  .destination = Address::parse("10.9.0.0"),
                                  .incoming_interface = {},
                                  .other_conditions = true}));
}

TEST_F(Kernel, MakesAPairOfDevicesRoutesMarkedPacketsThereAndRemovesIt) {
  const VethPair pair{.name = "ours0", .peer = "ours1", .mac = {2, 0, 0, 0, 0, 9}};
  ASSERT_TRUE(make_veth_pair(pair));
  EXPECT_EQ(make_veth_pair(pair).error().code, EEXIST);
  for (const auto& name : {pair.name, pair.peer}) ASSERT_TRUE(switch_on(name));
  const auto all = links();
  ASSERT_TRUE(all) << all.error().message;
  for (const auto& name : {pair.name, pair.peer}) {
    const Link* link = find_link(*all, name);
    ASSERT_NE(link, nullptr);
    EXPECT_TRUE(link->up);
    EXPECT_EQ(link->mac, pair.mac);
    EXPECT_EQ(link->mtu, pair.mtu);
  }
  const std::uint32_t index = find_link(*all, pair.name)->index;
  ASSERT_TRUE(route_all_to(index, Family::ipv4, 4711));
  ASSERT_TRUE(route_all_to(index, Family::ipv4, 4711));
  ASSERT_TRUE(add_rule({.family = Family::ipv4, .priority = 5, .table = 4711, .mark = 5, .incoming_interface = {}}));
  EXPECT_EQ(route("10.0.0.2", {.mark = 5}).interface_index, index);
  EXPECT_EQ(route("10.0.0.2").interface_index, near_);
  ASSERT_TRUE(remove_link(pair.name));
  EXPECT_TRUE(remove_link(pair.name));
}

}  // namespace
}  // namespace ballast::net
