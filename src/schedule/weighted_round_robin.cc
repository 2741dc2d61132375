#include "schedule/weighted_round_robin.h"

#include <algorithm>
#include <numeric>

namespace ballast::schedule {

RoundRobinWeights round_robin_weights(std::span<const std::uint32_t> weights) {
  std::uint32_t divisor = 0;
  std::uint32_t greatest = 0;
  for (const std::uint32_t weight : weights) {
    divisor = std::gcd(divisor, weight);
    greatest = std::max(greatest, weight);
  }
  if (divisor == 0) return {};
  return {.step = static_cast<std::int32_t>(divisor), .top = static_cast<std::int32_t>(greatest - (divisor - 1))};
}

std::int32_t adjusted_weight(std::int32_t current, const RoundRobinWeights& weights) {
  if (current > weights.top || current <= 0) return weights.top;
  return (current - 1) / weights.step * weights.step + 1;
}

}  // namespace ballast::schedule
