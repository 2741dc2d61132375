// Routes and rules as ip-route(8) and ip-rule(8) write them, to and from the kernel.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "net/address.h"
#include "net/netlink_message.h"

namespace ballast::net {

/// One way of a route that has several.
struct NextHop {
  std::optional<Address> gateway = std::nullopt;
  std::string device{};
  std::uint32_t device_index = 0;  ///< not of the text; 0: the kernel finds it by the gateway
  std::uint32_t weight = 1;        ///< 1 to 256
  bool on_link = false;
  friend bool operator==(const NextHop&, const NextHop&) = default;
};

/// "10.9.0.0/16 via 10.1.0.1 dev eth0 table 7", "unreachable fd09::/16", "default via 10.1.0.1",
/// "10.9.0.0/16 nexthop via 10.1.0.1 weight 2 nexthop via 10.1.0.2"
struct RouteText {
  Prefix destination;
  std::uint8_t type = 1;  ///< RTN_*; 1: unicast
  std::optional<Address> gateway = std::nullopt;
  std::optional<Address> source = std::nullopt;  ///< preferred
  std::string device{};
  std::uint32_t table = 254;  ///< RT_TABLE_MAIN
  std::uint32_t metric = 0;
  std::optional<std::uint8_t> scope = std::nullopt;
  std::uint8_t protocol = 4;  ///< RTPROT_STATIC
  std::uint8_t tos = 0;
  std::uint32_t mtu = 0;
  bool on_link = false;
  std::vector<NextHop> next_hops{};  ///< instead of gateway and device
  friend bool operator==(const RouteText&, const RouteText&) = default;
};

/// Reads the words via, dev, src, table, metric, scope, proto, tos, mtu and onlink, nexthop with via, dev, weight and
/// onlink (keepalived's "via A or B" is the same), and the types unicast, blackhole,
/// unreachable, prohibit, throw. `family` is that of "default" without a gateway. EINVAL: the word that is wrong.
Result<RouteText> parse_route_text(std::string_view text, Family family);
/// The request that adds the route, or replaces the one there; `device_index` is that of `device`, 0 without.
NetlinkRequest put_route_request(const RouteText& route, std::uint32_t device_index);
/// Puts it in place where it is missing; EEXIST: it is there.
NetlinkRequest restore_route_request(const RouteText& route, std::uint32_t device_index);
NetlinkRequest remove_route_request(const RouteText& route, std::uint32_t device_index);

/// "from 10.9.0.0/16 table 7 priority 100", "fwmark 7/0xff lookup 7"
struct RuleText {
  Family family = Family::ipv4;
  std::optional<Prefix> from = std::nullopt;
  std::optional<Prefix> to = std::nullopt;
  std::uint32_t priority = 0;  ///< 0: the kernel chooses
  std::uint32_t table = 0;
  std::uint32_t mark = 0;
  std::uint32_t mask = 0;
  std::string incoming{};
  std::string outgoing{};
  std::uint8_t protocol = 0;
  std::uint8_t tos = 0;
  std::uint8_t action = 1;  ///< FR_ACT_*; 1: look up `table`
  bool inverted = false;
  friend bool operator==(const RuleText&, const RuleText&) = default;
};

/// Reads the words from, to, table (lookup), priority (pref), fwmark, iif, oif, ipproto, tos, not, blackhole,
/// unreachable and prohibit. `family` is that of a rule that names no address. EINVAL: the word that is wrong.
Result<RuleText> parse_rule_text(std::string_view text, Family family);
/// EEXIST: there is one like it.
NetlinkRequest put_rule_request(const RuleText& rule);
NetlinkRequest remove_rule_request(const RuleText& rule);

}  // namespace ballast::net
