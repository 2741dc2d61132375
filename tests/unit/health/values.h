// Services, servers and checks for tests.
#pragma once

#include <string>
#include <string_view>

#include "cluster/model.h"
#include "health/monitor.h"

namespace ballast::health {

inline net::Endpoint endpoint(std::string_view text) { return net::Endpoint::parse(text).value(); }

inline cluster::ServiceKey key(std::string_view text) {
  return cluster::AddressKey{cluster::Protocol::tcp, endpoint(text)};
}

inline cluster::HealthCheck check(cluster::CheckType type = cluster::CheckType::tcp) {
  cluster::HealthCheck made;
  made.type = type;
  made.interval = std::chrono::seconds(10);
  made.warmup = std::chrono::milliseconds(0);
  return made;
}

inline cluster::RealServer server(std::string_view where, const cluster::HealthCheck& with = check()) {
  cluster::RealServer made;
  made.endpoint = endpoint(where);
  made.health.checks = {with};
  return made;
}

inline cluster::VirtualService service(std::string_view where, std::vector<cluster::RealServer> servers) {
  cluster::VirtualService made;
  made.key = key(where);
  made.servers = std::move(servers);
  return made;
}

inline CheckResult success(std::string reason = "connected") { return {true, std::move(reason), {}, {}}; }
inline CheckResult failure(std::string reason = "connection refused") { return {false, std::move(reason), {}, {}}; }

/// `seconds` after some beginning.
inline Now at(double seconds) {
  const auto after = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(seconds));
  return {SteadyTime(std::chrono::hours(1) + after), WallTime(std::chrono::hours(500000) + after)};
}

}  // namespace ballast::health
