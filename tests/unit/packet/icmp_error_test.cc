// The ICMP errors that the director makes itself.

#include "packet_path.h"

namespace ballast::packet_test {
namespace {

class IcmpErrors : public BothHooks {
 protected:
  static constexpr std::string_view client4 = "10.9.0.1", client6 = "fd00:9::1", vip4 = "10.0.1.100",
                                    vip6 = "fd00:1::100";

  Packet datagram(bool ipv4, std::size_t bytes = 5) {
    return udp_datagram(ipv4 ? client4 : client6, 2000, ipv4 ? vip4 : vip6, 53, std::string(bytes, 'x'));
  }
  void add(bool ipv4, bool with_server = true, std::uint16_t mtu = 1500) {
    const auto service = path().add_service({.address = ipv4 ? vip4 : vip6, .port = 53, .protocol = udp});
    if (with_server) path().add_server(service, {.address = ipv4 ? "10.0.2.11" : "fd00:2::11", .mtu = mtu});
  }
  /// The answer must be a well-formed error to the sender, with its link addresses swapped.
  Dissected expect_error(const Answer& answer, const Packet& about, std::uint8_t type, std::uint8_t code) {
    EXPECT_EQ(answer.verdict, in_xdp() ? Verdict::back : Verdict::on) << path().counters();
    const Dissected d = dissect_frame(answer.frame);
    EXPECT_EQ(d.error, "") << to_hex(answer.frame);
    EXPECT_EQ(to_hex(std::span(answer.frame).first(12)), to_hex(about.from) + " " + to_hex(about.to));
    EXPECT_EQ(d.protocol, about.source.is_ipv4() ? icmp4 : icmp6);
    EXPECT_EQ(d.source, about.destination);
    EXPECT_EQ(d.destination, about.source);
    EXPECT_EQ(d.ttl, 64);
    EXPECT_EQ(d.fragment_offset, 0);
    EXPECT_FALSE(d.more_fragments || d.dont_fragment);
    EXPECT_EQ(d.icmp_type, type);
    EXPECT_EQ(d.icmp_code, code);
    return d;
  }
  void expect_dropped(const Bytes& frame) { EXPECT_EQ(path().send(frame).verdict, Verdict::drop) << path().counters(); }
};
FOR_BOTH_HOOKS(IcmpErrors);

class IcmpErrorsInXdp : public IcmpErrors {};
INSTANTIATE_TEST_SUITE_P(Hook, IcmpErrorsInXdp, testing::Values(Hook::xdp), hook_name);

class IcmpErrorsInTc : public IcmpErrors {};
INSTANTIATE_TEST_SUITE_P(Hook, IcmpErrorsInTc, testing::Values(Hook::tc), hook_name);

TEST_P(IcmpErrors, AServiceWithoutServersAnswersPortUnreachableWithTheWholePacket) {
  for (const bool ipv4 : {true, false}) {
    add(ipv4, false);
    const Packet p = datagram(ipv4);
    const Dissected d = expect_error(path().send(p), p, ipv4 ? 3 : 1, ipv4 ? 3 : 4);
    EXPECT_EQ(to_hex(d.payload), to_hex(p.packet()));
    EXPECT_EQ(d.icmp_info, 0u);
  }
  EXPECT_EQ(path().counter("no_server"), 2u);
  EXPECT_EQ(path().counter("icmp_unreachable_sent"), 2u);
  EXPECT_EQ(path().connections(), 0u);
}

TEST_P(IcmpErrors, TheTypeOfServiceIsThePacketsAtInternetworkControl) {
  add(true, false);
  Packet p = datagram(true);
  p.tos = 0xb8 | 3;
  EXPECT_EQ(expect_error(path().send(p), p, 3, 3).tos, (p.tos & 0x1e) | 0xc0);
}

TEST_P(IcmpErrors, PaddingOfTheFrameIsNotQuoted) {
  add(true, false);
  const Packet p = datagram(true, 1);
  Bytes frame = p.frame();
  frame.resize(60, 0xee);
  EXPECT_EQ(to_hex(expect_error(path().send(frame), p, 3, 3).payload), to_hex(p.packet()));
}

TEST_P(IcmpErrors, ALongPacketIsQuotedToTheSizeThatEveryHostTakes) {
  for (const bool ipv4 : {true, false}) {
    add(ipv4, false);
    for (const std::size_t bytes : {518u, 519u, 520u, 521u, 1183u, 1184u, 1185u, 1400u, 1401u}) {
      const Packet p = datagram(ipv4, bytes);
      const Bytes whole = p.packet();
      const Dissected d = expect_error(path().send(p), p, ipv4 ? 3 : 1, ipv4 ? 3 : 4);
      const std::size_t most = ipv4 ? 576 - 28 : 1280 - 48;
      EXPECT_EQ(to_hex(d.payload), to_hex(std::span(whole).first(std::min(whole.size(), most)))) << bytes;
    }
  }
}

TEST_P(IcmpErrors, HeadersWithOptionsAreQuotedToo) {
  add(true, false);
  Packet p = datagram(true);
  p.ip_options = Bytes(12, 1);
  EXPECT_EQ(to_hex(expect_error(path().send(p), p, 3, 3).payload), to_hex(p.packet()));
  add(false, false);
  Packet p6 = datagram(false);
  p6.extension = Bytes(14, 0);
  EXPECT_EQ(to_hex(expect_error(path().send(p6), p6, 1, 4).payload), to_hex(p6.packet()));
}

TEST_P(IcmpErrors, ATtlOfOneAnswersTimeExceededAndIsCountedOnItsConnection) {
  for (const bool ipv4 : {true, false}) {
    add(ipv4);
    for (const std::uint8_t ttl : {1, 0}) {
      Packet p = datagram(ipv4);
      p.ttl = ttl;
      const Dissected d = expect_error(path().send(p), p, ipv4 ? 11 : 3, 0);
      EXPECT_EQ(to_hex(d.payload), to_hex(p.packet()));
    }
  }
  EXPECT_EQ(path().counter("ttl_exceeded"), 4u);
  EXPECT_EQ(path().counter("icmp_time_exceeded_sent"), 4u);
  EXPECT_EQ(path().connections(), 2u);
}

TEST_P(IcmpErrors, APacketThatDoesNotFitAnswersWithTheMtuAndQuotesItWithItsTtlCountedDown) {
  for (const bool ipv4 : {true, false}) {
    add(ipv4, true, 1400);
    Packet p = datagram(ipv4, 1400 - (ipv4 ? 28 : 48));
    EXPECT_EQ(path().send(p).verdict, Verdict::on);
    p = datagram(ipv4, 1401 - (ipv4 ? 28 : 48));
    p.dont_fragment = true;
    const Dissected d = expect_error(path().send(p), p, ipv4 ? 3 : 2, ipv4 ? 4 : 0);
    EXPECT_EQ(d.icmp_info, 1400u);
    --p.ttl;
    const Bytes whole = p.packet();
    EXPECT_EQ(to_hex(d.payload), to_hex(std::span(whole).first(ipv4 ? 548 : 1232)));
  }
  EXPECT_EQ(path().counter("too_big"), 2u);
  EXPECT_EQ(path().counter("icmp_too_big_sent"), 2u);
}

TEST_P(IcmpErrorsInXdp, AreLeftToTcWhereFramesCannotBeSentBackAndCountedThere) {
  add(true, false);
  add(false, true, 600);
  const auto arriving_interface = std::uint64_t{1} << 1;
  path().settings.flags |= SETTING_REDIRECT_BACK;
  path().apply_settings();
  Packet last_hop = datagram(false);
  last_hop.ttl = 1;
  expect_untouched(datagram(true).frame());
  expect_untouched(last_hop.frame());
  expect_untouched(datagram(false, 700).frame());
  EXPECT_EQ(path().counters(), "connections_created 1, punted 3");
  path().settings.xdp_targets[0] |= arriving_interface;
  path().apply_settings();
  EXPECT_EQ(path().send(datagram(true)).verdict, Verdict::on);
  EXPECT_EQ(path().send(last_hop).verdict, Verdict::on);
  EXPECT_EQ(path().send(datagram(false, 700)).verdict, Verdict::on);
  EXPECT_EQ(path().counter("icmp_unreachable_sent"), 1u);
}

TEST_P(IcmpErrorsInTc, SegmentsOfALargeReceivedPacketAreNotTooBig) {
  const auto service = path().add_service();
  path().add_server(service);
  path().send(tcp_segment("10.9.0.1", 2000, "10.0.1.100", 80, syn));
  Packet p = tcp_segment("10.9.0.1", 2000, "10.0.1.100", 80, ack);
  p.payload = Bytes(2800);
  EXPECT_EQ(path().send(p.frame(), {.gso_segments = 2, .gso_size = 1400}).verdict, Verdict::on) << path().counters();
  EXPECT_EQ(path().counter("too_big"), 0u);
}

TEST_P(IcmpErrors, NobodyIsAnsweredWhoCannotHaveSentThePacketAlone) {
  add(true, false);
  add(false, false);
  for (const std::string_view source : {"0.0.0.0", "0.1.2.3", "127.0.0.1", "224.0.0.1", "255.255.255.255"}) {
    expect_dropped(udp_datagram(source, 2000, vip4, 53).frame());
  }
  for (const std::string_view source : {"::", "::1", "ff02::1"}) {
    expect_dropped(udp_datagram(source, 2000, vip6, 53).frame());
  }
  Packet to_all = datagram(true);
  to_all.to = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
  expect_dropped(to_all.frame());
  EXPECT_EQ(path().counter("icmp_unreachable_sent"), 0u);
  EXPECT_EQ(path().counter("no_server"), 9u);
}

TEST_P(IcmpErrors, LaterFragmentsAreNotAnswered) {
  add(true, true, 600);
  const auto pieces = datagram(true, 1400).fragments(808);
  expect_error(path().send(pieces[0]), datagram(true), 3, 4);
  expect_dropped(pieces[1]);  // 8 + 1400 - 808 bytes and a header: 620
  EXPECT_EQ(path().counter("too_big"), 2u);
  EXPECT_EQ(path().counter("icmp_too_big_sent"), 1u);
}

TEST_P(IcmpErrors, ErrorsAreLimitedPerSecond) {
  add(true, false);
  path().settings.icmp_per_second = 5;
  path().apply_settings();
  for (int i = 0; i < 20; ++i) path().send(datagram(true));
  const auto sent = path().counter("icmp_unreachable_sent"), held = path().counter("icmp_rate_limited");
  EXPECT_GE(sent, 5u);
  EXPECT_LE(sent, 10u);
  EXPECT_EQ(sent + held, 20u);
}

TEST_P(IcmpErrors, ZeroPerSecondMeansNone) {
  add(true, false);
  path().settings.icmp_per_second = 0;
  path().apply_settings();
  expect_dropped(datagram(true).frame());
  EXPECT_EQ(path().counter("no_server"), 1u);
  EXPECT_EQ(path().counter("icmp_rate_limited"), 0u);
}

/// In the TC hook a checksum may still have to be filled in: the field holds the pseudo-header's sum, and the kernel or
/// the network card completes it when the error is sent.
TEST_P(IcmpErrorsInTc, TheChecksumIsRightOnceAnUnfinishedChecksumInTheQuotationIsFilledIn) {
  for (const std::size_t bytes : {5u, 1400u}) {
    add(true, false);
    const Packet p = datagram(true, bytes);
    Bytes frame = p.frame();
    const std::size_t field = ethernet_bytes + 20 + 6;
    put16(frame, field, pseudo_header_sum(p.source, p.destination, udp, 8 + bytes));
    Bytes error = path().send(frame).packet();
    const std::size_t quoted_udp = 28 + 20;
    put16(error, quoted_udp + 6, checksum(std::span(error).subspan(quoted_udp)));
    EXPECT_EQ(dissect(error).error, "");
  }
}

}  // namespace
}  // namespace ballast::packet_test
