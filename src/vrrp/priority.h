// What an instance's tracked things come to: its priority, and whether it is at fault. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "cluster/vrrp.h"

namespace ballast::vrrp {

/// What is known of something tracked.
struct Observation {
  bool good = true;
  std::int32_t value = 0;  ///< of a file: the number in it
  friend bool operator==(const Observation&, const Observation&) = default;
};

/// Something tracked, and what is known of it.
struct Tracked {
  cluster::Track::Kind kind = cluster::Track::Kind::interface;
  std::string name;
  std::int32_t weight = 0;  ///< 0: its failure is a fault
  bool reverse = false;
  Observation observation;
  friend bool operator==(const Tracked&, const Tracked&) = default;
};

/// "interface eth0": for messages.
std::string describe(const Tracked& tracked);

struct Standing {
  std::uint8_t priority = 0;
  std::string fault;                 ///< what is wrong, or empty
  std::vector<std::string> because;  ///< what changes the priority: "script web -20"
  friend bool operator==(const Standing&, const Standing&) = default;
};

/// keepalived's rules: a weight above 0 is added while its thing is good, one below 0 while it is bad, a file adds its
/// number times its weight; the result stays within 1..254. The priority of an address owner, 255, is not changed.
Standing standing(std::uint8_t priority, std::span<const Tracked> tracked);

}  // namespace ballast::vrrp
