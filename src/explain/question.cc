#include "explain/question.h"

#include <fmt/format.h>
#include <linux/if_ether.h>
#include <netinet/in.h>

#include <algorithm>

namespace ballast::explain {
namespace {

using capture::Bytes;

constexpr std::uint16_t usual_mss = 1460;
constexpr std::uint8_t icmp_echo = 8, icmpv6_echo = 128;
constexpr std::uint8_t sctp_data = 0, sctp_init = 1;

void add_byte(Bytes& bytes, unsigned value) { bytes.push_back(static_cast<std::uint8_t>(value)); }
void add_word(Bytes& bytes, unsigned value) {
  add_byte(bytes, value >> 8);
  add_byte(bytes, value);
}
void add_long(Bytes& bytes, std::uint32_t value) {
  add_word(bytes, value >> 16);
  add_word(bytes, value);
}
void add_address(Bytes& bytes, const net::Address& address) {
  bytes.insert(bytes.end(), address.bytes().begin() + (address.is_ipv4() ? 12 : 0), address.bytes().end());
}

/// RFC 9293 §3.1
Bytes tcp_header(const Question& question, bool opens) {
  const std::uint8_t flags = question.tcp_flags.value_or(opens ? flag_syn : flag_ack);
  const bool has_mss = (flags & flag_syn) != 0;
  Bytes header;
  add_word(header, question.from.port);
  add_word(header, question.to.port);
  add_long(header, 1);
  add_long(header, (flags & flag_ack) != 0 ? 1 : 0);
  add_byte(header, (has_mss ? 6u : 5u) << 4);
  add_byte(header, flags);
  add_word(header, 0xffff);
  add_long(header, 0);
  if (has_mss) {
    add_word(header, 2 << 8 | 4);
    add_word(header, usual_mss);
  }
  return header;
}

Bytes udp_header(const Question& question, std::size_t payload) {
  Bytes header;
  add_word(header, question.from.port);
  add_word(header, question.to.port);
  add_word(header, static_cast<unsigned>(8 + payload));
  add_word(header, 0);
  return header;
}

/// RFC 9260 §3.1 to §3.3.2: a chunk of the least length.
Bytes sctp_header(const Question& question, bool opens) {
  Bytes header;
  add_word(header, question.from.port);
  add_word(header, question.to.port);
  add_long(header, opens ? 0 : 1);
  add_long(header, 0);
  add_byte(header, opens ? sctp_init : sctp_data);
  add_byte(header, opens ? 0 : 3);
  add_word(header, opens ? 20 : 17);
  header.resize(header.size() + 16);
  return header;
}

Bytes echo_request(bool ipv4) {
  Bytes header;
  add_byte(header, ipv4 ? icmp_echo : icmpv6_echo);
  header.resize(8);
  return header;
}

Bytes layer4_header(const Question& question, bool opens, std::size_t payload) {
  switch (question.protocol) {
    case IPPROTO_TCP:
      return tcp_header(question, opens);
    case IPPROTO_UDP:
      return udp_header(question, payload);
    case IPPROTO_SCTP:
      return sctp_header(question, opens);
    default:
      return echo_request(question.from.address.is_ipv4());
  }
}

/// RFC 1071
unsigned internet_checksum(const Bytes& header) {
  unsigned sum = 0;
  for (std::size_t i = 0; i + 1 < header.size(); i += 2) sum += static_cast<unsigned>(header[i]) << 8 | header[i + 1];
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return ~sum & 0xffff;
}

/// RFC 791 §3.1
Bytes ipv4_header(const Question& question, std::size_t length) {
  constexpr unsigned dont_fragment = 0x4000;
  Bytes header;
  add_word(header, 0x4500);
  add_word(header, static_cast<unsigned>(length));
  add_word(header, 0);
  add_word(header, question.dont_fragment ? dont_fragment : 0);
  add_byte(header, question.ttl);
  add_byte(header, question.protocol);
  add_word(header, 0);
  add_address(header, question.from.address);
  add_address(header, question.to.address);
  const unsigned sum = internet_checksum(header);
  header[10] = static_cast<std::uint8_t>(sum >> 8);
  header[11] = static_cast<std::uint8_t>(sum);
  return header;
}

/// RFC 8200 §3
Bytes ipv6_header(const Question& question, std::size_t length) {
  Bytes header;
  add_long(header, 0x60000000);
  add_word(header, static_cast<unsigned>(length - 40));
  add_byte(header, question.protocol == IPPROTO_ICMP ? unsigned{IPPROTO_ICMPV6} : question.protocol);
  add_byte(header, question.ttl);
  add_address(header, question.from.address);
  add_address(header, question.to.address);
  return header;
}

}  // namespace

Result<Bytes> frame_of(const Question& question, bool opens) {
  const bool ipv4 = question.from.address.is_ipv4();
  const std::size_t headers = (ipv4 ? 20 : 40) + layer4_header(question, opens, 0).size();
  const std::size_t length = question.length == 0 ? headers : question.length;
  if (length < headers) {
    return fail(fmt::format("--length {}: the headers alone have {} bytes", length, headers), EINVAL);
  }
  Bytes frame(std::size_t{2} * ETH_ALEN);
  add_word(frame, ipv4 ? ETH_P_IP : ETH_P_IPV6);
  const Bytes layer3 = ipv4 ? ipv4_header(question, length) : ipv6_header(question, length);
  const Bytes layer4 = layer4_header(question, opens, length - headers);
  frame.insert(frame.end(), layer3.begin(), layer3.end());
  frame.insert(frame.end(), layer4.begin(), layer4.end());
  frame.resize(ETH_HLEN + length);
  return frame;
}

}  // namespace ballast::explain
