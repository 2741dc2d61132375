#include "net/ip_packet.h"

#include <array>

#include "net/checksum.h"

namespace ballast::net {
namespace {

constexpr std::uint8_t network_control = 0xc0;

void append(std::vector<std::byte>& packet, Bytes bytes) { packet.insert(packet.end(), bytes.begin(), bytes.end()); }

std::byte high(std::size_t value) { return static_cast<std::byte>(value >> 8 & 0xff); }
std::byte low(std::size_t value) { return static_cast<std::byte>(value & 0xff); }

std::vector<std::byte> ipv4_packet(const IpHeader& header, Bytes payload) {
  constexpr std::size_t length = 20;
  constexpr std::byte do_not_fragment{0x40};
  const std::size_t total = length + payload.size();
  std::vector<std::byte> packet = {std::byte{0x45},
                                   std::byte{network_control},
                                   high(total),
                                   low(total),
                                   std::byte{0},
                                   std::byte{0},
                                   do_not_fragment,
                                   std::byte{0},
                                   std::byte{header.hop_limit},
                                   std::byte{header.protocol},
                                   std::byte{0},
                                   std::byte{0}};
  append(packet, address_bytes(header.source));
  append(packet, address_bytes(header.destination));
  const std::uint16_t checksum = ChecksumSum().add(packet).checksum();
  packet[10] = high(checksum);
  packet[11] = low(checksum);
  append(packet, payload);
  return packet;
}

std::vector<std::byte> ipv6_packet(const IpHeader& header, Bytes payload) {
  std::vector<std::byte> packet = {std::byte{0x60 | network_control >> 4},
                                   std::byte{(network_control & 0xf) << 4},
                                   std::byte{0},
                                   std::byte{0},
                                   high(payload.size()),
                                   low(payload.size()),
                                   std::byte{header.protocol},
                                   std::byte{header.hop_limit}};
  append(packet, address_bytes(header.source));
  append(packet, address_bytes(header.destination));
  append(packet, payload);
  return packet;
}

}  // namespace

std::vector<std::byte> ip_packet(const IpHeader& header, Bytes payload) {
  return header.source.is_ipv4() ? ipv4_packet(header, payload) : ipv6_packet(header, payload);
}

}  // namespace ballast::net
