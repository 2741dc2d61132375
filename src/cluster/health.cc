#include "cluster/health.h"

#include <algorithm>
#include <limits>

namespace ballast::cluster {

std::uint32_t weight_of(const RealServer& server, const ServerVerdict& verdict) {
  constexpr std::int64_t greatest = std::numeric_limits<std::int32_t>::max();
  const std::int64_t weight = std::int64_t{verdict.weight.value_or(server.weight)} + verdict.weight_difference;
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(weight, 0, greatest));
}

ServerVerdict verdict_of(const RealServer& server, const ServiceVerdict& service) {
  const auto found = service.servers.find(server.endpoint);
  if (found != service.servers.end()) return found->second;
  const bool taken_for_up = std::ranges::all_of(server.health.checks, &HealthCheck::initially_up);
  ServerVerdict verdict;
  verdict.up = taken_for_up && !server.health.disabled;
  return verdict;
}

std::uint64_t healthy_weight(const VirtualService& service, const ServiceVerdict& verdict) {
  std::uint64_t sum = 0;
  for (const auto& server : service.servers) {
    const ServerVerdict known = verdict_of(server, verdict);
    sum += known.up ? weight_of(server, known) : 0;
  }
  return sum;
}

bool quorum_met(const VirtualService& service, const ServiceVerdict& servers, std::optional<bool> was_up) {
  const auto hysteresis = std::int64_t{service.quorum.hysteresis} * (was_up ? (*was_up ? -1 : 1) : 0);
  const auto least = std::max<std::int64_t>(service.quorum.least + hysteresis, 1);
  return static_cast<std::int64_t>(healthy_weight(service, servers)) >= least;
}

}  // namespace ballast::cluster
