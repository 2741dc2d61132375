// Packets with a firewall mark. Netfilter marks them after the packet programs at ingress have seen them; so routing
// rules send those with the mark of a service to a device of our own, at whose TC egress a program takes them. A
// service by mark goes before one of all ports, so what is for such a one is sent there too.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "cluster/model.h"
#include "director/packet_path.h"
#include "net/rule.h"

namespace ballast::director {

/// The device that packets are routed to, and its other end, by which they come back that are not for a service.
inline constexpr const char* mark_device = "ballast-mark";
inline constexpr const char* mark_device_peer = "ballast-back";

/// The services whose packets are sent to the device.
struct Steered {
  std::set<cluster::MarkKey> marks;
  std::set<cluster::AddressKey> catch_alls;  ///< those of all ports; they count while there is a mark of their family
  friend bool operator==(const Steered&, const Steered&) = default;
};

class MarkDevice {
 public:
  MarkDevice(const PacketPath& path, std::string directory) : path_(path), directory_(std::move(directory)) {}

  /// Has packets for these services, and no others, come to the device. Without marks there is no device and no rule.
  /// What an earlier daemon left is taken over.
  Result<void> apply(const Steered& steered);
  /// Has packets for these services come too.
  Result<void> extend(const Steered& more);
  /// Puts the programs that are loaded now in the place of those that are attached.
  Result<void> reattach();

 private:
  Result<void> make_device() const;
  Result<void> route(const Steered& steered) const;

  const PacketPath& path_;
  std::string directory_;
  std::optional<Steered> applied_;
};

/// Takes device and rules away, where they are.
Result<void> remove_mark_device(const std::string& directory);

/// What the rules of priority 0 must be, in order, for packets for these services to be taken before the kernel
/// asks whether they are its own: its rule for its own addresses has that priority, and nothing can stand before it but
/// rules of the same one. Those for an address name the protocol too: without, the kernel would not answer ARP for it.
/// This machine's own sockets reach such an address by lo. `local_rule`: the kernel's rule is among them.
std::vector<net::Rule> rules_for(const Steered& steered, net::Family family, bool local_rule);

}  // namespace ballast::director
