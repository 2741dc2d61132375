// ICMP errors that others send about packets of our connections.

#include "packet_path.h"

namespace ballast::packet_test {
namespace {

constexpr std::string_view client4 = "10.9.0.1", client6 = "fd00:9::1", vip4 = "10.0.1.100", vip6 = "fd00:1::100",
                           real4 = "10.0.2.11", real6 = "fd00:2::11", router4 = "10.0.1.77", router6 = "fd00:1::77";

struct Names {
  std::string_view client, vip, real, router;
};

Names names(bool ipv4) { return ipv4 ? Names{client4, vip4, real4, router4} : Names{client6, vip6, real6, router6}; }

class IcmpRelay : public BothHooks {
 protected:
  /// A service with one server on port 8080 and a connection of client:2000.
  std::uint32_t connect(bool ipv4, std::uint8_t protocol, abi::forwarding_method method, ServerSpec server = {}) {
    const Names n = names(ipv4);
    const auto service = path().add_service({.address = n.vip, .port = 80, .protocol = protocol});
    server.method = method;
    server.port = method == abi::FORWARD_NAT ? 8080 : 80;
    const auto index = path().add_server(service, server);
    Packet p = from_client(ipv4, protocol);
    p.flags = syn;
    path().send(p);
    EXPECT_EQ(path().connections(), 1u) << path().counters();
    return index;
  }
  Packet from_client(bool ipv4, std::uint8_t protocol) {
    const Names n = names(ipv4);
    Packet p = tcp_segment(n.client, 2000, n.vip, 80, ack);
    p.protocol = protocol;
    p.payload = Bytes(100, 'x');
    return p;
  }
  /// As the client's side sees a reply, and as the NATed server sent it.
  Packet reply(bool ipv4, std::uint8_t protocol, bool as_sent) {
    const Names n = names(ipv4);
    Packet p = tcp_segment(as_sent ? n.real : n.vip, as_sent ? 8080 : 80, n.client, 2000, ack);
    p.protocol = protocol;
    p.payload = Bytes(100, 'y');
    return p;
  }
  Packet forwarded(bool ipv4, std::uint8_t protocol) {
    Packet p = from_client(ipv4, protocol);
    p.destination = address(names(ipv4).real);
    p.destination_port = 8080;
    return p;
  }
  static Packet from_inside(Packet p) {
    p.to = inside_mac;
    p.from = server_mac;
    return p;
  }
  void clear() { PacketPath::of(GetParam()); }
};
FOR_BOTH_HOOKS(IcmpRelay);

TEST_P(IcmpRelay, AnErrorAboutAReplyGoesToTheNatedServerAsIfAboutItsOwnPacket) {
  for (const bool ipv4 : {true, false}) {
    for (const std::uint8_t protocol : {tcp, udp}) {
      const Names n = names(ipv4);
      for (const std::size_t quoted : {8u, 12u, 16u, 18u, 500u}) {
        SCOPED_TRACE(testing::Message() << "IPv" << (ipv4 ? 4 : 6) << " protocol " << int{protocol} << " " << quoted);
        clear();
        const auto server = connect(ipv4, protocol, abi::FORWARD_NAT);
        const auto before = path().connection(n.client, 2000);
        const std::size_t header = ipv4 ? 20 : 40;
        Bytes seen = reply(ipv4, protocol, false).packet(), own = reply(ipv4, protocol, true).packet();
        seen.resize(std::min(seen.size(), header + quoted));
        own.resize(seen.size());
        const Packet error = icmp_error(n.router, n.vip, ipv4 ? 3 : 2, ipv4 ? 4 : 0, 1400, seen);
        Packet expected = icmp_error(n.router, n.real, ipv4 ? 3 : 2, ipv4 ? 4 : 0, 1400, own);
        expected.ttl = 63;
        expect_on(path().send(error), expected.packet(), server_mac, inside_mac);
        EXPECT_EQ(path().counter("icmp_relayed_to_server"), 1u);
        EXPECT_EQ(path().connection(n.client, 2000)->meta, before->meta);
        EXPECT_EQ(path().traffic(server).packets_in, 2u);
      }
    }
  }
}

TEST_P(IcmpRelay, EveryTypeOfErrorIsRelayedAndOtherMessagesAreNot) {
  for (const bool ipv4 : {true, false}) {
    const Names n = names(ipv4);
    clear();
    connect(ipv4, udp, abi::FORWARD_NAT);
    const Bytes seen = reply(ipv4, udp, false).packet();
    for (int type = 0; type < 256; ++type) {
      const bool is_error = ipv4 ? type == 3 || type == 4 || type == 11 || type == 12 : type >= 1 && type <= 4;
      const Packet p = icmp_error(n.router, n.vip, static_cast<std::uint8_t>(type), 0, 0, seen);
      if (is_error) {
        EXPECT_EQ(path().send(p).verdict, Verdict::on) << type;
      } else {
        expect_untouched(p.frame());
      }
    }
  }
}

TEST_P(IcmpRelay, AnErrorAboutAReplyGoesToTheDirectlyRoutedServerAsItIs) {
  for (const bool ipv4 : {true, false}) {
    const Names n = names(ipv4);
    clear();
    connect(ipv4, tcp, abi::FORWARD_ROUTE);
    Packet error = icmp_error(n.router, n.vip, ipv4 ? 3 : 2, ipv4 ? 4 : 0, 1400, reply(ipv4, tcp, false).packet());
    const Answer answer = path().send(error);
    error.ttl = 63;
    expect_on(answer, error.packet(), server_mac, inside_mac);
  }
}

TEST_P(IcmpRelay, AnErrorAboutAReplyGoesToTheServerBehindATunnelWrapped) {
  for (const bool ipv4 : {true, false}) {
    for (const bool outer_ipv4 : {true, false}) {
      for (const bool sum : {false, true}) {
        const Names n = names(ipv4);
        clear();
        connect(ipv4, tcp, abi::FORWARD_TUNNEL,
                {.address = outer_ipv4 ? "10.0.2.11" : real6, .tunnel = abi::TUNNEL_GRE, .tunnel_checksum = sum});
        Packet error = icmp_error(n.router, n.vip, ipv4 ? 3 : 2, ipv4 ? 4 : 0, 1400, reply(ipv4, tcp, false).packet());
        const Answer answer = path().send(error);
        EXPECT_EQ(answer.verdict, Verdict::on) << path().counters();
        const Dissected outer = dissect(answer.packet());
        EXPECT_EQ(outer.error, "");
        EXPECT_EQ(outer.protocol, gre);
        if (sum) {
          EXPECT_EQ(checksum(outer.payload), 0);
        }
        error.ttl = 63;
        EXPECT_EQ(to_hex(std::span(outer.payload).subspan(sum ? 8 : 4)), to_hex(error.packet()));
      }
    }
  }
}

TEST_P(IcmpRelay, AnErrorOfANatedServerReachesTheClientFromTheVirtualAddress) {
  for (const bool ipv4 : {true, false}) {
    for (const std::uint8_t protocol : {tcp, udp}) {
      for (const std::size_t quoted : {8u, 500u}) {
        const Names n = names(ipv4);
        clear();
        const auto server = connect(ipv4, protocol, abi::FORWARD_NAT);
        const std::size_t header = ipv4 ? 20 : 40;
        Bytes sent = forwarded(ipv4, protocol).packet(), seen = from_client(ipv4, protocol).packet();
        sent.resize(std::min(sent.size(), header + quoted));
        seen.resize(sent.size());
        Packet error = from_inside(icmp_error(n.real, n.client, ipv4 ? 3 : 1, ipv4 ? 3 : 4, 0, sent));
        error.tos = ipv4 ? 0xc0 : 0;
        Packet expected = icmp_error(n.vip, n.client, ipv4 ? 3 : 1, ipv4 ? 3 : 4, 0, seen);
        expected.tos = error.tos;
        expected.ttl = 63;
        expect_on(path().send(error), expected.packet(), client_mac, outside_mac);
        EXPECT_EQ(path().counter("icmp_relayed_to_client"), 1u);
        EXPECT_EQ(path().traffic(server).packets_out, 1u);
      }
    }
  }
}

TEST_P(IcmpRelay, ARouterBeforeTheServerIsHiddenToo) {
  connect(true, tcp, abi::FORWARD_NAT);
  const Packet error = from_inside(icmp_error("10.0.2.254", client4, 3, 4, 1300, forwarded(true, tcp).packet()));
  Packet expected = icmp_error(vip4, client4, 3, 4, 1300, from_client(true, tcp).packet());
  expected.ttl = 63;
  expect_on(path().send(error), expected.packet(), client_mac, outside_mac);
}

TEST_P(IcmpRelay, AQuotedDatagramWithoutChecksumStaysWithout) {
  connect(true, udp, abi::FORWARD_NAT);
  Packet sent = forwarded(true, udp), seen = from_client(true, udp);
  sent.udp_checksum = seen.udp_checksum = false;
  Packet expected = icmp_error(vip4, client4, 3, 3, 0, seen.packet());
  expected.ttl = 63;
  expect_on(path().send(from_inside(icmp_error(real4, client4, 3, 3, 0, sent.packet()))), expected.packet(), client_mac,
            outside_mac);
}

TEST_P(IcmpRelay, ErrorsToALocalServerGoUpTheStackTranslated) {
  connect(true, tcp, abi::FORWARD_NAT, {.address = "10.0.2.1", .local = true});
  const Packet error = icmp_error(router4, vip4, 3, 4, 1400, reply(true, tcp, false).packet());
  Packet own = reply(true, tcp, true);
  own.source = address("10.0.2.1");
  const Answer answer = path().send(error);
  EXPECT_EQ(answer.verdict, Verdict::pass);
  EXPECT_EQ(to_hex(answer.frame), to_hex(icmp_error(router4, "10.0.2.1", 3, 4, 1400, own.packet()).frame()));
}

TEST_P(IcmpRelay, WhatIsNotOursOrTooShortPassesUntouched) {
  connect(true, tcp, abi::FORWARD_NAT);
  const Bytes seen = reply(true, tcp, false).packet();
  Packet other_port = reply(true, tcp, false);
  other_port.destination_port = 2001;
  expect_untouched(icmp_error(router4, vip4, 3, 4, 1400, other_port.packet()).frame());
  expect_untouched(icmp_error(router4, "10.0.1.1", 3, 4, 1400, seen).frame());  // not to the quoted packet's sender
  for (std::size_t bytes = 0; bytes < 24; ++bytes) {
    expect_untouched(icmp_error(router4, vip4, 3, 4, 1400, Bytes(seen.begin(), seen.begin() + bytes)).frame());
  }
  Packet later = reply(true, tcp, false);
  later.payload = Bytes(64);
  const Bytes fragment = later.fragments(40)[1];
  expect_untouched(
      icmp_error(router4, vip4, 3, 4, 1400, Bytes(fragment.begin() + ethernet_bytes, fragment.end())).frame());
  EXPECT_EQ(path().counter("icmp_relayed_to_server"), 0u);
}

TEST_P(IcmpRelay, AnErrorWhoseTtlEndsHereIsDropped) {
  connect(true, tcp, abi::FORWARD_NAT);
  Packet error = icmp_error(router4, vip4, 3, 4, 1400, reply(true, tcp, false).packet());
  error.ttl = 1;
  EXPECT_EQ(path().send(error).verdict, Verdict::drop);
  EXPECT_EQ(path().counter("icmp_time_exceeded_sent"), 0u);
}

// ---- tunnels

struct Kind {
  std::uint8_t type, code;
};

class IcmpFromTunnel : public IcmpRelay {
 protected:
  /// A connection through a tunnel; the outer packet as it went to the server.
  Bytes connect_tunnel(bool inner_ipv4, bool outer_ipv4, abi::tunnel_type type, bool sum = false) {
    clear();
    server_ = connect(inner_ipv4, udp, abi::FORWARD_TUNNEL,
                      {.address = outer_ipv4 ? "10.0.2.11" : real6, .tunnel = type, .tunnel_checksum = sum});
    Packet p = from_client(inner_ipv4, udp);
    p.tos = inner_ipv4 ? 0x10 : 0;
    const Answer answer = path().send(p);
    EXPECT_EQ(answer.verdict, Verdict::on) << path().counters();
    --p.ttl;
    inside_ = p.packet();
    return answer.packet();
  }
  Packet error(bool outer_ipv4, Kind kind, std::uint32_t info, const Bytes& outer) {
    return from_inside(icmp_error(outer_ipv4 ? real4 : real6, outer_ipv4 ? "10.0.2.1" : "fd00:2::1", kind.type,
                                  kind.code, info, outer));
  }
  void expect_for_client(const Answer& answer, bool ipv4, Kind kind, std::uint32_t info) {
    EXPECT_EQ(answer.verdict, Verdict::on) << path().counters();
    const Dissected d = in_xdp() ? dissect_frame(answer.frame) : dissect(answer.packet());
    EXPECT_EQ(d.error, "") << to_hex(answer.frame);
    EXPECT_EQ(d.source, address(names(ipv4).vip));
    EXPECT_EQ(d.destination, address(names(ipv4).client));
    EXPECT_EQ(int{d.icmp_type}, int{kind.type});
    EXPECT_EQ(int{d.icmp_code}, int{kind.code});
    EXPECT_EQ(d.icmp_info, info);
    EXPECT_EQ(d.tos, ipv4 ? 0xd0 : 0);
    EXPECT_EQ(to_hex(d.payload), to_hex(std::span(inside_).first(std::min<std::size_t>(inside_.size(), 548))));
    if (in_xdp()) {
      EXPECT_EQ(to_hex(std::span(answer.frame).first(12)), to_hex(client_mac) + " " + to_hex(outside_mac));
    }
    EXPECT_EQ(path().counter("icmp_relayed_tunnel"), 1u);
  }

  std::uint32_t server_ = 0;
  Bytes inside_;
};
FOR_BOTH_HOOKS(IcmpFromTunnel);

TEST_P(IcmpFromTunnel, BecomesAnErrorForTheClientOfEveryTypeAndFamily) {
  for (const auto type : {abi::TUNNEL_IPIP, abi::TUNNEL_GUE, abi::TUNNEL_GRE}) {
    for (const bool sum : {false, true}) {
      for (const bool inner : {true, false}) {
        for (const bool outer : {true, false}) {
          SCOPED_TRACE(testing::Message() << "type " << type << " checksum " << sum << " inner IPv" << (inner ? 4 : 6)
                                          << " outer IPv" << (outer ? 4 : 6));
          const Bytes packet = connect_tunnel(inner, outer, type, sum);
          const Answer answer = path().send(error(outer, outer ? Kind{3, 3} : Kind{1, 4}, 0, packet));
          expect_for_client(answer, inner, inner ? Kind{3, 3} : Kind{1, 4}, 0);
        }
      }
    }
  }
}

TEST_P(IcmpFromTunnel, TooBigTellsTheClientTheMtuLessTheOverheadAndIsRemembered) {
  for (const auto type : {abi::TUNNEL_IPIP, abi::TUNNEL_GUE, abi::TUNNEL_GRE}) {
    for (const bool inner : {true, false}) {
      for (const bool outer : {true, false}) {
        SCOPED_TRACE(testing::Message() << "type " << type << " inner IPv" << (inner ? 4 : 6) << " outer IPv"
                                        << (outer ? 4 : 6));
        const Bytes packet = connect_tunnel(inner, outer, type);
        const std::uint32_t overhead = (outer ? 20 : 40) + (type == abi::TUNNEL_GUE   ? 12
                                                            : type == abi::TUNNEL_GRE ? 4
                                                                                      : 0);
        const Answer answer = path().send(error(outer, outer ? Kind{3, 4} : Kind{2, 0}, 1400, packet));
        expect_for_client(answer, inner, inner ? Kind{3, 4} : Kind{2, 0}, 1400 - overhead);
        EXPECT_EQ(path().server(server_).mtu, 1400);
      }
    }
  }
}

TEST_P(IcmpFromTunnel, OtherErrorsAreToldInTheClientsTerms) {
  struct Case {
    bool inner, outer;
    Kind from, to;
  };
  for (const Case c : {Case{true, true, {3, 1}, {3, 1}},
                       {true, true, {11, 0}, {11, 0}},
                       {true, true, {3, 2}, {3, 2}},
                       {false, true, {3, 1}, {1, 3}},
                       {false, true, {11, 0}, {3, 0}},
                       {false, true, {3, 13}, {1, 3}},
                       {true, false, {1, 0}, {3, 1}},
                       {true, false, {3, 0}, {11, 0}},
                       {false, false, {1, 1}, {1, 1}}}) {
    SCOPED_TRACE(testing::Message() << int{c.from.type} << "/" << int{c.from.code} << " inner IPv"
                                    << (c.inner ? 4 : 6));
    const Bytes packet = connect_tunnel(c.inner, c.outer, abi::TUNNEL_IPIP);
    expect_for_client(path().send(error(c.outer, c.from, 0, packet)), c.inner, c.to, 0);
  }
}

TEST_P(IcmpFromTunnel, AnMtuIsOnlyLoweredAndOnlyToWhatCanBe) {
  const Bytes packet = connect_tunnel(true, true, abi::TUNNEL_IPIP);
  EXPECT_EQ(path().send(error(true, {3, 4}, 1600, packet)).verdict, Verdict::on);
  EXPECT_EQ(path().server(server_).mtu, 1500);
  for (const std::uint32_t mtu : {0u, 68u, 575u}) expect_untouched(error(true, {3, 4}, mtu, packet).frame());
  EXPECT_EQ(path().server(server_).mtu, 1500);
  const Bytes packet6 = connect_tunnel(true, false, abi::TUNNEL_IPIP);
  for (const std::uint32_t mtu : {0u, 1279u, 0xffffffffu}) expect_untouched(error(false, {2, 0}, mtu, packet6).frame());
  EXPECT_EQ(path().server(server_).mtu, 1500);
}

TEST_P(IcmpFromTunnel, WhatIsNoPacketOfOursPassesUntouched) {
  const Bytes packet = connect_tunnel(true, true, abi::TUNNEL_GUE);
  for (std::size_t bytes = 20; bytes < 20 + 12 + 24; ++bytes) {  // cut off before the inner ports
    expect_untouched(error(true, {3, 4}, 1400, Bytes(packet.begin(), packet.begin() + bytes)).frame());
  }
  const auto changed = [&](std::size_t at) {
    Bytes other = packet;
    other[at] ^= 1;
    return error(true, {3, 4}, 1400, other).frame();
  };
  expect_untouched(changed(15));       // the outer source: not the packet that the error is sent to the sender of
  expect_untouched(changed(19));       // the outer destination: no server of the connection
  expect_untouched(changed(23));       // the port of the tunnel
  expect_untouched(changed(28));       // a GUE header that we do not write
  expect_untouched(changed(32 + 15));  // the inner source
  Bytes broken = error(true, {3, 4}, 1400, packet).frame();
  broken.back() ^= 1;  // the checksum of the error is wrong
  expect_untouched(broken);
  EXPECT_EQ(path().server(server_).mtu, 1500);
}

TEST_P(IcmpFromTunnel, ALongQuotationIsCutAndTheChecksumIsRight) {
  clear();
  connect(true, udp, abi::FORWARD_TUNNEL);
  Packet p = from_client(true, udp);
  p.payload = Bytes(1000, 'z');
  p.tos = 0x10;
  const Bytes outer = path().send(p).packet();
  --p.ttl;
  inside_ = p.packet();
  expect_for_client(path().send(error(true, {3, 3}, 0, outer)), true, {3, 3}, 0);
}

}  // namespace
}  // namespace ballast::packet_test
