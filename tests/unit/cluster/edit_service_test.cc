#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cluster/edit.h"

namespace ballast::cluster {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

ServiceKey tcp(std::string_view endpoint) { return AddressKey{Protocol::tcp, *net::Endpoint::parse(endpoint)}; }

VirtualService service(ServiceKey key, std::string scheduler = "wlc") {
  VirtualService made;
  made.key = key;
  made.scheduler = std::move(scheduler);
  return made;
}

RealServer server(std::string_view endpoint) {
  RealServer made;
  made.endpoint = *net::Endpoint::parse(endpoint);
  return made;
}

Cluster with(const VirtualService& first) {
  Cluster cluster;
  EXPECT_TRUE(add_service(cluster, first));
  return cluster;
}

int code_of(const Result<void>& result) { return result ? 0 : result.error().code; }

TEST(EditService, KeepsServicesInTheOrderOfAdding) {
  Cluster cluster;
  ASSERT_TRUE(add_service(cluster, service(tcp("10.0.0.2:80"))));
  ASSERT_TRUE(add_service(cluster, service(tcp("10.0.0.1:80"), "rr")));
  ASSERT_EQ(cluster.services.size(), 2u);
  EXPECT_EQ(cluster.services[0].key, tcp("10.0.0.2:80"));
  EXPECT_EQ(cluster.services[1].scheduler, "rr");
}

TEST(EditService, AddsAServiceWithoutItsServers) {
  auto made = service(tcp("10.0.0.1:80"));
  made.servers.push_back(server("10.0.1.1:80"));
  EXPECT_TRUE(with(made).services[0].servers.empty());
}

TEST(EditService, RefusesASecondServiceWithTheSameKey) {
  auto cluster = with(service(tcp("10.0.0.1:80")));
  const auto before = cluster;
  const auto refused = add_service(cluster, service(tcp("10.0.0.1:80"), "rr"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, EEXIST);
  EXPECT_THAT(refused.error().message, HasSubstr("tcp 10.0.0.1:80"));
  EXPECT_EQ(cluster, before);
}

TEST(EditService, RefusesAnAddressThatLeadsToAnotherService) {
  auto group = service(tcp("10.0.0.1:80"));
  group.further_addresses = {std::get<AddressKey>(tcp("10.0.0.1:443"))};
  auto cluster = with(group);
  const auto refused = add_service(cluster, service(tcp("10.0.0.1:443")));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, EEXIST);
  EXPECT_EQ(refused.error().message,
            "service tcp 10.0.0.1:443: tcp 10.0.0.1:443 belongs to service tcp 10.0.0.1:80 already");
  group.key = tcp("10.0.0.2:80");
  EXPECT_EQ(code_of(add_service(cluster, group)), EEXIST);
}

TEST(EditService, RefusesAddressesThatCannotBeOneGroup) {
  Cluster cluster;
  auto mark = service(MarkKey{5});
  mark.further_addresses = {std::get<AddressKey>(tcp("10.0.0.1:80"))};
  EXPECT_EQ(code_of(add_service(cluster, mark)), EINVAL);
  auto two_families = service(tcp("10.0.0.1:80"));
  two_families.further_addresses = {std::get<AddressKey>(tcp("[fd00::1]:80"))};
  EXPECT_EQ(code_of(add_service(cluster, two_families)), EINVAL);
  auto twice = service(tcp("10.0.0.1:80"));
  twice.further_addresses = {std::get<AddressKey>(tcp("10.0.0.1:80"))};
  EXPECT_EQ(code_of(add_service(cluster, twice)), EINVAL);
}

TEST(EditService, SaysThatAServiceExistsBeforeItLooksAtTheScheduler) {
  auto cluster = with(service(tcp("10.0.0.1:80")));
  EXPECT_EQ(code_of(add_service(cluster, service(tcp("10.0.0.1:80"), "nosuch"))), EEXIST);
}

TEST(EditService, TellsProtocolsPortsAndMarksApart) {
  auto cluster = with(service(tcp("10.0.0.1:80")));
  const auto udp = AddressKey{Protocol::udp, *net::Endpoint::parse("10.0.0.1:80")};
  const auto sctp = AddressKey{Protocol::sctp, *net::Endpoint::parse("10.0.0.1:80")};
  EXPECT_TRUE(add_service(cluster, service(udp)));
  EXPECT_TRUE(add_service(cluster, service(sctp)));
  EXPECT_TRUE(add_service(cluster, service(tcp("10.0.0.1:81"))));
  EXPECT_TRUE(add_service(cluster, service(MarkKey{7, net::Family::ipv4})));
  EXPECT_TRUE(add_service(cluster, service(MarkKey{7, net::Family::ipv6})));
  EXPECT_EQ(cluster.services.size(), 6u);
}

TEST(EditService, RefusesSchedulersAndEnginesThatItDoesNotHave) {
  Cluster cluster;
  EXPECT_EQ(code_of(add_service(cluster, service(tcp("10.0.0.1:80"), "nosuch"))), ENOENT);
  auto engine = service(tcp("10.0.0.1:80"));
  engine.persistence_engine = "sip";
  EXPECT_EQ(code_of(add_service(cluster, engine)), ENOENT);
  EXPECT_TRUE(cluster.services.empty());
}

TEST(EditService, TakesEverySchedulerOfThisBuild) {
  Cluster cluster;
  std::uint16_t port = 0;
  for (const auto& name : scheduler_names()) {
    EXPECT_TRUE(add_service(cluster, service(AddressKey{Protocol::tcp, {net::Address::ipv4(1), ++port}}, name)))
        << name;
  }
}

TEST(EditService, TakesAServiceThatSchedulesNobody) {
  Cluster cluster;
  EXPECT_TRUE(add_service(cluster, service(tcp("10.0.0.1:80"), "none")));
}

TEST(EditService, TakesAnyMaskForIpv4AndPrefixLengthsForIpv6) {
  Cluster cluster;
  auto made = service(tcp("10.0.0.1:80"));
  made.persistence = Persistence{seconds(5), 0x18};
  EXPECT_TRUE(add_service(cluster, made));
  made.key = tcp("[fd00::1]:80");
  for (const std::uint32_t wrong : {0u, 129u, 0xffffffffu}) {
    made.persistence->netmask = wrong;
    EXPECT_EQ(code_of(add_service(cluster, made)), EINVAL) << wrong;
  }
  made.persistence->netmask = 128;
  EXPECT_TRUE(add_service(cluster, made));
}

TEST(EditService, RefusesPersistenceBelowZeroAndFlagsWithoutMeaning) {
  Cluster cluster;
  auto made = service(tcp("10.0.0.1:80"));
  made.persistence = Persistence{seconds(-1), 0xffffffff};
  EXPECT_EQ(code_of(add_service(cluster, made)), EINVAL);
  made.persistence.reset();
  made.scheduler_flags = scheduler_flag_1 | 0x40;
  EXPECT_EQ(code_of(add_service(cluster, made)), EINVAL);
  made.scheduler_flags = scheduler_flag_1 | scheduler_flag_2 | scheduler_flag_3;
  EXPECT_TRUE(add_service(cluster, made));
}

TEST(EditService, ChangesWhatACommandCanSayAndKeepsTheRest) {
  auto first = service(tcp("10.0.0.1:80"), "rr");
  first.name = "www";
  first.pool = "web";
  first.mss_clamp = 1400;
  first.origin = Origin::file;
  auto cluster = with(first);
  ASSERT_TRUE(add_server(cluster, first.key, server("10.0.1.1:80")));

  auto changed = service(first.key, "wrr");
  changed.scheduler_flags = scheduler_flag_2;
  changed.persistence = Persistence{};
  changed.one_packet = true;
  ASSERT_TRUE(edit_service(cluster, changed));

  auto expected = first;
  expected.scheduler = "wrr";
  expected.scheduler_flags = scheduler_flag_2;
  expected.persistence = Persistence{};
  expected.one_packet = true;
  expected.servers = {server("10.0.1.1:80")};
  EXPECT_EQ(cluster.services[0], expected);
}

TEST(EditService, AnEditThatIsRefusedChangesNothing) {
  auto cluster = with(service(tcp("10.0.0.1:80"), "rr"));
  const auto before = cluster;
  EXPECT_EQ(code_of(edit_service(cluster, service(tcp("10.0.0.1:80"), "nosuch"))), ENOENT);
  EXPECT_EQ(code_of(edit_service(cluster, service(tcp("10.0.0.1:81"), "nosuch"))), ESRCH);
  EXPECT_EQ(cluster, before);
}

TEST(EditService, DeletesTheNamedServiceOnly) {
  auto cluster = with(service(tcp("10.0.0.1:80")));
  ASSERT_TRUE(add_service(cluster, service(tcp("10.0.0.1:81"))));
  ASSERT_TRUE(delete_service(cluster, tcp("10.0.0.1:80")));
  ASSERT_EQ(cluster.services.size(), 1u);
  EXPECT_EQ(cluster.services[0].key, tcp("10.0.0.1:81"));
  EXPECT_EQ(code_of(delete_service(cluster, tcp("10.0.0.1:80"))), ESRCH);
}

TEST(EditService, ClearRemovesServicesAndLeavesSettings) {
  auto cluster = with(service(tcp("10.0.0.1:80")));
  cluster.director.timeouts.udp = seconds(7);
  clear(cluster);
  EXPECT_TRUE(cluster.services.empty());
  EXPECT_EQ(cluster.director.timeouts.udp, seconds(7));
}

TEST(EditTimeouts, SetsThoseThatAreNotZero) {
  Cluster cluster;
  ASSERT_TRUE(set_timeouts(cluster, {seconds(1000), seconds(0), seconds(90)}));
  EXPECT_EQ(cluster.director.timeouts, (Timeouts{seconds(1000), seconds(120), seconds(90)}));
}

TEST(EditTimeouts, RefusesMoreThanTheKernelCanCountAndThenSetsNone) {
  Cluster cluster;
  EXPECT_EQ(code_of(set_timeouts(cluster, {seconds(5), seconds(5), seconds(8589935)})), EINVAL);
  EXPECT_EQ(code_of(set_timeouts(cluster, {seconds(5), seconds(-1), seconds(5)})), EINVAL);
  EXPECT_EQ(cluster.director.timeouts, Timeouts{});
  EXPECT_TRUE(set_timeouts(cluster, {seconds(8589934), seconds(0), seconds(0)}));
}

}  // namespace
}  // namespace ballast::cluster
