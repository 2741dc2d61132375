// Packets with a firewall mark. Netfilter marks them after the packet programs at ingress have seen them; so routing
// rules send those with the mark of a service to a device of our own, at whose TC egress a program takes them.
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

class MarkDevice {
 public:
  MarkDevice(const PacketPath& path, std::string directory) : path_(path), directory_(std::move(directory)) {}

  /// Has packets with these marks, and no others, balanced. Without marks there is no device and no rule. What an
  /// earlier daemon left is taken over.
  Result<void> apply(const std::set<cluster::MarkKey>& marks);

 private:
  Result<void> make_device() const;
  Result<void> route(const std::set<cluster::MarkKey>& marks) const;

  const PacketPath& path_;
  std::string directory_;
  std::optional<std::set<cluster::MarkKey>> applied_;
};

/// Takes device and rules away, where they are.
Result<void> remove_mark_device(const std::string& directory);

/// What the rules of priority 0 must be, in order, for packets with these marks to be taken before the kernel asks
/// whether they are its own: its rule for its own addresses has that priority, and nothing can stand before it but
/// rules of the same one. `local_rule`: that rule is among them.
std::vector<net::Rule> rules_for_marks(const std::set<cluster::MarkKey>& marks, net::Family family, bool local_rule);

}  // namespace ballast::director
