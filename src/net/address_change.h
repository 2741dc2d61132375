// Putting addresses on interfaces and taking them off.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"
#include "net/address.h"
#include "net/netlink_message.h"

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

/// An address with everything that the kernel lets be said about it.
struct AddressSettings {
  std::uint32_t interface_index = 0;
  Prefix prefix;
  std::optional<std::uint8_t> scope = std::nullopt;  ///< RT_SCOPE_*; absent: by the address
  std::string label{};                               ///< IPv4
  std::optional<Address> broadcast = std::nullopt;
  std::optional<Address> peer = std::nullopt;
  std::uint32_t flags = 0;           ///< IFA_F_*
  std::chrono::seconds lifetime{0};  ///< the kernel takes it away after this unless it is put again; 0: never
  friend bool operator==(const AddressSettings&, const AddressSettings&) = default;
};

/// The request that adds the address or, where it is there, changes its lifetime.
NetlinkRequest put_address_request(const AddressSettings& settings);
/// The request that takes it off its interface. EADDRNOTAVAIL where it is not there.
NetlinkRequest remove_address_request(const AddressSettings& settings);

}  // namespace ballast::net
