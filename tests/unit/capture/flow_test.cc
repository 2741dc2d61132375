#include "capture/flow.h"

#include <gtest/gtest.h>
#include <netinet/in.h>

#include "frames.h"

namespace ballast::capture {
namespace {

/// An IPv6 packet fd00::2 > fd00::100 with this first header and what follows.
Bytes ipv6_frame(std::uint8_t next, const Bytes& rest) {
  Bytes frame(14 + 40);
  put_word(frame, 12, 0x86dd);
  frame[14] = 0x60;
  frame[20] = next;
  frame[22] = frame[38] = 0xfd;
  frame[37] = 2;
  put_word(frame, 52, 0x100);
  frame.insert(frame.end(), rest.begin(), rest.end());
  return frame;
}

const Bytes udp = {0x0f, 0xa0, 0x00, 0x35, 0, 8, 0, 0};

TEST(Flow, TellsEndsAndFlagsOfASegment) {
  EXPECT_EQ(describe(ipv4_frame(IPPROTO_TCP, "10.0.0.2:4000", "10.0.1.100:80")),
            "TCP 10.0.0.2:4000 > 10.0.1.100:80 [S]");
  EXPECT_EQ(describe(ipv4_frame(IPPROTO_SCTP, "10.0.0.2:4000", "10.0.1.100:80")), "SCTP 10.0.0.2:4000 > 10.0.1.100:80");
}

TEST(Flow, FindsPortsBehindIpv4Options) {
  Bytes frame = ipv4_frame(IPPROTO_UDP, "10.0.0.2:1", "10.0.1.100:2");
  frame[14] = 0x46;
  frame.insert(frame.begin() + 34, 4, 0);
  EXPECT_EQ(describe(frame), "UDP 10.0.0.2:1 > 10.0.1.100:2");
}

TEST(Flow, FindsPortsBehindIpv6ExtensionHeaders) {
  EXPECT_EQ(describe(ipv6_frame(IPPROTO_UDP, udp)), "UDP [fd00::2]:4000 > [fd00::100]:53");
  Bytes headers(8 + 16);  // hop-by-hop options, then destination options of 16 bytes
  headers[0] = 60;
  headers[8] = IPPROTO_UDP;
  headers[9] = 1;
  headers.insert(headers.end(), udp.begin(), udp.end());
  EXPECT_EQ(describe(ipv6_frame(0, headers)), "UDP [fd00::2]:4000 > [fd00::100]:53");
}

TEST(Flow, ALaterFragmentHasNoPorts) {
  Bytes frame = ipv4_frame(IPPROTO_UDP, "10.0.0.2:1", "10.0.1.100:2");
  put_word(frame, 20, 100);
  EXPECT_EQ(describe(frame), "UDP 10.0.0.2 > 10.0.1.100");
  Bytes fragment = {IPPROTO_UDP, 0, 0x05, 0x08, 0, 0, 0, 1};
  fragment.insert(fragment.end(), udp.begin(), udp.end());
  EXPECT_EQ(describe(ipv6_frame(44, fragment)), "UDP fd00::2 > fd00::100");
}

TEST(Flow, ShowsWhatIsInsideATunnel) {
  Bytes frame = ipv4_frame(IPPROTO_IPIP, "10.0.1.1:0", "10.0.3.11:0");
  const Bytes inner = ipv4_frame(IPPROTO_TCP, "10.0.0.2:4000", "10.0.1.100:80");
  frame.resize(34);
  frame.insert(frame.end(), inner.begin() + 14, inner.end());
  EXPECT_EQ(describe(frame), "IP 10.0.1.1 > 10.0.3.11 | TCP 10.0.0.2:4000 > 10.0.1.100:80 [S]");
}

TEST(Flow, NamesWhatIsNotIp) {
  Bytes frame(60);
  put_word(frame, 12, 0x0806);
  EXPECT_EQ(describe(frame), "ARP");
  put_word(frame, 12, 0x88cc);
  EXPECT_EQ(describe(frame), "ethertype 0x88cc");
  EXPECT_EQ(describe({}), "cut off");
}

TEST(Flow, ReadsAnyBeginningOfAFrame) {
  Bytes frame = ipv6_frame(0, Bytes(400, 0));
  for (std::size_t length = 0; length <= frame.size(); ++length) {
    EXPECT_FALSE(describe(std::span(frame).first(length)).empty());
  }
}

}  // namespace
}  // namespace ballast::capture
