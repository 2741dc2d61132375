// What does not come in by an interface that the programs watch: packets that netfilter has marked, and those of this
// machine's own sockets.
#include "packet_path.h"

namespace ballast::packet_test {
namespace {

class Outgoing : public BothHooks {
 protected:
  static std::string_view client(bool ipv4) { return ipv4 ? "10.9.0.1" : "fd00:9::1"; }
  static std::string_view director(bool ipv4) { return ipv4 ? "10.0.1.1" : "fd00:1::1"; }
  static std::string_view vip(bool ipv4) { return ipv4 ? "10.0.1.100" : "fd00:1::100"; }
  static std::string_view real(bool ipv4) { return ipv4 ? "10.0.2.11" : "fd00:2::11"; }

  static Packet opening(std::string_view from, bool ipv4, std::uint16_t port = 80) {
    return tcp_segment(from, 2000, vip(ipv4), port, syn);
  }
  Answer send(const Packet& p, Way way, std::uint32_t mark = 0) {
    return path().send(p.frame(), {.way = way, .mark = mark});
  }
  static Packet translated(Packet p, bool ipv4, std::uint16_t port, std::uint8_t ttl) {
    p.destination = address(real(ipv4));
    p.destination_port = port;
    p.ttl = ttl;
    return p;
  }
};
INSTANTIATE_TEST_SUITE_P(Hook, Outgoing, testing::Values(Hook::tc), hook_name);

TEST_P(Outgoing, AMarkedPacketGoesToTheServiceOfItsMarkAndKeepsItsPortAndTheHopThatGettingHereCost) {
  for (const bool ipv4 : {true, false}) {
    const auto service = path().add_service({.address = vip(ipv4), .port = 0, .mark = 5});
    path().add_server(service, {.address = real(ipv4), .port = 8080});
    Packet p = opening(client(ipv4), ipv4, 443);
    p.ttl = 63;
    expect_on(send(p, Way::marked, 5), translated(p, ipv4, 443, 63).packet(), server_mac, inside_mac);
    p.flags = ack;
    p.ttl = 64;
    expect_on(send(p, Way::in), translated(p, ipv4, 443, 63).packet(), server_mac, inside_mac);
  }
  EXPECT_EQ(path().connections(), 2u);
}

TEST_P(Outgoing, AMarkWithoutAServiceLeavesThePacketToTheServiceOfItsAddressElseUntouched) {
  const Packet p = opening(client(true), true);
  const Answer passed = send(p, Way::marked, 6);
  EXPECT_EQ(passed.verdict, Verdict::pass);
  EXPECT_EQ(to_hex(passed.frame), to_hex(p.frame()));
  path().add_server(path().add_service({.port = 80}), {.port = 80});
  expect_on(send(p, Way::marked, 6), translated(p, true, 80, p.ttl).packet(), server_mac, inside_mac);
}

TEST_P(Outgoing, TheServiceOfAMarkGoesBeforeThatOfAnAddress) {
  path().add_service({.port = 80});
  const auto marked = path().add_service({.port = 0, .mark = 5});
  path().add_server(marked, {.address = real(true)});
  EXPECT_EQ(send(opening(client(true), true), Way::marked, 5).verdict, Verdict::on);
}

TEST_P(Outgoing, AMarkedPacketThatNoServerTakesGoesItsOwnWayWhereThatIsAsked) {
  path().add_service({.port = 0, .mark = 5});
  const Packet p = opening(client(true), true);
  EXPECT_EQ(send(p, Way::marked, 5).verdict, Verdict::on);
  EXPECT_EQ(path().counter("no_server"), 1u);
  path().settings.behaviour |= BEHAVIOUR_BYPASS;
  path().apply_settings();
  const Answer passed = send(p, Way::marked, 5);
  EXPECT_EQ(passed.verdict, Verdict::pass);
  EXPECT_EQ(to_hex(passed.frame), to_hex(p.frame()));
  EXPECT_EQ(path().counter("bypassed"), 1u);
}

TEST_P(Outgoing, WhatIngressLeavesToNetfilterGoesToTheServiceOfItsMarkElseToThatOfAllPorts) {
  path().settings.flags |= SETTING_MARKS_IPV4 | SETTING_MARKS_IPV6;
  path().apply_settings();
  for (const bool ipv4 : {true, false}) {
    const auto all_ports = path().add_service({.address = vip(ipv4), .port = 0, .persistence = 300});
    path().add_server(all_ports, {.address = ipv4 ? "10.0.2.12" : "fd00:2::12"});
    path().add_server(path().add_service({.address = vip(ipv4), .port = 0, .mark = 5}), {.address = real(ipv4)});
    const auto server_of = [&](std::uint32_t mark) {
      Packet p = opening(client(ipv4), ipv4, 443);
      p.source_port = static_cast<std::uint16_t>(3000 + mark);
      EXPECT_EQ(to_hex(send(p, Way::in).frame), to_hex(p.frame()));
      const Answer answer = send(p, Way::marked, mark);
      EXPECT_EQ(answer.verdict, Verdict::on) << path().counters();
      p.flags = ack;
      EXPECT_EQ(dissect(send(p, Way::in).packet()).destination, dissect(answer.packet()).destination);
      return dissect(answer.packet()).destination;
    };
    for (const std::uint32_t mark : {0, 6}) EXPECT_EQ(server_of(mark), address(ipv4 ? "10.0.2.12" : "fd00:2::12"));
    EXPECT_EQ(server_of(5), address(real(ipv4)));
  }
}

TEST_P(Outgoing, ASocketOfThisMachineReachesAServiceOfAllPortsBesideMarks) {
  path().settings.flags |= SETTING_MARKS_IPV4;
  path().apply_settings();
  path().add_server(path().add_service({.port = 0, .persistence = 300}), {.address = real(true)});
  expect_on(send(opening(director(true), true), Way::from_socket),
            translated(opening(director(true), true), true, 80, 63).packet(), server_mac, inside_mac);
}

TEST_P(Outgoing, ASocketOfThisMachineIsAClientAndItsRepliesGoUpTheStack) {
  for (const bool ipv4 : {true, false}) {
    path().add_server(path().add_service({.address = vip(ipv4), .port = 80}), {.address = real(ipv4), .port = 8080});
    const Packet p = opening(director(ipv4), ipv4);
    expect_on(send(p, Way::from_socket), translated(p, ipv4, 8080, 63).packet(), server_mac, inside_mac);

    Packet reply = p;
    reply.source = address(real(ipv4));
    reply.source_port = 8080;
    reply.destination = p.source;
    reply.destination_port = p.source_port;
    reply.flags = syn | ack;
    Packet expected = reply;
    expected.source = p.destination;
    expected.source_port = 80;
    const Answer answer = send(reply, Way::in);
    EXPECT_EQ(answer.verdict, Verdict::pass) << path().counters();  // the bench's frames come in by lo
    EXPECT_EQ(to_hex(answer.packet()), to_hex(expected.packet()));
  }
  EXPECT_EQ(path().counter("replies_nat"), 2u);
}

TEST_P(Outgoing, ASocketOfThisMachineIsToldWhereNoServerTakesTheConnection) {
  path().add_service({.port = 80});
  EXPECT_EQ(send(opening(director(true), true), Way::from_socket).verdict, Verdict::pass);
  EXPECT_EQ(path().counter("icmp_unreachable_sent"), 1u);
}

TEST_P(Outgoing, WhatASocketOfThisMachineSendsElsewhereIsUntouched) {
  path().add_server(path().add_service({.port = 80}), {.port = 80});
  const Packet p = opening(director(true), true, 22);
  const Answer answer = send(p, Way::from_socket);
  EXPECT_EQ(answer.verdict, Verdict::pass);
  EXPECT_EQ(to_hex(answer.frame), to_hex(p.frame()));
}

TEST_P(Outgoing, ASocketOfThisMachineReachesAVirtualAddressThatThisMachineDoesNotHave) {
  for (const bool ipv4 : {true, false}) {
    path().add_server(path().add_service({.address = vip(ipv4), .port = 80}), {.address = real(ipv4), .port = 8080});
    const Packet p = opening(director(ipv4), ipv4);
    expect_on(send(p, Way::leaving), translated(p, ipv4, 8080, 63).packet(), server_mac, inside_mac);
    EXPECT_TRUE(path().connection(director(ipv4), 2000)->meta & META_LOCAL_CLIENT);
  }
}

TEST_P(Outgoing, WhatIsForNoServiceLeavesUntouched) {
  path().add_server(path().add_service({.port = 80}), {.port = 80});
  expect_untouched(opening(director(true), true, 22).frame(), {.way = Way::leaving});
}

TEST_P(Outgoing, AReplyOfARealServerThatIsThisMachineIsTranslatedWhereItLeaves) {
  for (const bool ipv4 : {true, false}) {
    path().add_server(path().add_service({.address = vip(ipv4), .port = 80}),
                      {.address = director(ipv4), .port = 8080, .local = true});
    const Packet p = opening(client(ipv4), ipv4);
    EXPECT_EQ(send(p, Way::in).verdict, Verdict::pass);
    Packet reply = p;
    reply.source = address(director(ipv4));
    reply.source_port = 8080;
    reply.destination = p.source;
    reply.destination_port = p.source_port;
    reply.flags = syn | ack;
    Packet expected = reply;
    expected.source = p.destination;
    expected.source_port = 80;
    const Answer answer = send(reply, Way::leaving);
    EXPECT_EQ(answer.verdict, Verdict::pass) << path().counters();
    EXPECT_EQ(to_hex(answer.packet()), to_hex(expected.packet()));
  }
}

TEST_P(Outgoing, PiecesOfAMarkedDatagramFollowTheFirst) {
  const auto service = path().add_service({.port = 0, .mark = 5});
  path().add_server(service, {.address = real(true)});
  Packet p = udp_datagram(client(true), 2000, vip(true), 53);
  p.payload.resize(3000);
  Packet expected = p;
  expected.destination = address(real(true));
  expected.ttl = 63;
  const auto in = p.fragments(1200), out = expected.fragments(1200);
  Packet counted = p;
  counted.ttl = 63;  // the first one has been forwarded to the device
  expect_on(path().send(counted.fragments(1200)[0], {.way = Way::marked, .mark = 5}),
            {out[0].begin() + ethernet_bytes, out[0].end()}, server_mac, inside_mac);
  for (std::size_t i = 1; i < in.size(); ++i) {
    expect_on(path().send(in[i]), {out[i].begin() + ethernet_bytes, out[i].end()}, server_mac, inside_mac);
  }
}

}  // namespace
}  // namespace ballast::packet_test
