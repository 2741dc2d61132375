// Where the kernel would send a packet.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "net/address.h"
#include "net/netlink_message.h"

namespace ballast::net {

enum class RouteKind : std::uint8_t {
  forward,      ///< out of an interface, to a next hop
  local,        ///< this machine is the destination
  broadcast,    ///< to everybody on a link
  multicast,    ///< to a group
  blackhole,    ///< dropped without a word, by configuration
  unreachable,  ///< refused by configuration: host unreachable
  prohibited,   ///< refused by configuration: communication prohibited
  none,         ///< no route at all
};

/// "forward", "local" ...: for messages and logs.
std::string_view to_string(RouteKind kind);

struct RouteLookup {
  RouteKind kind = RouteKind::none;
  std::uint32_t interface_index = 0;  ///< out of which interface; 0 where the kind has none
  /// Whose MAC address the frame goes to: the gateway, or the destination itself where it is on the link. An IPv4
  /// destination may have an IPv6 next hop (RFC 8950).
  Address next_hop;
  bool on_link = false;                     ///< no gateway on the way
  std::optional<Address> preferred_source;  ///< the address that this machine would send from
  std::uint32_t mtu = 0;  ///< the route's mtu metric or the learned path MTU, bytes; 0: the interface's
  friend bool operator==(const RouteLookup&, const RouteLookup&) = default;
};

struct RouteOptions {
  std::uint32_t mark = 0;             ///< firewall mark, for routing policy
  std::uint32_t interface_index = 0;  ///< only routes out of this interface; needed for link-local destinations
};

/// The route in a sequence of netlink messages that answered a lookup of `destination`; nullopt where there is none.
std::optional<RouteLookup> parse_route(Bytes messages, const Address& destination);

/// The lookup that the kernel's refusal of one stands for: EHOSTUNREACH is an unreachable route, and so on (fib_props
/// in the kernel); nullopt for a code that is a real error.
std::optional<RouteKind> route_kind_of_refusal(int code);

/// Looks a destination up as for a packet that this machine sends, routing policy and multipath choice included. No
/// route, blackholes and the like are results; errors are those of asking.
Result<RouteLookup> route_to(const Address& destination, const RouteOptions& options = {});

}  // namespace ballast::net
