// Which hook an interface gets, and why: a pure decision on what is known of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cluster/model.h"

namespace ballast::director {

/// What is known of an interface.
struct InterfaceFacts {
  std::string name;
  std::string kind;                           ///< "veth", "bridge", ...; empty for hardware
  std::string driver;                         ///< as ethtool names it
  std::optional<std::uint64_t> xdp_features;  ///< bits of net::XdpFeature; absent: the kernel does not tell
  std::uint32_t foreign_xdp = 0;              ///< id of somebody else's XDP program on it, 0: none
  bool others_take_frames = false;            ///< every other interface in use takes frames redirected from XDP
  bool alone = false;                         ///< there is no other interface in use
};

/// Whether an interface takes frames that XDP on other interfaces redirects to it. Where the kernel does not tell
/// (before 6.3), whether its driver is one that can in Linux 6.1. There a veth without NAPI on its peer is not known
/// from others.
bool takes_redirected_frames(const InterfaceFacts& facts);

struct HookChoice {
  cluster::Hook hook = cluster::Hook::tc;
  std::string reason;
  friend bool operator==(const HookChoice&, const HookChoice&) = default;
};

/// The hook for an interface when `wanted` is configured. With Hook::automatic native XDP is taken where the driver has
/// it and frames can leave from it; elsewhere TC, which works everywhere. An explicit wish is granted as it is.
HookChoice choose_hook(cluster::Hook wanted, const InterfaceFacts& facts);

}  // namespace ballast::director
