#include "packet_path.h"

namespace ballast::packet_test {
namespace {

class Fragments : public BothHooks {
 protected:
  static std::string_view client(bool ipv4) { return ipv4 ? "10.9.0.1" : "fd00:9::1"; }
  static std::string_view vip(bool ipv4) { return ipv4 ? "10.0.1.100" : "fd00:1::100"; }
  static std::string_view real(bool ipv4) { return ipv4 ? "10.0.2.11" : "fd00:2::11"; }

  void add(bool ipv4, abi::forwarding_method method) {
    const auto service = path().add_service({.address = vip(ipv4), .port = 53, .protocol = udp});
    path().add_server(
        service,
        {.address = real(ipv4), .port = std::uint16_t(method == abi::FORWARD_NAT ? 5353 : 53), .method = method});
  }
  static Packet datagram(bool ipv4) {
    Packet p = udp_datagram(client(ipv4), 2000, vip(ipv4), 53);
    for (int i = 0; i < 3000; ++i) p.payload.push_back(static_cast<std::uint8_t>(i * 7));
    return p;
  }
  /// Sends every fragment of `sent`; each must come out as that of `expected`.
  void expect_followed(const Packet& sent, const Packet& expected, const MacAddress& to, const MacAddress& from) {
    const auto in = sent.fragments(1200), out = expected.fragments(1200);
    ASSERT_EQ(in.size(), 3u);
    for (std::size_t i = 0; i < in.size(); ++i) {
      expect_on(path().send(in[i]), {out[i].begin() + ethernet_bytes, out[i].end()}, to, from);
    }
  }
};
FOR_BOTH_HOOKS(Fragments);

TEST_P(Fragments, FollowTheirFirstOneThroughNatBothWays) {
  for (const bool ipv4 : {true, false}) {
    add(ipv4, abi::FORWARD_NAT);
    const Packet p = datagram(ipv4);
    Packet expected = p;
    expected.destination = address(real(ipv4));
    expected.destination_port = 5353;
    expected.ttl = 63;
    expect_followed(p, expected, server_mac, inside_mac);

    Packet reply = p;
    reply.source = expected.destination;
    reply.source_port = 5353;
    reply.destination = p.source;
    reply.destination_port = 2000;
    expected = reply;
    expected.source = p.destination;
    expected.source_port = 53;
    expected.ttl = 63;
    expect_followed(reply, expected, client_mac, outside_mac);
  }
  EXPECT_EQ(path().counter("fragment_without_first"), 0u);
  EXPECT_EQ(path().connections(), 2u);
}

TEST_P(Fragments, CountAsTheOneDatagramThatTheyAre) {
  add(true, abi::FORWARD_NAT);
  const Packet p = datagram(true);
  for (const Bytes& piece : p.fragments(1200)) path().send(piece);
  EXPECT_EQ(path().traffic(0).packets_in, 1u);
  EXPECT_EQ(path().traffic(0).bytes_in, p.packet().size());
}

TEST_P(Fragments, FollowTheirFirstOneToADirectlyRoutedServer) {
  for (const bool ipv4 : {true, false}) {
    add(ipv4, abi::FORWARD_ROUTE);
    Packet expected = datagram(ipv4);
    expected.ttl = 63;
    expect_followed(datagram(ipv4), expected, server_mac, inside_mac);
  }
}

TEST_P(Fragments, FollowTheirFirstOneIntoATunnel) {
  add(true, abi::FORWARD_TUNNEL);
  Packet expected = datagram(true);
  expected.ttl = 63;
  const auto in = datagram(true).fragments(1200), out = expected.fragments(1200);
  for (std::size_t i = 0; i < in.size(); ++i) {
    const Answer answer = path().send(in[i]);
    EXPECT_EQ(answer.verdict, Verdict::on);
    const Dissected outer = dissect(answer.packet());
    EXPECT_EQ(outer.protocol, ipip);
    EXPECT_EQ(outer.fragment_offset, 0);
    EXPECT_FALSE(outer.more_fragments);
    EXPECT_EQ(to_hex(outer.payload), to_hex(std::span(out[i]).subspan(ethernet_bytes)));
  }
}

TEST_P(Fragments, AreDroppedAtAVirtualAddressWithoutTheirFirstOne) {
  for (const bool ipv4 : {true, false}) {
    add(ipv4, abi::FORWARD_NAT);
    EXPECT_EQ(path().send(datagram(ipv4).fragments(1200)[1]).verdict, Verdict::drop);
  }
  EXPECT_EQ(path().counter("fragment_without_first"), 2u);
}

TEST_P(Fragments, OfOtherDatagramsAreNotMistakenForTheirs) {
  add(true, abi::FORWARD_NAT);
  path().send(datagram(true).fragments(1200)[0]);
  Packet other = datagram(true);
  other.identification++;
  EXPECT_EQ(path().send(other.fragments(1200)[1]).verdict, Verdict::drop);
  other = datagram(true);
  other.source = address("10.9.0.2");
  EXPECT_EQ(path().send(other.fragments(1200)[1]).verdict, Verdict::drop);
  EXPECT_EQ(path().send(datagram(true).fragments(1200)[1]).verdict, Verdict::on);
}

TEST_P(Fragments, AFirstOneIsForgottenAfterThirtySeconds) {
  add(true, abi::FORWARD_NAT);
  path().send(datagram(true).fragments(1200)[0]);
  path().age_fragments(29);
  EXPECT_EQ(path().send(datagram(true).fragments(1200)[1]).verdict, Verdict::on);
  path().age_fragments(2);
  EXPECT_EQ(path().send(datagram(true).fragments(1200)[2]).verdict, Verdict::drop);
}

TEST_P(Fragments, OfNobodysDatagramsPassUntouched) {
  for (const bool ipv4 : {true, false}) {
    add(ipv4, abi::FORWARD_NAT);
    Packet other_port = datagram(ipv4);  // to the virtual address, but to no service
    other_port.destination_port = 54;
    for (const Bytes& fragment : other_port.fragments(1200)) expect_untouched(fragment);
    Packet other_host = datagram(ipv4);
    other_host.destination = address(ipv4 ? "10.0.1.1" : "fd00:1::1");
    for (const Bytes& fragment : other_host.fragments(1200)) expect_untouched(fragment);
    Packet other_protocol = datagram(ipv4);
    other_protocol.protocol = ipv4 ? icmp4 : icmp6;
    for (const Bytes& fragment : other_protocol.fragments(1200)) expect_untouched(fragment);
  }
  EXPECT_EQ(path().counter("fragment_without_first"), 0u);
}

}  // namespace
}  // namespace ballast::packet_test
