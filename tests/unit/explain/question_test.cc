#include "explain/question.h"

#include <gtest/gtest.h>
#include <netinet/in.h>

#include "capture/flow.h"

namespace ballast::explain {
namespace {

Question question(std::string_view from, std::string_view to, std::uint8_t protocol = IPPROTO_TCP) {
  return {.from = *net::Endpoint::parse(from), .to = *net::Endpoint::parse(to), .protocol = protocol};
}

std::string described(const Question& asked, bool opens = true) {
  const auto frame = frame_of(asked, opens);
  return frame ? capture::describe(*frame) : frame.error().message;
}

TEST(Question, APacketHasTheEndsThatAreAskedFor) {
  EXPECT_EQ(described(question("1.2.3.4:5555", "10.0.0.13:80")), "TCP 1.2.3.4:5555 > 10.0.0.13:80 [S]");
  EXPECT_EQ(described(question("[fd00::2]:5555", "[fd00::13]:80")), "TCP [fd00::2]:5555 > [fd00::13]:80 [S]");
  EXPECT_EQ(described(question("1.2.3.4:5555", "10.0.0.13:53", IPPROTO_UDP)), "UDP 1.2.3.4:5555 > 10.0.0.13:53");
  EXPECT_EQ(described(question("1.2.3.4:5555", "10.0.0.13:53", IPPROTO_SCTP)), "SCTP 1.2.3.4:5555 > 10.0.0.13:53");
  EXPECT_EQ(described(question("1.2.3.4:0", "10.0.0.13:0", IPPROTO_ICMP)), "ICMP 1.2.3.4 > 10.0.0.13");
  EXPECT_EQ(described(question("[fd00::2]:0", "[fd00::13]:0", IPPROTO_ICMP)), "ICMPv6 fd00::2 > fd00::13");
}

TEST(Question, FlagsAreThoseOfAFirstOrLaterPacketUnlessTheyAreGiven) {
  auto asked = question("1.2.3.4:5555", "10.0.0.13:80");
  EXPECT_EQ(described(asked, false), "TCP 1.2.3.4:5555 > 10.0.0.13:80 [.]");
  asked.tcp_flags = flag_rst | flag_ack;
  EXPECT_EQ(described(asked, true), "TCP 1.2.3.4:5555 > 10.0.0.13:80 [R.]");
}

TEST(Question, AnIpv4HeaderIsWholeAndItsChecksumRight) {
  auto asked = question("1.2.3.4:5555", "10.0.0.13:80");
  asked.ttl = 7;
  asked.dont_fragment = true;
  asked.length = 1500;
  const auto frame = frame_of(asked, false);
  ASSERT_TRUE(frame.has_value());
  ASSERT_EQ(frame->size(), 1514u);
  EXPECT_EQ((*frame)[16] << 8 | (*frame)[17], 1500);
  EXPECT_EQ((*frame)[20], 0x40);
  EXPECT_EQ((*frame)[22], 7);
  unsigned sum = 0;
  for (std::size_t i = 14; i < 34; i += 2) sum += static_cast<unsigned>((*frame)[i]) << 8 | (*frame)[i + 1];
  EXPECT_EQ((sum & 0xffff) + (sum >> 16), 0xffffu);
}

TEST(Question, ALengthWithoutRoomForTheHeadersIsRefused) {
  auto asked = question("1.2.3.4:5555", "10.0.0.13:80");
  asked.length = 43;
  EXPECT_EQ(described(asked), "--length 43: the headers alone have 44 bytes");
}

}  // namespace
}  // namespace ballast::explain
