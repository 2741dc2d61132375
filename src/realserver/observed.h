// What a machine looks like, as far as a real server's set-up depends on it. Values without I/O.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "net/address.h"
#include "realserver/step.h"

namespace ballast::realserver {

/// The parameters under net.ipv4.conf.NAME. The kernel acts by the larger of NAME's and "all"'s value.
struct Ipv4Parameters {
  int arp_ignore = 0;
  int arp_announce = 0;
  int rp_filter = 0;
};

/// The queueing discipline that carries ingress filters.
enum class Hook : std::uint8_t {
  none,
  clsact,
  ingress,  ///< the older kind, without an egress side
};

/// What is at the place (priority and handle) that our program takes.
struct Place {
  std::uint32_t program_id = 0;  ///< 0: nothing
  bool foreign = false;          ///< not one of our programs
};

struct InterfaceState {
  InterfaceName id;
  bool up = false;
  bool loopback = false;
  bool ethernet = false;
  bool default_route_ipv4 = false;
  bool default_route_ipv6 = false;
  std::vector<net::Prefix> addresses;
  Ipv4Parameters parameters;
  Hook hook = Hook::none;
  Place ingress;
  Place egress;
  int other_filters = 0;  ///< filters on the hook that are not ours
};

struct Observed {
  std::vector<InterfaceState> interfaces;
  Ipv4Parameters all;            ///< net.ipv4.conf.all
  bool ipv6_off_on_lo = false;   ///< net.ipv6.conf.lo.disable_ipv6, or a kernel without IPv6
  ProgramSettings settings;      ///< of the attached programs; empty where none is attached
  bool programs_current = true;  ///< those attached are of this version
  std::vector<Step> done;        ///< what earlier runs changed
};

/// The interface of that name, or nullptr.
const InterfaceState* find_interface(const Observed& observed, const std::string& name);
/// lo, or nullptr.
const InterfaceState* find_loopback(const Observed& observed);

}  // namespace ballast::realserver
