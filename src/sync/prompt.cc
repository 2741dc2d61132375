#include "sync/prompt.h"

#include <netinet/in.h>

#include "net/checksum.h"
#include "net/ip_packet.h"

namespace ballast::sync {
namespace {

std::vector<std::byte> tcp_syn(const net::Endpoint& from, const net::Endpoint& to, std::uint32_t sequence) {
  constexpr std::byte no_options{0x50}, syn{0x02};
  std::vector<std::byte> segment;
  const auto put16 = [&segment](std::uint32_t value) {
    segment.push_back(static_cast<std::byte>(value >> 8 & 0xff));
    segment.push_back(static_cast<std::byte>(value & 0xff));
  };
  put16(from.port);
  put16(to.port);
  put16(sequence >> 16);
  put16(sequence);
  put16(0);  // acknowledges nothing
  put16(0);
  segment.push_back(no_options);
  segment.push_back(syn);
  put16(0xffff);  // window
  const std::size_t checksum_at = segment.size();
  put16(0);
  put16(0);  // no urgent data
  const auto length = static_cast<std::uint16_t>(segment.size());
  const std::uint16_t checksum =
      net::ChecksumSum().add_pseudo_header(from.address, to.address, IPPROTO_TCP, length).add(segment).checksum();
  segment[checksum_at] = static_cast<std::byte>(checksum >> 8);
  segment[checksum_at + 1] = static_cast<std::byte>(checksum & 0xff);
  return segment;
}

Packet prompt(const net::Endpoint& from, const net::Endpoint& to, std::uint32_t sequence) {
  constexpr std::uint8_t hops = 64;
  return {.destination = to.address,
          .bytes = net::ip_packet(
              {.source = from.address, .destination = to.address, .protocol = IPPROTO_TCP, .hop_limit = hops},
              tcp_syn(from, to, sequence))};
}

}  // namespace

std::vector<Packet> prompts(const cluster::Connection& connection, std::uint32_t sequence) {
  if (connection.is_template || connection.local_client || connection.protocol != IPPROTO_TCP ||
      connection.state != cluster::state_established) {
    return {};
  }
  std::vector<Packet> made = {prompt(connection.virtual_address, connection.client, sequence)};
  const bool same_family = connection.client.address.is_ipv4() == connection.server.address.is_ipv4();
  if (connection.forward == cluster::ForwardingMethod::nat && same_family) {
    made.push_back(prompt(connection.client, connection.server, sequence));
  }
  return made;
}

}  // namespace ballast::sync
