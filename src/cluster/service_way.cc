#include "cluster/service_way.h"

#include <algorithm>

namespace ballast::cluster {

bool has_own_way(const VirtualService& service, const RealServer& server) {
  const auto* key = std::get_if<AddressKey>(&service.key);
  return key != nullptr && server.forward != ForwardingMethod::nat &&
         key->endpoint.address.family() == server.endpoint.address.family();
}

bool has_checks_by_own_way(const Cluster& cluster) {
  return std::ranges::any_of(cluster.services, [](const VirtualService& service) {
    return std::ranges::any_of(service.servers, [&](const RealServer& server) {
      return has_own_way(service, server) && std::ranges::any_of(server.health.checks, &HealthCheck::through_service);
    });
  });
}

}  // namespace ballast::cluster
