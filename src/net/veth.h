// Pairs of virtual Ethernet devices: what goes out of the one comes in by the other.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"
#include "net/address.h"

namespace ballast::net {

/// Two devices of this network namespace with one MAC address, so that whatever is sent is taken. They ask nobody for
/// link addresses (NOARP).
struct VethPair {
  std::string name;
  std::string peer;
  MacAddress mac{};
  std::uint32_t mtu = 65535;  ///< bytes
};

/// Makes the pair, switched off. EEXIST where one of the names is taken.
Result<void> make_veth_pair(const VethPair& pair);

/// Switches a device on.
Result<void> switch_on(const std::string& name);

/// Removes a device by name, and the other end of a pair with it; nothing where there is none.
Result<void> remove_link(const std::string& name);

/// Adds a default route out of a device to a routing table, or replaces the one there.
Result<void> route_all_to(std::uint32_t interface_index, Family family, std::uint32_t table);

}  // namespace ballast::net
