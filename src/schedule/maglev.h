// The table of mh: Maglev hashing.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace ballast::schedule {

/// Slots of a table.
inline constexpr std::uint32_t maglev_slots = 4093;

/// A server as the table sees it.
struct MaglevServer {
  std::uint32_t server = 0;  ///< a name for the answer
  std::uint32_t key = 0;     ///< what its place in the table depends on: its address folded to one word, and its port
  std::uint32_t weight = 1;  ///< its last weight above 0; 0: it never had one and gets no slot
};

/// The slots of mh for servers in the given order (newest first). Empty where no server gets any.
///
/// In turn every server takes as many slots as its weight says; which ones, its key does, so that other servers' coming
/// and going moves few of them. Where the servers are more than the slots, the last ones get none. Sources: Eisenbud et
/// al., "Maglev: A Fast and Reliable Software Network Load Balancer" (NSDI 2016), 3.4; ip_vs_mh_populate() of Linux.
std::vector<std::uint32_t> maglev_table(std::span<const MaglevServer> servers);

}  // namespace ballast::schedule
