#include "health/notice.h"

#include "cluster/effective.h"

namespace ballast::health {
namespace {

using cluster::ServiceVerdict;
using cluster::VirtualService;
using Kind = Notice::Kind;

void add_servers(const ServiceVerdict& before, const ServiceVerdict& after, const cluster::ServiceKey& key,
                 std::vector<Notice>& notices) {
  for (const auto& [server, verdict] : after.servers) {
    const auto known = before.servers.find(server);
    if (known == before.servers.end() || known->second.up == verdict.up) continue;
    notices.push_back({verdict.up ? Kind::server_up : Kind::server_down, key, server, verdict.reason});
  }
}

}  // namespace

std::vector<Notice> notices(const cluster::Cluster& desired, const cluster::Health& before,
                            const cluster::Health& after) {
  std::vector<Notice> notices;
  for (const VirtualService& service : desired.services) {
    const auto now = after.find(service.key);
    if (now == after.end()) continue;
    const auto known = before.find(service.key);
    const bool was_up = known == before.end() || known->second.up;
    if (known != before.end()) {
      add_servers(known->second, now->second, service.key, notices);
      if (now->second.up != was_up) {
        notices.push_back({now->second.up ? Kind::service_up : Kind::service_down, service.key, {}, {}});
      }
    }
    const auto fallback = fallback_of(service);
    if (!fallback || now->second.up == was_up) continue;
    notices.push_back({now->second.up ? Kind::fallback_off : Kind::fallback_on, service.key, fallback->endpoint, {}});
  }
  return notices;
}

}  // namespace ballast::health
