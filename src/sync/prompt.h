// Asking both ends of a TCP connection where they stand.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "cluster/connection.h"
#include "net/address.h"

namespace ballast::sync {

/// An IP packet and where it goes.
struct Packet {
  net::Address destination;
  std::vector<std::byte> bytes;
};

/// Packets upon which the ends of an established TCP connection tell each other what they have received: a SYN that
/// seems to come from the other end. An end that has the connection answers it with an acknowledgement to that other
/// end, whatever the SYN's `sequence`, and changes nothing (challenge ACK, RFC 9293 §3.10.7.4, RFC 5961 §4). The client
/// is always asked; the real server where packets to it differ from the client's only in their addresses (NAT). None
/// for what is no established TCP connection.
std::vector<Packet> prompts(const cluster::Connection& connection, std::uint32_t sequence);

}  // namespace ballast::sync
