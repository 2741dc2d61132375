// What the connection table costs beside packets: its memory, and the timer that expires connections.
#pragma once

#include <atomic>
#include <cstdint>

#include "daemon.h"
#include "generator.h"

namespace ballast::bench {

struct Upkeep {
  std::uint32_t connections = 0;  ///< for which the table was made
  std::uint64_t table_bytes = 0;  ///< locked memory of its map
  std::uint32_t open = 0;         ///< connections that were open
  double idle_share = 0;          ///< of one processor, while nothing is over
  std::uint32_t expired = 0;      ///< connections that were over at the same time
  double expiry_seconds = 0;      ///< of processor time in the timer, until they were gone
  std::uint64_t expiry_runs = 0;  ///< of the timer
  double longest_run_ms = 0;      ///< of them
};

/// Measures the timer while the first `open` flows are connected and idle; then lets `expired` of them be over. Checks
/// that exactly these go.
Result<Upkeep> measure_upkeep(Generator& generator, const Daemon& daemon, Method method, std::uint32_t connections,
                              std::uint32_t open, std::uint32_t expired, const std::atomic<bool>& stop);

}  // namespace ballast::bench
