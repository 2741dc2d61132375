// What the operator asks of a real server.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "net/address.h"

namespace ballast::realserver {

/// How the director's packets arrive.
enum class Method : std::uint8_t {
  route,   ///< DR: unchanged but for the MAC address, from a director on the same segment
  tunnel,  ///< TUN: inside IPIP, GUE or GRE
};

/// "route", "tunnel"
constexpr const char* to_string(Method method) { return method == Method::route ? "route" : "tunnel"; }

struct Options {
  std::vector<net::Address> vips;
  Method method = Method::route;
  std::vector<std::string> interfaces;  ///< where packets for the VIPs arrive; empty: chosen by the routes
  std::uint16_t gue_port = 6080;        ///< UDP port of GUE (assigned by IANA)
  std::uint16_t mss = 0;                ///< largest MSS that the VIPs announce, in bytes; 0: left alone
};

}  // namespace ballast::realserver
