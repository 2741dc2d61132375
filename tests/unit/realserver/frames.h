// Frames for the packet programs, put together from the inside out.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "net/address.h"

namespace ballast::realserver::test {

using Bytes = std::vector<std::uint8_t>;

inline Bytes operator+(Bytes left, const Bytes& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

inline Bytes be16(unsigned value) { return {static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)}; }

/// The one's-complement checksum (RFC 1071).
inline unsigned checksum(const Bytes& bytes) {
  unsigned long sum = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) sum += static_cast<unsigned long>(bytes[i]) << (i % 2 == 0 ? 8 : 0);
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<unsigned>(~sum & 0xffff);
}

inline Bytes address_bytes(const char* text) {
  const auto address = *net::Address::parse(text);
  const auto& all = address.bytes();
  return {all.begin() + (address.is_ipv4() ? 12 : 0), all.end()};
}

inline Bytes with_checksum(Bytes bytes, std::size_t at, unsigned sum) {
  bytes[at] = static_cast<std::uint8_t>(sum >> 8);
  bytes[at + 1] = static_cast<std::uint8_t>(sum);
  return bytes;
}

struct Ip {
  const char* source;
  const char* destination;
  std::uint8_t traffic_class = 0;
  unsigned fragment = 0x4000;  ///< IPv4: flags and fragment offset
  Bytes options = {};          ///< IPv4, a multiple of 4 bytes
};

/// An IPv4 or IPv6 packet, as the addresses say, around `payload`.
inline Bytes ip(const Ip& header, std::uint8_t protocol, const Bytes& payload) {
  const Bytes addresses = address_bytes(header.source) + address_bytes(header.destination);
  if (addresses.size() == 32) {
    return Bytes{static_cast<std::uint8_t>(0x60 | header.traffic_class >> 4),
                 static_cast<std::uint8_t>(header.traffic_class << 4), 0, 0} +
           be16(static_cast<unsigned>(payload.size())) + Bytes{protocol, 64} + addresses + payload;
  }
  const auto length = 20 + header.options.size();
  Bytes bytes = Bytes{static_cast<std::uint8_t>(0x40 | length / 4), header.traffic_class} +
                be16(static_cast<unsigned>(length + payload.size())) + be16(7) + be16(header.fragment) +
                Bytes{64, protocol, 0, 0} + addresses + header.options;
  return with_checksum(bytes, 10, checksum(bytes)) + payload;
}

inline bool is_ipv6(const Bytes& packet) { return packet[0] >> 4 == 6; }

/// The protocol number that says what is inside: 4 or 41.
inline std::uint8_t protocol_of(const Bytes& packet) { return is_ipv6(packet) ? 41 : 4; }

inline Bytes udp(unsigned source, unsigned destination, const Bytes& payload) {
  return be16(source) + be16(destination) + be16(static_cast<unsigned>(8 + payload.size())) + be16(0) + payload;
}

/// A frame to the (all-zero) address of the interface, as test runs have it.
inline Bytes frame(const Bytes& packet) {
  return Bytes(12, 0) + (is_ipv6(packet) ? be16(0x86dd) : be16(0x0800)) + packet;
}

// The tunnels, each around an IP packet.

inline Bytes ipip(const Ip& outer, const Bytes& inner) { return ip(outer, protocol_of(inner), inner); }

inline Bytes gue(const Ip& outer, const Bytes& inner, unsigned port = 6080) {
  return ip(outer, 17, udp(40000, port, Bytes{0, protocol_of(inner), 0, 0} + inner));
}

inline Bytes gue_bare(const Ip& outer, const Bytes& inner) { return ip(outer, 17, udp(40000, 6080, inner)); }

inline Bytes gre(const Ip& outer, const Bytes& inner) {
  return ip(outer, 47, Bytes{0, 0} + (is_ipv6(inner) ? be16(0x86dd) : be16(0x0800)) + inner);
}

inline Bytes gre_checksum(const Ip& outer, const Bytes& inner) {
  const Bytes bytes = Bytes{0x80, 0} + (is_ipv6(inner) ? be16(0x86dd) : be16(0x0800)) + Bytes{0, 0, 0, 0} + inner;
  return ip(outer, 47, with_checksum(bytes, 4, checksum(bytes)));
}

}  // namespace ballast::realserver::test
