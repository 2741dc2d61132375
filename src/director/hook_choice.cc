#include "director/hook_choice.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "net/interface_features.h"

namespace ballast::director {
namespace {

/// Drivers with ndo_xdp_xmit in Linux 6.1, as ethtool names them.
constexpr std::array<std::string_view, 13> drivers_that_take_frames{
    "atlantic", "bnxt_en",   "ena", "i40e",   "ice",  "igb",       "igc",
    "ixgbe",    "mlx5_core", "sfc", "stmmac", "veth", "virtio_net"};

}  // namespace

bool takes_redirected_frames(const InterfaceFacts& facts) {
  if (facts.xdp_features) return (*facts.xdp_features & net::xdp_ndo_xmit) != 0;
  return std::ranges::find(drivers_that_take_frames, facts.driver) != drivers_that_take_frames.end();
}

HookChoice choose_hook(cluster::Hook wanted, const InterfaceFacts& facts) {
  using cluster::Hook;
  if (wanted != Hook::automatic) return {wanted, "configured"};
  if (facts.foreign_xdp != 0) {
    return {Hook::tc, fmt::format("XDP program {} of somebody else is attached there", facts.foreign_xdp)};
  }
  if (facts.kind == "veth") {
    return {Hook::tc, "a veth's peer may leave checksums to be filled in, which XDP cannot know"};
  }
  if (!facts.xdp_features) return {Hook::tc, "the kernel does not tell whether the driver has native XDP"};
  const auto needed =
      static_cast<std::uint64_t>(net::xdp_basic) | (facts.alone ? 0 : static_cast<std::uint64_t>(net::xdp_redirect));
  if ((*facts.xdp_features & needed) != needed) {
    return {Hook::tc, fmt::format("driver {} has no native XDP", facts.driver.empty() ? "(unknown)" : facts.driver)};
  }
  if (!facts.alone && !facts.others_take_frames) {
    return {Hook::tc, "another interface in use takes no frames redirected from XDP"};
  }
  return {Hook::xdp, fmt::format("driver {} has native XDP", facts.driver)};
}

}  // namespace ballast::director
