// Frames written down readably, and read back with every checksum computed anew.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "net/address.h"

namespace ballast::packet_test {

using Bytes = std::vector<std::uint8_t>;
using net::Address;
using net::MacAddress;

constexpr std::uint8_t icmp4 = 1, ipip = 4, tcp = 6, udp = 17, ipv6_in = 41, gre = 47, icmp6 = 58, sctp = 132;
constexpr std::uint8_t fin = 1, syn = 2, rst = 4, psh = 8, ack = 16;
/// Chunk types of SCTP, RFC 9260 §3.2.
constexpr std::uint8_t data = 0, init = 1, init_ack = 2, sack = 3, heartbeat = 4, abort_chunk = 6, shutdown = 7,
                       shutdown_ack = 8, error = 9, cookie_echo = 10, cookie_ack = 11, shutdown_complete = 14;
constexpr std::size_t ethernet_bytes = 14;

constexpr MacAddress client_mac{2, 0, 0, 0, 1, 2}, outside_mac{2, 0, 0, 0, 1, 1}, inside_mac{2, 0, 0, 0, 2, 1},
    server_mac{2, 0, 0, 0, 2, 0x11};

/// Reads an address; the text must be one.
Address address(std::string_view text);

/// A packet, as the fields say; every checksum right, lengths computed.
struct Packet {
  MacAddress to = outside_mac;
  MacAddress from = client_mac;
  Address source;
  Address destination;
  std::uint8_t protocol = tcp;
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  std::uint8_t ttl = 64;
  std::uint8_t tos = 0;
  std::uint16_t identification = 0x1234;
  bool dont_fragment = false;
  Bytes ip_options;             ///< IPv4: a multiple of 4 bytes
  Bytes extension;              ///< IPv6: one destination options header's contents behind its two first bytes, 6 + 8n
  std::uint8_t flags = 0;       ///< TCP
  std::uint32_t sequence = 1;   ///< TCP; SCTP: the verification tag
  Bytes tcp_options;            ///< a multiple of 4 bytes
  bool udp_checksum = true;     ///< false: the field is 0
  std::uint8_t chunk = init;    ///< SCTP: the type of the first chunk, whose value is the payload
  Bytes more_chunks;            ///< SCTP: what follows the first chunk
  bool sctp_checksum = true;    ///< false: the field is 0
  std::uint8_t icmp_type = 0;   ///< ICMP
  std::uint8_t icmp_code = 0;   ///< ICMP
  std::uint32_t icmp_info = 0;  ///< ICMP: the second word
  Bytes payload;

  /// The layer-3 packet.
  [[nodiscard]] Bytes packet() const;
  /// The whole frame.
  [[nodiscard]] Bytes frame() const;
  /// The frame's packet cut into fragments of at most `size` bytes of layer-4 data, which is a multiple of 8.
  [[nodiscard]] std::vector<Bytes> fragments(std::size_t size) const;
};

/// A TCP segment or UDP datagram from a to b.
Packet tcp_segment(std::string_view source, std::uint16_t source_port, std::string_view destination,
                   std::uint16_t destination_port, std::uint8_t flags);
Packet udp_datagram(std::string_view source, std::uint16_t source_port, std::string_view destination,
                    std::uint16_t destination_port, std::string_view payload = "hello");
Packet sctp_packet(std::string_view source, std::uint16_t source_port, std::string_view destination,
                   std::uint16_t destination_port, std::uint8_t chunk);
/// An ICMP or ICMPv6 error about the layer-3 packet `quoted`.
Packet icmp_error(std::string_view source, std::string_view destination, std::uint8_t type, std::uint8_t code,
                  std::uint32_t info, Bytes quoted);

/// What a layer-3 packet says, with `error` set where it is malformed or a checksum is wrong.
struct Dissected {
  std::string error{};
  Address source{}, destination{};
  std::uint8_t protocol = 0, ttl = 0, tos = 0, flags = 0, icmp_type = 0, icmp_code = 0;
  std::uint16_t identification = 0, source_port = 0, destination_port = 0, fragment_offset = 0, length = 0;
  std::uint32_t icmp_info = 0;
  bool dont_fragment = false, more_fragments = false;
  bool udp_checksum = false;
  std::uint8_t chunk = 0;
  bool sctp_checksum = false;
  Bytes options{};  ///< of TCP
  Bytes payload{};  ///< behind the layer-4 header (for protocols without one here: behind the IP header)
};

/// Reads a layer-3 packet. With `quoted` it may be cut off, and its layer-4 checksum is only checked where it is whole.
Dissected dissect(std::span<const std::uint8_t> packet, bool quoted = false);
/// Reads the packet of a frame.
Dissected dissect_frame(std::span<const std::uint8_t> frame);

/// The Internet checksum of RFC 1071 over bytes and a pseudo-header's sum: 0 where a checksum in them is right.
std::uint16_t checksum(std::span<const std::uint8_t> bytes, std::uint32_t sum = 0);
std::uint32_t pseudo_header_sum(const Address& source, const Address& destination, std::uint8_t protocol,
                                std::size_t length);

/// CRC32c of RFC 9260 appendix A, bit by bit.
std::uint32_t crc32c(std::span<const std::uint8_t> bytes);

/// "4500 0020 ..." with any spaces.
Bytes from_hex(std::string_view text);
std::string to_hex(std::span<const std::uint8_t> bytes);

void put16(Bytes& bytes, std::size_t at, std::uint32_t value);
std::uint16_t get16(std::span<const std::uint8_t> bytes, std::size_t at);

}  // namespace ballast::packet_test
