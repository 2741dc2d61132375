// What belongs to the active router: addresses, routes, rules; and putting them in place and away.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "cluster/vrrp.h"
#include "net/address_change.h"
#include "net/netlink.h"
#include "net/routing_text.h"

namespace ballast::vrrp {

struct Belongings {
  struct Route {
    net::RouteText route;
    std::uint32_t device_index = 0;
  };
  std::vector<net::AddressSettings> addresses;
  std::vector<Route> routes;
  std::vector<net::RuleText> rules;
  std::vector<std::string> problems;  ///< what could not be read, or names an interface that is not there
};

/// The index of an interface by its name; 0: there is none.
using FindInterface = std::function<std::uint32_t(const std::string& name)>;

/// Those of an instance, whose own addresses go to the interface `device`.
Belongings belongings_of(const cluster::VrrpInstance& instance, std::uint32_t device, const FindInterface& find);
/// Those that are there whatever the state.
Belongings belongings_of(const cluster::StaticNetwork& fixed, const FindInterface& find);

/// Puts all of it in place, addresses with their lifetime. Gives what went wrong, a line each.
std::vector<std::string> take(net::NetlinkSocket& socket, const Belongings& belongings);
/// Puts the addresses in place again, for another lifetime, and what is missing of routes and rules.
std::vector<std::string> renew(net::NetlinkSocket& socket, const Belongings& belongings);
/// Takes all of it away. What is not there is no problem. `removed` is how many addresses there were.
std::vector<std::string> release(net::NetlinkSocket& socket, const Belongings& belongings,
                                 std::size_t* removed = nullptr);

}  // namespace ballast::vrrp
