#include "director/service_rings.h"

#include <algorithm>

#include "schedule/source_hash.h"
#include "schedule/weighted_round_robin.h"

namespace ballast::director {
namespace {

std::uint32_t ring_first(std::uint64_t ring) { return static_cast<std::uint32_t>(ring >> 32); }
std::uint32_t ring_length(std::uint64_t ring) { return static_cast<std::uint32_t>(ring); }
std::uint32_t ring_lines(std::uint64_t ring) { return (ring_length(ring) + RING_LINE_SLOTS - 1) / RING_LINE_SLOTS; }

/// Where round robin goes on in a new ring: behind the server it chose last, or, where that one is gone, behind its
/// nearest predecessor that is still there (ip_vs_rr_del_dest() of Linux).
std::uint32_t position_after_change(const std::vector<std::uint32_t>& before, const std::vector<std::uint32_t>& after,
                                    std::uint32_t position) {
  for (std::size_t i = std::min<std::size_t>(position, before.size()); i > 0; --i) {
    const auto found = std::ranges::find(after, before[i - 1]);
    if (found != after.end()) return static_cast<std::uint32_t>(found - after.begin()) + 1;
  }
  return 0;
}

}  // namespace

void ServiceRings::adopt(std::uint32_t service) {
  const abi::service& entry = path_.services[service];
  lines_.claim(ring_first(entry.ring), ring_lines(entry.ring));
  lines_.claim(ring_first(entry.ring_of_hash), ring_lines(entry.ring_of_hash));
}

void ServiceRings::write(std::uint32_t service, const std::vector<std::uint32_t>& servers, bool restart) {
  std::vector<std::uint32_t> weights;
  std::vector<schedule::WeightedServer> weighted;
  for (const std::uint32_t index : servers) {
    weights.push_back(static_cast<std::uint32_t>(path_.member(index).weight));
    weighted.push_back({index, weights.back()});
  }
  abi::service& entry = path_.services[service];
  const auto parameters = schedule::round_robin_weights(weights);
  publish(entry.weight_step, parameters.step);
  publish(entry.weight_top, parameters.top);

  const std::uint64_t cursor = observe(path_.cursors[service].value);
  std::uint32_t position = 0;
  std::int32_t current = restart ? 0 : static_cast<std::int32_t>(static_cast<std::uint32_t>(cursor));
  if (entry.scheduler == abi::SCHEDULER_WRR) {
    current = schedule::adjusted_weight(current, parameters);
  } else if (!restart) {
    position = position_after_change(slots(entry.ring), servers, static_cast<std::uint32_t>(cursor >> 32));
  }
  std::vector<std::uint32_t> buckets;
  if (entry.scheduler == abi::SCHEDULER_SH && !servers.empty()) {
    const auto table = schedule::source_hash_table(weighted);
    buckets.assign(table.begin(), table.end());
  }
  publish(entry.ring_of_hash, replace(entry.ring_of_hash, buckets));
  publish(entry.ring, replace(entry.ring, servers));
  publish(path_.cursors[service].value, static_cast<__u64>(position) << 32 | static_cast<std::uint32_t>(current));
}

std::uint64_t ServiceRings::replace(std::uint64_t old, const std::vector<std::uint32_t>& slots) {
  lines_.give_back(ring_first(old), ring_lines(old));
  if (slots.empty()) return 0;
  const auto lines = static_cast<std::uint32_t>((slots.size() + RING_LINE_SLOTS - 1) / RING_LINE_SLOTS);
  auto first = lines_.take(lines);
  if (!first) {
    lines_.settle();
    first = lines_.take(lines);
  }
  if (!first) return 0;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    path_.rings[*first + i / RING_LINE_SLOTS].server[i % RING_LINE_SLOTS] = slots[i];
  }
  return static_cast<std::uint64_t>(*first) << 32 | slots.size();
}

std::vector<std::uint32_t> ServiceRings::slots(std::uint64_t ring) const {
  std::vector<std::uint32_t> all;
  all.reserve(ring_length(ring));
  for (std::uint32_t i = 0; i < ring_length(ring); ++i) {
    all.push_back(path_.rings[ring_first(ring) + i / RING_LINE_SLOTS].server[i % RING_LINE_SLOTS]);
  }
  return all;
}

}  // namespace ballast::director
