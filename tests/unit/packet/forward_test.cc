// Direct routing and tunnels.

#include <algorithm>

#include "packet_path.h"

namespace ballast::packet_test {
namespace {

class DirectRouting : public BothHooks {};
FOR_BOTH_HOOKS(DirectRouting);

TEST_P(DirectRouting, ChangesOnlyTheTtl) {
  for (const bool ipv4 : {true, false}) {
    const std::string_view vip = ipv4 ? "10.0.1.100" : "fd00:1::100";
    const auto service = path().add_service({.address = vip});
    path().add_server(service, {.address = ipv4 ? "10.0.2.11" : "fd00:2::11", .method = abi::FORWARD_ROUTE});
    Packet p = tcp_segment(ipv4 ? "10.9.0.1" : "fd00:9::1", 2000, vip, 80, syn);
    const Answer answer = path().send(p);
    p.ttl = 63;
    expect_on(answer, p.packet(), server_mac, inside_mac);
  }
  EXPECT_EQ(path().counter("forwarded_route"), 2u);
}

TEST_P(DirectRouting, DoesNotTouchWhatTheServerSendsToTheClient) {
  const auto service = path().add_service();
  path().add_server(service, {.method = abi::FORWARD_ROUTE});
  path().send(tcp_segment("10.9.0.1", 2000, "10.0.1.100", 80, syn));
  expect_untouched(tcp_segment("10.0.2.11", 80, "10.9.0.1", 2000, syn | ack).frame());
}

struct Tunnel {
  abi::tunnel_type type;
  bool checksum;
};

class Tunnels : public BothHooks {
 protected:
  void add(bool inner_ipv4, bool outer_ipv4, const Tunnel& tunnel, std::uint16_t mtu = 1500) {
    const auto service = path().add_service({.address = vip(inner_ipv4), .port = 80, .protocol = udp});
    path().add_server(service, {.address = outer_ipv4 ? "10.0.2.11" : "fd00:2::11",
                                .method = abi::FORWARD_TUNNEL,
                                .tunnel = tunnel.type,
                                .tunnel_checksum = tunnel.checksum,
                                .mtu = mtu});
  }
  static std::string_view vip(bool ipv4) { return ipv4 ? "10.0.1.100" : "fd00:1::100"; }
  static Packet datagram(bool ipv4, std::string_view payload = "hello") {
    return udp_datagram(ipv4 ? "10.9.0.1" : "fd00:9::1", 2000, vip(ipv4), 80, payload);
  }
  void clear() { PacketPath::of(GetParam()); }
};
FOR_BOTH_HOOKS(Tunnels);

/// Takes the outer headers off and checks them.
Bytes unwrap(const Bytes& packet, bool inner_ipv4, const Tunnel& tunnel) {
  const Dissected outer = dissect(packet);
  EXPECT_EQ(outer.error, "");
  const std::uint8_t inner_protocol = inner_ipv4 ? ipip : ipv6_in;
  Bytes rest = outer.payload;
  if (tunnel.type == abi::TUNNEL_IPIP) {
    EXPECT_EQ(outer.protocol, inner_protocol);
    return rest;
  }
  std::size_t header = 4;
  if (tunnel.type == abi::TUNNEL_GUE) {
    EXPECT_EQ(outer.protocol, udp);
    EXPECT_EQ(outer.destination_port, 6080);
    EXPECT_GE(outer.source_port, 0xc000);
    EXPECT_EQ(outer.udp_checksum, tunnel.checksum);
    EXPECT_EQ(to_hex(std::span(rest).first(4)), inner_ipv4 ? "0004 0000" : "0029 0000");
  } else {
    EXPECT_EQ(outer.protocol, gre);
    EXPECT_EQ(get16(rest, 0), tunnel.checksum ? 0x8000 : 0);
    EXPECT_EQ(get16(rest, 2), inner_ipv4 ? 0x0800 : 0x86dd);
    if (tunnel.checksum) {
      EXPECT_EQ(checksum(rest), 0);  // RFC 2784: over the GRE header and the payload
      header = 8;
    }
  }
  return {rest.begin() + static_cast<std::ptrdiff_t>(header), rest.end()};
}

TEST_P(Tunnels, WrapEveryFamilyInEveryOtherOfEveryType) {
  for (const Tunnel tunnel : {Tunnel{abi::TUNNEL_IPIP, false},
                              {abi::TUNNEL_GUE, false},
                              {abi::TUNNEL_GUE, true},
                              {abi::TUNNEL_GRE, false},
                              {abi::TUNNEL_GRE, true}}) {
    for (const bool inner_ipv4 : {true, false}) {
      for (const bool outer_ipv4 : {true, false}) {
        SCOPED_TRACE(testing::Message() << "type " << tunnel.type << " checksum " << tunnel.checksum << " inner "
                                        << (inner_ipv4 ? 4 : 6) << " outer " << (outer_ipv4 ? 4 : 6));
        clear();
        add(inner_ipv4, outer_ipv4, tunnel);
        for (const std::string_view payload : {"hello", "hello!", ""}) {
          Packet p = datagram(inner_ipv4, payload);
          p.ttl = 33;
          p.tos = 0x13;  // congestion experienced
          p.dont_fragment = true;
          const Answer answer = path().send(p);
          ASSERT_EQ(answer.verdict, Verdict::on) << path().counters();
          const Dissected outer = dissect(answer.packet());
          EXPECT_EQ(outer.source, address(outer_ipv4 ? "10.0.2.1" : "fd00:2::1"));
          EXPECT_EQ(outer.destination, address(outer_ipv4 ? "10.0.2.11" : "fd00:2::11"));
          EXPECT_EQ(outer.ttl, 32);
          EXPECT_EQ(outer.tos, 0x12);  // RFC 6040: becomes ECT(0)
          EXPECT_EQ(outer.dont_fragment, outer_ipv4);
          p.ttl = 32;
          EXPECT_EQ(to_hex(unwrap(answer.packet(), inner_ipv4, tunnel)), to_hex(p.packet()));
          if (in_xdp()) {
            EXPECT_EQ(get16(answer.frame, 12), outer_ipv4 ? 0x0800 : 0x86dd);
            EXPECT_EQ(to_hex(std::span(answer.frame).first(12)), to_hex(server_mac) + " " + to_hex(inside_mac));
          }
        }
      }
    }
  }
}

TEST_P(Tunnels, SkipTheOuterChecksumWhereItCannotBeTold) {
  for (const auto type : {abi::TUNNEL_GUE, abi::TUNNEL_GRE}) {
    clear();
    add(true, true, {type, true});
    Packet p = datagram(true);
    p.udp_checksum = false;
    const Answer answer = path().send(p);
    p.ttl = 63;
    EXPECT_EQ(to_hex(unwrap(answer.packet(), true, {type, false})), to_hex(p.packet()));
  }
}

TEST_P(Tunnels, AFlowKeepsItsGueSourcePortAndFlowsHaveDifferentOnes) {
  add(true, true, {abi::TUNNEL_GUE, false});
  std::vector<std::uint16_t> ports;
  for (std::uint16_t port = 2000; port < 2032; ++port) {
    Packet p = datagram(true);
    p.source_port = port;
    const auto first = dissect(path().send(p).packet()).source_port;
    EXPECT_EQ(dissect(path().send(p).packet()).source_port, first);
    if (std::find(ports.begin(), ports.end(), first) == ports.end()) ports.push_back(first);
  }
  EXPECT_GT(ports.size(), 24u);
}

TEST_P(Tunnels, APacketThatJustFitsIsSentAndOneByteMoreIsNot) {
  for (const Tunnel tunnel : {Tunnel{abi::TUNNEL_IPIP, false}, {abi::TUNNEL_GUE, false}, {abi::TUNNEL_GRE, true}}) {
    for (const bool outer_ipv4 : {true, false}) {
      clear();
      add(true, outer_ipv4, tunnel);
      const std::size_t overhead = (outer_ipv4 ? 20 : 40) + (tunnel.type == abi::TUNNEL_GUE   ? 12
                                                             : tunnel.type == abi::TUNNEL_GRE ? 8
                                                                                              : 0);
      const std::size_t room = 1500 - overhead - 28;
      const Answer fits = path().send(datagram(true, std::string(room, 'x')));
      EXPECT_EQ(fits.packet().size(), 1500u);
      EXPECT_EQ(path().counter("too_big"), 0u);
      const Answer too_big = path().send(datagram(true, std::string(room + 1, 'x')));
      const Dissected error = dissect(too_big.packet());
      EXPECT_EQ(error.icmp_info, 1500 - overhead);
      EXPECT_EQ(path().counter("icmp_too_big_sent"), 1u);
    }
  }
}

}  // namespace
}  // namespace ballast::packet_test
