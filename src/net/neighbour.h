// The kernel's neighbour tables (ARP and NDP): which MAC address a next hop has.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/error.h"
#include "net/address.h"
#include "net/netlink_message.h"

namespace ballast::net {

/// How sure the kernel is of an entry; values are NUD_* in linux/neighbour.h.
enum class NeighbourState : std::uint16_t {
  none = 0x00,
  incomplete = 0x01,  ///< asked, no answer yet
  reachable = 0x02,
  stale = 0x04,
  delay = 0x08,
  probe = 0x10,
  failed = 0x20,     ///< asked, nobody answered
  no_arp = 0x40,     ///< the link resolves nothing
  permanent = 0x80,  ///< set by the administrator
};

struct Neighbour {
  std::uint32_t interface_index = 0;
  Address address;
  std::optional<MacAddress> mac;
  NeighbourState state = NeighbourState::none;
  bool managed = false;             ///< the kernel keeps it resolved by itself
  bool externally_learned = false;  ///< put there by a control plane (EVPN and the like)

  /// Frames can be sent to its MAC address.
  [[nodiscard]] bool usable() const;
  friend bool operator==(const Neighbour&, const Neighbour&) = default;
};

/// The neighbour in the payload of an RTM_NEWNEIGH or RTM_DELNEIGH message; nullopt for what is no IPv4 or IPv6
/// neighbour (a bridge's forwarding entries come in the same messages) and for malformed ones.
std::optional<Neighbour> parse_neighbour(Bytes payload);
/// The neighbours in a sequence of netlink messages; other messages are passed over.
std::vector<Neighbour> parse_neighbours(Bytes messages);

/// All IPv4 and IPv6 neighbours of this network namespace.
Result<std::vector<Neighbour>> neighbours();
/// The entry of one address on one interface; nullopt where the kernel has none.
Result<std::optional<Neighbour>> neighbour(std::uint32_t interface_index, const Address& address);

/// What keep_neighbour() could have done.
enum class NeighbourKeeping : std::uint8_t {
  managed,  ///< the kernel resolves it and keeps it so
  probed,   ///< resolved once: this kernel (before 5.16) manages none; ask again from time to time
  fixed,    ///< needs no resolving: a permanent entry, or a link without ARP
};

/// Has the kernel resolve an address now and keep it resolved (NTF_EXT_MANAGED), without traffic of our own. Permanent
/// entries stay as they are. An interface that goes down takes its managed entries with it: keep them again when the
/// Monitor reports it back. Needs CAP_NET_ADMIN.
Result<NeighbourKeeping> keep_neighbour(std::uint32_t interface_index, const Address& address);

/// Undoes keep_neighbour(): the entry stays and ages as any other. Nothing to do where there is no such entry or it is
/// not managed.
Result<void> release_neighbour(std::uint32_t interface_index, const Address& address);

}  // namespace ballast::net
