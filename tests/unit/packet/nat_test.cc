#include <random>

#include "packet_path.h"

namespace ballast::packet_test {
namespace {

class Nat : public BothHooks {};
FOR_BOTH_HOOKS(Nat);

Bytes random_bytes(std::mt19937& random, std::size_t length) {
  Bytes out(length);
  for (auto& byte : out) byte = static_cast<std::uint8_t>(random());
  return out;
}

/// A packet of a client as odd as they come.
Packet random_packet(std::mt19937& random, bool ipv4, std::uint8_t protocol) {
  Packet p;
  const std::string client = ipv4 ? "10.9." + std::to_string(random() % 256) + "." + std::to_string(1 + random() % 254)
                                  : "fd00:9::" + std::to_string(1 + random() % 9999);
  p.source = address(client);
  p.destination = address(ipv4 ? "10.0.1.100" : "fd00:1::100");
  p.protocol = protocol;
  p.source_port = static_cast<std::uint16_t>(1 + random() % 65535);
  p.destination_port = 80;
  p.ttl = static_cast<std::uint8_t>(2 + random() % 254);
  p.tos = static_cast<std::uint8_t>(random());
  p.identification = static_cast<std::uint16_t>(random());
  p.dont_fragment = random() % 2 != 0;
  p.flags = syn;
  p.sequence = random();
  p.payload = random_bytes(random, random() % 200);
  if (ipv4 && random() % 4 == 0) p.ip_options = Bytes((1 + random() % 10) * 4, 1);
  if (!ipv4 && random() % 4 == 0) p.extension = Bytes(6 + 8 * (random() % 3), 0);
  if (protocol == tcp && random() % 2 != 0) p.tcp_options = Bytes((1 + random() % 10) * 4, 1);
  if (protocol == udp && ipv4 && random() % 4 == 0) p.udp_checksum = false;
  return p;
}

Packet reply_to(const Packet& p, std::string_view server, std::uint16_t port) {
  Packet reply = p;
  reply.source = address(server);
  reply.source_port = port;
  reply.destination = p.source;
  reply.destination_port = p.source_port;
  reply.flags = syn | ack;
  reply.from = server_mac;
  reply.to = inside_mac;
  return reply;
}

TEST_P(Nat, TranslatesRandomPacketsBothWaysAsIfTheyHadBeenMadeSo) {
  std::mt19937 random(1);
  for (const bool ipv4 : {true, false}) {
    for (const std::uint8_t protocol : {tcp, udp}) {
      const auto service =
          path().add_service({.address = ipv4 ? "10.0.1.100" : "fd00:1::100", .port = 80, .protocol = protocol});
      const std::string_view real = ipv4 ? "10.0.2.11" : "fd00:2::11";
      path().add_server(service, {.address = real, .port = 8080});
      for (int i = 0; i < 1500; ++i) {
        const Packet p = random_packet(random, ipv4, protocol);
        Packet expected = p;
        expected.destination = address(real);
        expected.destination_port = 8080;
        expected.ttl = static_cast<std::uint8_t>(p.ttl - 1);
        expect_on(path().send(p), expected.packet(), server_mac, inside_mac);

        const Packet reply = reply_to(p, real, 8080);
        expected = reply;
        expected.source = p.destination;
        expected.source_port = 80;
        expected.ttl = static_cast<std::uint8_t>(reply.ttl - 1);
        expect_on(path().send(reply), expected.packet(), client_mac, outside_mac);
        if (HasFailure()) FAIL() << "packet " << i << ": " << to_hex(p.frame());
      }
    }
  }
  EXPECT_EQ(path().counter("forwarded_nat"), 6000u);
  EXPECT_EQ(path().counter("replies_nat"), 6000u);
}

TEST_P(Nat, AUdpChecksumThatBecomesZeroIsSentAsAllOnes) {
  const auto service = path().add_service({.port = 53, .protocol = udp});
  path().add_server(service);
  Packet p = udp_datagram("10.9.0.1", 2000, "10.0.1.100", 53, "xx");
  Packet expected = p;
  expected.destination = address("10.0.2.11");
  expected.ttl = 63;
  std::uint32_t word = 0;
  for (; word < 0x10000; ++word) {
    put16(expected.payload, 0, word);
    if (get16(expected.packet(), 26) == 0xffff) break;
  }
  ASSERT_LT(word, 0x10000u);
  p.payload = expected.payload;
  expect_on(path().send(p), expected.packet(), server_mac, inside_mac);
}

TEST_P(Nat, KeepsThePaddingOfShortFramesAndTheLengthInTheHeader) {
  const auto service = path().add_service({.port = 53, .protocol = udp});
  path().add_server(service);
  const Packet p = udp_datagram("10.9.0.1", 2000, "10.0.1.100", 53, "x");
  Bytes frame = p.frame();
  frame.resize(60);
  Packet expected = p;
  expected.destination = address("10.0.2.11");
  expected.ttl = 63;
  Bytes packet = expected.packet();
  packet.resize(46);
  expect_on(path().send(frame), packet, server_mac, inside_mac);
}

TEST_P(Nat, LeavesAloneWhatAnotherMachineSendsToAClient) {
  const auto service = path().add_service();
  path().add_server(service);
  path().send(tcp_segment("10.9.0.1", 2000, "10.0.1.100", 80, syn));
  expect_untouched(tcp_segment("10.0.2.12", 80, "10.9.0.1", 2000, syn | ack).frame());
  expect_untouched(tcp_segment("10.0.2.11", 81, "10.9.0.1", 2000, syn | ack).frame());
  expect_untouched(tcp_segment("10.0.2.11", 80, "10.9.0.1", 2001, syn | ack).frame());
  expect_untouched(udp_datagram("10.0.2.11", 80, "10.9.0.1", 2000).frame());
}

TEST_P(Nat, GivesARealServerOnThisMachineItsPacketsTranslatedWithTheirTtl) {
  const auto service = path().add_service();
  path().add_server(service, {.address = "10.0.2.1", .port = 8080, .local = true});
  Packet p = tcp_segment("10.9.0.1", 2000, "10.0.1.100", 80, syn);
  p.ttl = 1;
  const Answer answer = path().send(p);
  EXPECT_EQ(answer.verdict, Verdict::pass);
  p.destination = address("10.0.2.1");
  p.destination_port = 8080;
  EXPECT_EQ(to_hex(answer.frame), to_hex(p.frame()));
  EXPECT_EQ(path().counter("forwarded_local"), 1u);
}

TEST_P(Nat, CountsPacketsAndBytesOfBothDirections) {
  const auto service = path().add_service();
  const auto server = path().add_server(service);
  const Packet p = tcp_segment("10.9.0.1", 2000, "10.0.1.100", 80, syn);
  path().send(p);
  path().send(reply_to(p, "10.0.2.11", 80));
  const auto traffic = path().traffic(server);
  EXPECT_EQ(traffic.connections, 1u);
  EXPECT_EQ(traffic.packets_in, 1u);
  EXPECT_EQ(traffic.bytes_in, 40u);
  EXPECT_EQ(traffic.packets_out, 1u);
  EXPECT_EQ(traffic.bytes_out, 40u);
}

TEST_P(Nat, DropsPacketsOfConnectionsWhoseServerIsNotConfiguredAnyMore) {
  const auto service = path().add_service();
  const auto server = path().add_server(service);
  path().send(tcp_segment("10.9.0.1", 2000, "10.0.1.100", 80, syn));
  auto value = path().server(server);
  value.flags &= static_cast<std::uint8_t>(~SERVER_AVAILABLE);
  path().set_server(server, value);
  EXPECT_EQ(path().send(tcp_segment("10.9.0.1", 2000, "10.0.1.100", 80, ack)).verdict, Verdict::drop);
  EXPECT_EQ(path().counter("server_gone"), 1u);
}

}  // namespace
}  // namespace ballast::packet_test
