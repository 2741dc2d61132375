// What an interface's driver can do, as far as the choice of a packet hook depends on it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"
#include "net/interface_address.h"
#include "net/netlink_message.h"

namespace ballast::net {

/// Bits of InterfaceFeatures::xdp: enum netdev_xdp_act of linux/netdev.h (kernel 6.3).
enum XdpFeature : std::uint64_t {
  xdp_basic = 1,      ///< native XDP: pass, drop, abort, send back
  xdp_redirect = 2,   ///< native XDP may redirect to other interfaces
  xdp_ndo_xmit = 4,   ///< takes frames that XDP on other interfaces redirects to it
  xdp_zero_copy = 8,  ///< AF_XDP without copies
  xdp_offload = 16,   ///< runs XDP in hardware
  xdp_rx_fragments = 32,
  xdp_ndo_xmit_fragments = 64,
};

/// An absent value: this kernel or driver does not tell.
struct InterfaceFeatures {
  std::string driver;                ///< "veth", "virtio_net", "ixgbe" ...; empty where the driver does not tell
  std::optional<std::uint64_t> xdp;  ///< bits of XdpFeature
  std::optional<bool> tx_checksum;   ///< leaves checksums of sent packets to the hardware
  std::optional<bool> rx_checksum;   ///< hardware verifies checksums of received packets
  std::optional<bool> gro;           ///< generic receive offload
  std::optional<bool> lro;           ///< large receive offload, which must not be on where packets are forwarded
  friend bool operator==(const InterfaceFeatures&, const InterfaceFeatures&) = default;
};

/// The XDP bits of the interface in an answer of the generic-netlink family "netdev"; nullopt where it is not there.
std::optional<std::uint64_t> parse_xdp_features(Bytes messages, std::uint32_t interface_index);
/// The number of a generic-netlink family in the answer to CTRL_CMD_GETFAMILY.
std::optional<std::uint16_t> parse_family_id(Bytes messages);

/// What the interface of that name in this network namespace can do. Fails where there is no such interface.
Result<InterfaceFeatures> interface_features(const std::string& name);

}  // namespace ballast::net
