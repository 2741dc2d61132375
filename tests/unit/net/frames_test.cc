// Frames and packets that are built here, byte by byte.
#include <gtest/gtest.h>

#include "bytes.h"
#include "net/announcement.h"
#include "net/checksum.h"
#include "net/ip_packet.h"

namespace ballast::net {
namespace {

constexpr MacAddress mac = {2, 0, 0, 0, 0, 1};

std::string hex_of(const std::vector<std::byte>& bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const std::byte byte : bytes) {
    text += digits[std::to_integer<unsigned>(byte) >> 4];
    text += digits[std::to_integer<unsigned>(byte) & 0xf];
  }
  return text;
}

TEST(Announcement, OfAnIpv4AddressIsAGratuitousArp) {
  EXPECT_EQ(hex_of(announcement(*Address::parse("10.0.0.100"), mac)),
            "ffffffffffff"
            "020000000001"
            "0806"
            "0001"
            "0800"
            "0604"
            "0001"
            "020000000001"
            "0a000064"
            "ffffffffffff"
            "0a000064");
}

TEST(Announcement, OfAnIpv6AddressIsANeighbourAdvertisementWithARightChecksum) {
  const Address address = *Address::parse("fd00::100");
  const auto frame = announcement(address, mac);
  ASSERT_EQ(frame.size(), 14U + 40U + 32U);
  EXPECT_EQ(hex_of({frame.begin(), frame.begin() + 14}), "33330000000102000000000186dd");
  const Bytes message = Bytes(frame).subspan(54);
  EXPECT_EQ(hex_of({message.begin(), message.begin() + 2}), "8800");
  EXPECT_EQ(hex_of({message.begin() + 4, message.begin() + 8}), "a0000000");
  EXPECT_EQ(hex_of({message.begin() + 24, message.end()}), "0201020000000001");
  EXPECT_EQ(ChecksumSum().add_pseudo_header(address, *Address::parse("ff02::1"), 58, 32).add(message).checksum(), 0);
}

TEST(IpPacket, HasAHeaderWithARightChecksum) {
  const auto packet = ip_packet({.source = *Address::parse("10.0.0.1"),
                                 .destination = *Address::parse("224.0.0.18"),
                                 .protocol = 112,
                                 .hop_limit = 255},
                                {});
  EXPECT_EQ(hex_of({packet.begin(), packet.begin() + 10}), "45c0001400004000ff70");
  EXPECT_EQ(ChecksumSum().add(packet).checksum(), 0);
}

TEST(Checksum, OfAnOddNumberOfBytesTakesTheLastOneAsTheUpperHalf) {
  const std::array<std::byte, 3> bytes = {std::byte{1}, std::byte{2}, std::byte{3}};
  EXPECT_EQ(ChecksumSum().add(bytes).checksum(), static_cast<std::uint16_t>(~0x0402));
}

}  // namespace
}  // namespace ballast::net
