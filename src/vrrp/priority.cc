#include "vrrp/priority.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace ballast::vrrp {
namespace {

using Kind = cluster::Track::Kind;

constexpr std::uint8_t owner_priority = 255;
constexpr std::int64_t fault_at = -254;  // keepalived: a file that adds so little is a fault

std::int64_t contribution(const Tracked& tracked) {
  if (tracked.kind == Kind::file) {
    const std::int64_t product = std::int64_t{tracked.observation.value} * tracked.weight;
    return tracked.reverse ? -product : product;
  }
  const bool good = tracked.observation.good != tracked.reverse;
  if (tracked.weight > 0) return good ? tracked.weight : 0;
  return good ? 0 : tracked.weight;
}

bool is_fault(const Tracked& tracked) {
  if (tracked.kind == Kind::file) {
    if (tracked.weight == 0) return (tracked.observation.value != 0) != tracked.reverse;
    return contribution(tracked) <= fault_at;
  }
  return tracked.weight == 0 && tracked.observation.good == tracked.reverse;
}

}  // namespace

std::string describe(const Tracked& tracked) {
  static constexpr std::array<std::string_view, 6> kinds = {"interface", "script", "file",
                                                            "process",   "check",  "director"};
  return fmt::format("{} {}", kinds[static_cast<std::size_t>(tracked.kind)], tracked.name);
}

Standing standing(std::uint8_t priority, std::span<const Tracked> tracked) {
  Standing standing{.priority = priority, .fault = {}, .because = {}};
  std::int64_t sum = priority;
  for (const Tracked& thing : tracked) {
    if (is_fault(thing)) {
      standing.fault +=
          fmt::format("{}{} is {}", standing.fault.empty() ? "" : ", ", describe(thing), thing.reverse ? "up" : "down");
      continue;
    }
    const std::int64_t change = contribution(thing);
    if (change == 0 || priority == owner_priority) continue;
    sum += change;
    standing.because.push_back(fmt::format("{} {:+}", describe(thing), change));
  }
  if (priority != owner_priority) standing.priority = static_cast<std::uint8_t>(std::clamp<std::int64_t>(sum, 1, 254));
  return standing;
}

}  // namespace ballast::vrrp
