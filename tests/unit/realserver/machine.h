// Machines to plan for.
#pragma once

#include "realserver/observed.h"
#include "realserver/options.h"

namespace ballast::realserver {

inline net::Address address(const char* text) { return *net::Address::parse(text); }
inline net::Prefix prefix(const char* text) { return *net::Prefix::parse(text); }

/// lo and eth0 with 10.0.2.11/24 and the default route, nothing set up.
inline Observed fresh_machine() {
  InterfaceState lo;
  lo.id = {1, "lo"};
  lo.up = lo.loopback = lo.ethernet = true;
  lo.addresses = {prefix("127.0.0.1/8"), prefix("::1/128")};
  InterfaceState eth0;
  eth0.id = {2, "eth0"};
  eth0.up = eth0.ethernet = eth0.default_route_ipv4 = true;
  eth0.addresses = {prefix("10.0.2.11/24"), prefix("fe80::1/64")};
  Observed observed;
  observed.interfaces = {lo, eth0};
  return observed;
}

inline Options options_for(Method method, const char* vip) {
  Options options;
  options.vips = {address(vip)};
  options.method = method;
  return options;
}

}  // namespace ballast::realserver
