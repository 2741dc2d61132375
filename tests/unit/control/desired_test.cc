#include "control/desired.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ballast::control {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

cluster::VirtualService service(std::uint16_t port) {
  cluster::VirtualService made;
  made.key = cluster::AddressKey{cluster::Protocol::tcp, {net::Address::ipv4(0x0a000001), port}};
  return made;
}

cluster::Cluster cluster_of(std::vector<cluster::VirtualService> services) {
  cluster::Cluster made;
  made.services = std::move(services);
  return made;
}

TEST(Desired, PutsServicesOfCommandsBehindTheFiles) {
  const auto desired = combine(cluster_of({service(1)}), {.services = {service(2)}});
  ASSERT_EQ(desired.cluster.services.size(), 2);
  EXPECT_EQ(desired.cluster.services[0].origin, cluster::Origin::file);
  EXPECT_EQ(desired.cluster.services[1].origin, cluster::Origin::command);
  EXPECT_TRUE(desired.notes.empty());
}

TEST(Desired, NotesThatTheFileWins) {
  const auto desired = combine(cluster_of({service(1)}), {.services = {service(1)}});
  EXPECT_EQ(desired.cluster.services.size(), 1);
  EXPECT_THAT(desired.notes,
              ElementsAre("service tcp 10.0.0.1:1 of a command gives way to the one in the configuration"));
}

TEST(Desired, LetsAGroupOfTheFileWinOverACommandsServiceAtOneOfItsAddresses) {
  auto group = service(1);
  group.further_addresses = {std::get<cluster::AddressKey>(service(2).key)};
  const auto desired = combine(cluster_of({group}), {.services = {service(2), service(3)}});
  EXPECT_EQ(desired.cluster.services.size(), 2);
  EXPECT_THAT(desired.notes,
              ElementsAre("service tcp 10.0.0.1:2 of a command gives way to the one in the configuration"));
}

TEST(Desired, NotesTimeoutsThatACommandSet) {
  const auto desired = combine({}, {.services = {}, .timeouts = {30s, 0s, 300s}});
  EXPECT_EQ(desired.cluster.director.timeouts, (cluster::Timeouts{30s, 120s, 300s}));
  EXPECT_THAT(desired.notes,
              ElementsAre("the tcp timeout stays at 30 s, as a command set it; the configuration says 900 s"));
}

TEST(Desired, DescribesWhatChanges) {
  auto other = service(2);
  other.scheduler = "rr";
  const auto before = cluster_of({service(1), service(2)});
  EXPECT_EQ(describe_change(before, before), "nothing");
  EXPECT_EQ(describe_change(before, cluster_of({service(2), service(1)})), "nothing");
  EXPECT_EQ(describe_change(before, cluster_of({service(1), other})), "1 service changed");
  EXPECT_EQ(describe_change(before, cluster_of({service(3), service(4), other})),
            "2 services added, 1 changed, 1 removed");
  auto settings = before;
  settings.director.interfaces = {"eth0"};
  EXPECT_EQ(describe_change(before, settings), "director settings changed");
  settings.services.clear();
  EXPECT_EQ(describe_change(before, settings), "2 services removed; director settings changed");
  auto with_router = before;
  with_router.vrrp.instances.emplace_back().name = "edge";
  EXPECT_EQ(describe_change(before, with_router), "1 virtual router added");
  auto other_router = with_router;
  other_router.vrrp.instances[0].priority = 7;
  other_router.vrrp.notify_fifo = "/run/fifo";
  other_router.sync.prompt = false;
  EXPECT_EQ(describe_change(with_router, other_router),
            "1 virtual router changed; VRRP settings changed; synchronization changed");
}

TEST(Desired, NamesWhatIsNotActedOn) {
  auto tunnelled = service(1);
  tunnelled.servers.push_back(
      {.endpoint = {net::Address::ipv4(0x0a000002), 1},
       .forward = cluster::ForwardingMethod::tunnel,
       .tunnel = {.type = cluster::TunnelType::gue, .port = 6080, .checksum = cluster::TunnelChecksum::remote}});
  EXPECT_THAT(shortcomings(cluster_of({tunnelled, service(2)})),
              ElementsAre("remote checksum offload of tcp 10.0.0.1:1 is kept and listed, but not yet acted on: its "
                          "packets go out without an outer checksum"));
}

TEST(Desired, NamesChecksThatFindNoWayThroughTheService) {
  cluster::RealServer server;
  server.endpoint = {net::Address::ipv4(0x0a000002), 80};
  server.health.checks.emplace_back().through_service = true;
  auto by_address = service(1);
  auto by_mark = service(2);
  by_mark.key = cluster::MarkKey{.mark = 7};
  by_address.servers = by_mark.servers = {server};
  EXPECT_THAT(
      shortcomings(cluster_of({by_address, by_mark})),
      ElementsAre("fwmark 7: through_service is for a service with an address of its servers' family; these are "
                  "asked by their own addresses"));
}

}  // namespace
}  // namespace ballast::control
