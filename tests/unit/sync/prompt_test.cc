#include "sync/prompt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include "net/checksum.h"

namespace ballast::sync {
namespace {

using cluster::Connection;
using testing::IsEmpty;
using testing::SizeIs;

net::Endpoint endpoint(std::string_view address, std::uint16_t port) { return {*net::Address::parse(address), port}; }

Connection established(cluster::ForwardingMethod forward) {
  Connection one;
  one.protocol = IPPROTO_TCP;
  one.client = endpoint("10.9.0.9", 40000);
  one.virtual_address = endpoint("10.0.1.100", 80);
  one.server = one.configured = endpoint("10.0.2.11", 8080);
  one.state = cluster::state_established;
  one.forward = forward;
  return one;
}

std::uint32_t number(const std::vector<std::byte>& bytes, std::size_t at, std::size_t length) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < length; ++i) value = value << 8 | std::to_integer<std::uint32_t>(bytes[at + i]);
  return value;
}

/// That `packet` is a SYN with right checksums and these ends.
void expect_syn(const Packet& packet, const net::Endpoint& from, const net::Endpoint& to, std::uint32_t sequence) {
  const bool ipv4 = from.address.is_ipv4();
  const std::size_t addresses = ipv4 ? 12 : 8, tcp = ipv4 ? 20 : 40;
  EXPECT_EQ(packet.destination, to.address);
  ASSERT_THAT(packet.bytes, SizeIs(tcp + 20));
  const auto bytes = net::Bytes(packet.bytes);
  const std::size_t length = ipv4 ? 4 : 16;
  EXPECT_EQ(net::read_address(bytes.subspan(addresses, length)), from.address);
  EXPECT_EQ(net::read_address(bytes.subspan(addresses + length, length)), to.address);
  if (ipv4) EXPECT_EQ(net::ChecksumSum().add(bytes.first(20)).checksum(), 0);
  EXPECT_EQ(number(packet.bytes, tcp, 2), from.port);
  EXPECT_EQ(number(packet.bytes, tcp + 2, 2), to.port);
  EXPECT_EQ(number(packet.bytes, tcp + 4, 4), sequence);
  EXPECT_EQ(number(packet.bytes, tcp + 12, 2), 0x5002U) << "20 bytes, SYN alone";
  EXPECT_EQ(net::ChecksumSum()
                .add_pseudo_header(from.address, to.address, IPPROTO_TCP, 20)
                .add(bytes.subspan(tcp))
                .checksum(),
            0);
}

TEST(Prompt, AsksTheClientInTheNameOfTheVirtualAddress) {
  for (const auto forward : {cluster::ForwardingMethod::route, cluster::ForwardingMethod::tunnel}) {
    const auto connection = established(forward);
    const auto packets = prompts(connection, 0x12345678);
    ASSERT_THAT(packets, SizeIs(1));
    expect_syn(packets[0], connection.virtual_address, connection.client, 0x12345678);
  }
}

TEST(Prompt, AsksTheRealServerInTheNameOfTheClientWithNat) {
  const auto connection = established(cluster::ForwardingMethod::nat);
  const auto packets = prompts(connection, 7);
  ASSERT_THAT(packets, SizeIs(2));
  expect_syn(packets[0], connection.virtual_address, connection.client, 7);
  expect_syn(packets[1], connection.client, connection.server, 7);
}

TEST(Prompt, SpeaksIpv6) {
  auto connection = established(cluster::ForwardingMethod::nat);
  connection.client = endpoint("fd00:9::9", 40000);
  connection.virtual_address = endpoint("fd00:1::100", 80);
  connection.server = endpoint("fd00:2::11", 8080);
  const auto packets = prompts(connection, 7);
  ASSERT_THAT(packets, SizeIs(2));
  expect_syn(packets[0], connection.virtual_address, connection.client, 7);
  expect_syn(packets[1], connection.client, connection.server, 7);
}

TEST(Prompt, AsksNobodyForWhatIsNoEstablishedTcpConnection) {
  auto closing = established(cluster::ForwardingMethod::nat);
  closing.state = cluster::state_fin_wait;
  auto udp = established(cluster::ForwardingMethod::nat);
  udp.protocol = IPPROTO_UDP;
  auto remembered = established(cluster::ForwardingMethod::nat);
  remembered.is_template = true;
  auto own = established(cluster::ForwardingMethod::nat);
  own.local_client = true;
  for (const auto& none : {closing, udp, remembered, own}) EXPECT_THAT(prompts(none, 7), IsEmpty());
}

}  // namespace
}  // namespace ballast::sync
