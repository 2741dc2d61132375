// Putting addresses on interfaces and taking them off.
#pragma once

#include <cstdint>

#include "base/error.h"
#include "net/address.h"

namespace ballast::net {

/// Adds `prefix.address` with the subnet `prefix.length` to an interface. On lo it gets scope host, so that the kernel
/// never picks it as the source of packets that leave; IPv6 addresses skip duplicate address detection (a VIP lives on
/// many real servers at the same time). The kernel lists an IPv6 address at once but installs its local route a few
/// milliseconds later: until then route_to() still gives the enclosing route, and the Monitor reports a change of
/// routes when it is there. Fails with EEXIST where the interface has the address already. Needs CAP_NET_ADMIN.
Result<void> add_address(std::uint32_t interface_index, const Prefix& prefix);

/// Takes exactly that address with that prefix length off an interface. Fails with EADDRNOTAVAIL where it is not there.
/// The kernel takes an IPv4 address's secondaries (later addresses of the same subnet) off with it unless the sysctl
/// promote_secondaries is set. Needs CAP_NET_ADMIN.
Result<void> remove_address(std::uint32_t interface_index, const Prefix& prefix);

}  // namespace ballast::net
