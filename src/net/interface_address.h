// The addresses of this machine's interfaces.
#pragma once

#include <cstdint>
#include <set>
#include <vector>

#include "base/error.h"
#include "net/address.h"
#include "net/netlink_message.h"

namespace ballast::net {

struct InterfaceAddress {
  std::uint32_t interface_index = 0;
  Prefix prefix;           ///< the machine's own address, and how long its subnet's prefix is
  bool usable = false;     ///< not still being checked for a duplicate, nor found to be one (RFC 4862 §5.4)
  bool permanent = false;  ///< without a lifetime that ends
  friend bool operator==(const InterfaceAddress&, const InterfaceAddress&) = default;
};

/// The addresses in a sequence of netlink messages; other messages are passed over.
std::vector<InterfaceAddress> parse_interface_addresses(Bytes messages);

/// The addresses that notifications say were taken away.
std::vector<InterfaceAddress> parse_removed_addresses(Bytes messages);

/// All IPv4 and IPv6 addresses on the interfaces of this network namespace.
Result<std::vector<InterfaceAddress>> interface_addresses();

/// The addresses alone, of all interfaces together. What is local by a route (127.0.0.0/8 beside 127.0.0.1) is not
/// listed: ask route_to() about a single address.
Result<std::set<Address>> local_addresses();

}  // namespace ballast::net
