#include "control/health_views.h"

#include <chrono>

namespace ballast::control {
namespace {

UnixSeconds unix_seconds(health::WallTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

CheckView view_of(const health::CheckReport& report) {
  const health::CheckState& state = *report.state;
  CheckView view;
  for (const auto& [key, server] : report.servers) view.servers.push_back({key, server});
  view.check = describe(*report.target);
  view.state = to_string(state.standing());
  view.assumed_up = state.assumed_up();
  view.since = unix_seconds(state.since());
  if (const auto& last = state.last()) {
    view.last_at = unix_seconds(last->at);
    view.last_success = last->result.up;
    view.last_reason = last->result.reason;
    view.last_latency_microseconds = static_cast<std::uint32_t>(last->result.latency.count());
  }
  view.in_a_row = state.in_a_row();
  view.successes = state.successes();
  view.failures = state.failures();
  for (const auto& change : state.history()) {
    view.history.push_back({unix_seconds(change.at), std::string(to_string(change.standing)), change.reason});
  }
  return view;
}

ServiceHealthView view_of(const cluster::VirtualService& service, const cluster::ServiceVerdict& verdict) {
  ServiceHealthView view{.key = service.key,
                         .name = service.name,
                         .up = verdict.up,
                         .fallback = service.fallback && !verdict.up,
                         .servers = {}};
  for (const auto& server : service.servers) {
    const auto known = verdict_of(server, verdict);
    view.servers.push_back({server.endpoint, known.up, weight_of(server, known), known.reason});
  }
  return view;
}

}  // namespace

HealthView health_view(const cluster::Cluster& desired, const cluster::Health& health,
                       const std::vector<health::CheckReport>& reports) {
  HealthView view;
  for (const auto& service : desired.services) {
    const auto known = health.find(service.key);
    if (known != health.end()) view.services.push_back(view_of(service, known->second));
  }
  for (const auto& report : reports) view.checks.push_back(view_of(report));
  return view;
}

void count_down(const cluster::Health& health, Status& status) {
  for (const auto& [key, service] : health) {
    status.services_down += service.up ? 0 : 1;
    for (const auto& [endpoint, server] : service.servers) status.servers_down += server.up ? 0 : 1;
  }
}

}  // namespace ballast::control
