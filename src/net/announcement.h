// Frames that tell a link where an address is now. No I/O.
#pragma once

#include <cstddef>
#include <vector>

#include "net/address.h"

namespace ballast::net {

/// An Ethernet frame to everybody on the link that says: `address` has this MAC address. IPv4: a gratuitous ARP request
/// (RFC 5227 §1.2, §3); IPv6: an unsolicited neighbour advertisement of a router that overrides (RFC 4861 §7.2.6).
std::vector<std::byte> announcement(const Address& address, const MacAddress& mac);

}  // namespace ballast::net
