// Programs on interfaces. Attachments are pinned where the kernel has links for them; they outlive this process, and a
// new program takes an old one's place without a gap.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "cluster/model.h"

namespace ballast::director {

/// One interface to attach to.
struct AttachTarget {
  std::string name;
  std::uint32_t index = 0;
};

/// Attaches `program` as XDP program (native, or generic), or replaces ours there. Pins the link in `directory`.
/// EBUSY where somebody else's program is attached; EOPNOTSUPP where the driver has no native XDP.
Result<void> attach_xdp(const AttachTarget& target, int program, bool generic, const std::string& directory);

enum class TcPoint : std::uint8_t { ingress, egress };

/// Attaches `program` at TC ingress or egress, or replaces ours there: a TCX link where the kernel has them (6.6), else
/// a clsact filter.
Result<void> attach_tc(const AttachTarget& target, TcPoint point, int program, const std::string& directory);

/// Takes ours away from an interface; nothing where there is none.
void detach_xdp(const std::string& interface, const std::string& directory);
bool detach_tc(const std::string& interface, TcPoint point, const std::string& directory);  ///< true: it was there
void detach(const std::string& interface, const std::string& directory);

/// The names of interfaces that have an XDP or a TC ingress link pinned in `directory`.
std::vector<std::string> attached_interfaces(const std::string& directory);

/// Whether ours is at TC of an interface, by the link pinned in `directory` or the clsact filter.
bool is_at_tc(const AttachTarget& target, TcPoint point, const std::string& directory);

/// Whether the XDP program on an interface is ours, by the link pinned in `directory`.
bool xdp_is_ours(const AttachTarget& target, const std::string& directory);

}  // namespace ballast::director
