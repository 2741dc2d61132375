// IP packets as bytes. No I/O.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "net/address.h"
#include "net/netlink_message.h"

namespace ballast::net {

/// What the header of a packet says.
struct IpHeader {
  Address source;
  Address destination;
  std::uint8_t protocol = 0;
  std::uint8_t hop_limit = 255;  ///< or TTL
};

/// A packet with that header, of traffic class CS6 (network control, RFC 4594), not to be fragmented. Identification is
/// left to the kernel.
std::vector<std::byte> ip_packet(const IpHeader& header, Bytes payload);

}  // namespace ballast::net
