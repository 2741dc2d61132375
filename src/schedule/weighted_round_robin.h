// The parameters of interleaved weighted round robin.
#pragma once

#include <cstdint>
#include <span>

namespace ballast::schedule {

struct RoundRobinWeights {
  std::int32_t step = 1;  ///< greatest common divisor of the weights above 0; 1 where there is none
  std::int32_t top = 0;   ///< the current weight that a round starts with; 0: nobody takes connections
  friend bool operator==(const RoundRobinWeights&, const RoundRobinWeights&) = default;
};

/// Step and top for a set of weights. Source: ip_vs_wrr_init_svc() of Linux.
RoundRobinWeights round_robin_weights(std::span<const std::uint32_t> weights);

/// The current weight after the set of servers or a weight has changed while it was `current` (0: at the start).
/// Source: ip_vs_wrr_dest_changed() of Linux.
std::int32_t adjusted_weight(std::int32_t current, const RoundRobinWeights& weights);

}  // namespace ballast::schedule
