// Queueing disciplines and filters of an interface, as the kernel lists them.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "base/error.h"
#include "net/netlink_message.h"
#include "realserver/observed.h"

namespace ballast::realserver {

/// Where our programs are attached: first come the filters of lower priority numbers.
inline constexpr std::uint32_t filter_priority = 10;
inline constexpr std::uint32_t filter_handle = 0xba11;

struct Filter {
  std::uint32_t priority = 0;
  std::uint32_t handle = 0;
};

/// The kind of ingress hook of each interface in a dump of queueing disciplines; interfaces without one are absent.
std::map<std::uint32_t, Hook> parse_hooks(net::Bytes messages);
/// The filters in a dump of them; the entries that only announce a priority are passed over.
std::vector<Filter> parse_filters(net::Bytes messages);
/// Interfaces (by index) out of which a default route of the family leads, in a dump of routes.
std::vector<std::uint32_t> parse_default_routes(net::Bytes messages);

/// The hooks of all interfaces of this network namespace.
Result<std::map<std::uint32_t, Hook>> hooks();
/// The filters at one side of an interface's hook.
Result<std::vector<Filter>> filters(std::uint32_t interface_index, Direction direction);
/// Interfaces with a default route in any routing table.
Result<std::vector<std::uint32_t>> default_route_interfaces(net::Family family);

}  // namespace ballast::realserver
