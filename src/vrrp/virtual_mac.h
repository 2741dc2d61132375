// The interface with the virtual router's MAC address.
#pragma once

#include <string>

#include "base/error.h"
#include "cluster/vrrp.h"
#include "net/address.h"

namespace ballast::vrrp {

/// 00:00:5e:00:01:VRID, or 02 in the fifth place for IPv6 (RFC 9568 §7.3), unless the instance names another.
net::MacAddress virtual_mac(const cluster::VrrpInstance& instance);
/// "vrrp.51", "vrrp6.51" or what the instance names.
std::string virtual_mac_interface(const cluster::VrrpInstance& instance);

/// Makes the interface on top of the instance's own one, or takes what an earlier daemon left, and sets what ARP and
/// routing need: only it answers for its addresses, and what comes in by it need not go out by it.
Result<void> make_virtual_mac_interface(const cluster::VrrpInstance& instance, std::uint32_t lower_index);

}  // namespace ballast::vrrp
