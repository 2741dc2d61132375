// Network interfaces as the kernel lists them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "net/address.h"
#include "net/netlink_message.h"

namespace ballast::net {

struct Link {
  std::uint32_t index = 0;
  std::string name;
  MacAddress mac{};       ///< all zero where the interface has none
  std::uint32_t mtu = 0;  ///< bytes
  bool up = false;        ///< switched on by the administrator
  bool carrier = false;   ///< a cable, a peer: packets can pass (IFF_LOWER_UP)
  bool loopback = false;
  std::string kind;                ///< "veth", "bridge", "vlan", "tun" ...; empty for hardware and lo
  std::uint32_t master_index = 0;  ///< the bridge, bond or VRF that it belongs to; 0: none
  /// The interface below (vlan, macvlan, tunnel), or the peer of a veth; 0: none. See lower_elsewhere.
  std::uint32_t lower_index = 0;
  bool lower_elsewhere = false;  ///< lower_index counts in another network namespace
  /// Packets carry an Ethernet header there: Ethernet devices and lo do, tun and layer-3 tunnels do not.
  bool has_ethernet_header = false;
  std::uint32_t xdp_program_id = 0;  ///< the XDP program attached to it, whoever did that; 0: none
  friend bool operator==(const Link&, const Link&) = default;
};

/// The interfaces in a sequence of netlink messages; other messages are passed over.
std::vector<Link> parse_links(Bytes messages);

/// All interfaces of this network namespace, in the kernel's order.
Result<std::vector<Link>> links();

/// The one with that index or name, or nullptr.
const Link* find_link(std::span<const Link> links, std::uint32_t index);
const Link* find_link(std::span<const Link> links, std::string_view name);

}  // namespace ballast::net
