// Persistence: a client stays with its server. And services whose connections end with their packet.

#include <unistd.h>

#include "packet_path.h"

namespace ballast::packet_test {
namespace {

class Persistence : public BothHooks {
 protected:
  std::uint32_t add(const ServiceSpec& spec, int servers = 4) {
    const auto service = path().add_service(spec);
    for (int i = 1; i <= servers; ++i) path().add_server(service, {.address = "10.0.2.1" + std::to_string(i)});
    return service;
  }
  Address server_of(std::string_view client, std::uint16_t port, std::uint16_t service_port = 80,
                    std::uint8_t flags = syn) {
    const auto answer = path().send(tcp_segment(client, port, "10.0.1.100", service_port, flags));
    EXPECT_EQ(answer.verdict, Verdict::on) << path().counters();
    return dissect(answer.packet()).destination;
  }
};
FOR_BOTH_HOOKS(Persistence);

TEST_P(Persistence, AClientsConnectionsGoToOneServer) {
  const auto service = add({.persistence = 30});
  for (std::uint16_t port = 1000; port < 1005; ++port) EXPECT_EQ(server_of("10.9.0.1", port), address("10.0.2.14"));
  EXPECT_EQ(server_of("10.9.0.2", 1000), address("10.0.2.13"));
  EXPECT_EQ(path().active_and_inactive(service * CHUNK_MEMBERS + 3), std::pair(5, 0));
  EXPECT_EQ(path().server(service * CHUNK_MEMBERS + 3).persistent, 1u);
  EXPECT_EQ(path().server(service * CHUNK_MEMBERS + 2).persistent, 1u);
  EXPECT_EQ(path().connections(), 8u);
  EXPECT_EQ(path().counter("connections_created"), 6u);
}

TEST_P(Persistence, ATemplateHasTheVirtualPortAndTheServersAndNoClientPort) {
  const auto service = path().add_service({.port = 80, .persistence = 30});
  path().add_server(service, {.address = "10.0.2.11", .port = 8080});
  server_of("10.9.0.1", 1000);
  const auto entry = path().connection("10.9.0.1", 0);
  ASSERT_TRUE(entry);
  EXPECT_TRUE(entry->meta & META_TEMPLATE);
  EXPECT_FALSE(entry->meta & META_ASSURED);
  EXPECT_EQ(abi::port_from_abi(entry->virtual_port), 80);
  EXPECT_EQ(abi::port_from_abi(entry->server_port), 8080);
  EXPECT_EQ(entry->held, 1u);
}

TEST_P(Persistence, ATemplateIsAssuredOnceAConnectionIsEstablished) {
  add({.persistence = 30}, 1);
  server_of("10.9.0.1", 1000);
  path().send(tcp_segment("10.0.2.11", 80, "10.9.0.1", 1000, syn | ack));
  EXPECT_FALSE(path().connection("10.9.0.1", 0)->meta & META_ASSURED);
  server_of("10.9.0.1", 1000, 80, ack);
  EXPECT_TRUE(path().connection("10.9.0.1", 0)->meta & META_ASSURED);
}

TEST_P(Persistence, AReplyAssuresTheTemplateOfAUdpConnection) {
  add({.port = 53, .protocol = udp, .persistence = 30}, 1);
  path().send(udp_datagram("10.9.0.1", 1000, "10.0.1.100", 53));
  EXPECT_FALSE(path().connection("10.9.0.1", 0)->meta & META_ASSURED);
  path().send(udp_datagram("10.0.2.11", 53, "10.9.0.1", 1000));
  EXPECT_TRUE(path().connection("10.9.0.1", 0)->meta & META_ASSURED);
}

TEST_P(Persistence, ANetmaskMakesNeighboursOneClient) {
  add({.persistence = 30, .netmask = 0xffffff00});
  const auto first = server_of("10.9.0.1", 1000);
  EXPECT_EQ(server_of("10.9.0.200", 1000), first);
  EXPECT_NE(server_of("10.9.1.1", 1000), first);
  EXPECT_TRUE(path().connection("10.9.0.0", 0));
}

TEST_P(Persistence, APrefixMakesNeighboursOneClient) {
  const auto service = path().add_service({.address = "fd00:1::100", .persistence = 30, .netmask = 68});
  for (const char* server : {"fd00:2::11", "fd00:2::12"}) path().add_server(service, {.address = server});
  const auto server_of = [&](std::string_view client) {
    return dissect(path().send(tcp_segment(client, 1000, "fd00:1::100", 80, syn)).packet()).destination;
  };
  const auto first = server_of("fd00:9::1");
  EXPECT_EQ(server_of("fd00:9:0:0:fff::1"), first);
  EXPECT_NE(server_of("fd00:9:0:0:1fff::1"), first);
}

TEST_P(Persistence, AServiceOfAllPortsKeepsAClientOnItsServerAndPort) {
  const auto service = add({.port = 0, .persistence = 30});
  const auto first = server_of("10.9.0.1", 1000, 80);
  EXPECT_EQ(server_of("10.9.0.1", 1001, 443), first);
  const auto packet = dissect(path().send(tcp_segment("10.9.0.1", 1002, "10.0.1.100", 8443, syn)).packet());
  EXPECT_EQ(packet.destination_port, 8443);
  EXPECT_EQ(path().connection("10.9.0.1", 0)->virtual_port, 0);
  EXPECT_EQ(path().server(service * CHUNK_MEMBERS + 3).persistent, 1u);
}

TEST_P(Persistence, WhereMarksAreInUseAServiceOfAllPortsLeavesWhatOpensConnectionsToNetfilter) {
  add({.port = 0, .persistence = 30});
  add({.port = 21, .persistence = 30});
  const auto earlier = server_of("10.9.0.1", 1000, 443);
  path().settings.flags |= SETTING_MARKS_IPV6;
  path().apply_settings();
  EXPECT_EQ(server_of("10.9.0.1", 1001, 443), earlier);
  path().settings.flags |= SETTING_MARKS_IPV4 | SETTING_FTP;
  path().apply_settings();
  expect_untouched(tcp_segment("10.9.0.1", 1002, "10.0.1.100", 443, syn).frame());
  EXPECT_EQ(server_of("10.9.0.1", 1000, 443, ack), earlier);
  server_of("10.9.0.1", 1003, 21);
  server_of("10.9.0.1", 1004, 30000);
}

TEST_P(Persistence, AServiceOfAllPortsThatIsNotPersistentTakesNothing) {
  add({.port = 0});
  path().send(tcp_segment("10.9.0.1", 1000, "10.0.1.100", 80, syn));
  EXPECT_EQ(path().connections(), 0u);
  EXPECT_EQ(path().counter("no_server"), 1u);
}

TEST_P(Persistence, DataConnectionsOfFtpGoWhereTheControlConnectionWent) {
  add({.port = 21, .persistence = 30});
  path().settings.flags |= SETTING_FTP;
  path().apply_settings();
  const auto first = server_of("10.9.0.1", 1000, 21);
  EXPECT_EQ(server_of("10.9.0.1", 1001, 30000), first);
  expect_untouched(tcp_segment("10.9.0.1", 1001, "10.0.1.100", 80, syn).frame());
}

TEST_P(Persistence, AnFtpServiceThatIsNotPersistentLeavesOtherPortsAlone) {
  add({.port = 21});
  path().settings.flags |= SETTING_FTP;
  path().apply_settings();
  server_of("10.9.0.1", 1000, 21);
  expect_untouched(tcp_segment("10.9.0.1", 1001, "10.0.1.100", 30000, syn).frame());
}

TEST_P(Persistence, AQuiescentServerKeepsItsClientsUnlessTheyAreToExpire) {
  const auto service = add({.persistence = 30});
  EXPECT_EQ(server_of("10.9.0.1", 1000), address("10.0.2.14"));
  path().set_weight(service * CHUNK_MEMBERS + 3, 0);
  EXPECT_EQ(server_of("10.9.0.1", 1001), address("10.0.2.14"));
  path().settings.behaviour |= BEHAVIOUR_EXPIRE_QUIESCENT;
  path().apply_settings();
  EXPECT_EQ(server_of("10.9.0.1", 1002), address("10.0.2.13"));
  EXPECT_EQ(server_of("10.9.0.1", 1003), address("10.0.2.13"));
  EXPECT_EQ(path().server(service * CHUNK_MEMBERS + 3).persistent, 0u);
}

TEST_P(Persistence, AServerThatIsGoneLosesItsClients) {
  const auto service = add({.persistence = 30});
  EXPECT_EQ(server_of("10.9.0.1", 1000), address("10.0.2.14"));
  auto gone = path().server(service * CHUNK_MEMBERS + 3);
  gone.flags &= ~SERVER_AVAILABLE;
  path().set_server(service * CHUNK_MEMBERS + 3, gone);
  path().set_weight(service * CHUNK_MEMBERS + 3, 0);
  EXPECT_EQ(server_of("10.9.0.1", 1001), address("10.0.2.13"));
}

TEST_P(Persistence, ATemplateOutlivesItsTimeWhileItHoldsConnections) {
  path().settings.timeout[abi::STATE_UDP] = abi::ticks(1'500'000'000);
  path().apply_settings();
  add({.port = 53, .protocol = udp, .persistence = 1}, 1);
  path().send(udp_datagram("10.9.0.1", 1000, "10.0.1.100", 53));
  ASSERT_EQ(path().connections(), 2u);
  const auto before = path().connection("10.9.0.1", 0)->deadline;
  for (int i = 0; i < 400 && path().connections() == 2; ++i) usleep(10'000);
  ASSERT_EQ(path().connections(), 1u);
  const auto entry = path().connection("10.9.0.1", 0);
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->held, 0u);
  EXPECT_GT(entry->deadline - before, abi::ticks(50'000'000'000));
}

TEST_P(Persistence, AConnectionWithATemplateIsNotReplacedWhenItIsClosed) {
  add({.persistence = 30}, 1);
  server_of("10.9.0.1", 1000);
  path().send(tcp_segment("10.0.2.11", 80, "10.9.0.1", 1000, rst));
  server_of("10.9.0.1", 1000);
  EXPECT_EQ(path().counter("connections_reused"), 0u);
}

TEST_P(Persistence, OnePacketConnectionsLeaveNothingBehind) {
  const auto service = add({.port = 53, .protocol = udp, .flags = SERVICE_ONE_PACKET});
  for (const char* server : {"10.0.2.14", "10.0.2.13", "10.0.2.12", "10.0.2.11", "10.0.2.14"}) {
    const auto answer = path().send(udp_datagram("10.9.0.1", 1000, "10.0.1.100", 53));
    ASSERT_EQ(answer.verdict, Verdict::on);
    EXPECT_EQ(dissect(answer.packet()).destination, address(server));
    EXPECT_EQ(path().connections(), 0u);
  }
  EXPECT_EQ(path().connections_counted(), 0);
  EXPECT_EQ(path().counter("connections_created"), 5u);
  EXPECT_EQ(path().active_and_inactive(service * CHUNK_MEMBERS + 3), std::pair(0, 0));
  EXPECT_EQ(path().traffic(service * CHUNK_MEMBERS + 3).packets_in, 2u);
  expect_untouched(udp_datagram("10.0.2.14", 53, "10.9.0.1", 1000).frame());
}

}  // namespace
}  // namespace ballast::packet_test
