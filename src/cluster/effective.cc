#include "cluster/effective.h"

#include <algorithm>
#include <utility>

namespace ballast::cluster {
namespace {

/// Takes the server out of traffic, as its service wants it. False where it is not to be there any more.
bool take_out(RealServer& server) {
  server.weight = 0;
  return server.health.on_failure == OnFailure::quiescent && !server.health.disabled;
}

/// Whether health has no say in the service.
bool is_plain(const VirtualService& service) {
  return !service.fallback && std::ranges::none_of(service.servers, [](const RealServer& server) {
    return server.health.disabled || !server.health.checks.empty();
  });
}

void put_fallback(std::vector<RealServer>& servers, RealServer fallback, bool needed) {
  fallback.weight = needed ? 1 : 0;
  const auto same = std::ranges::find(servers, fallback.endpoint, &RealServer::endpoint);
  if (same != servers.end()) {
    same->weight = std::max(same->weight, fallback.weight);
  } else if (needed || fallback.health.on_failure == OnFailure::quiescent) {
    servers.push_back(std::move(fallback));
  }
}

}  // namespace

std::optional<RealServer> fallback_of(const VirtualService& service) {
  std::optional<RealServer> fallback = service.fallback;
  const auto* address = std::get_if<AddressKey>(&service.key);
  if (fallback && fallback->endpoint.port == 0 && address != nullptr && service.further_addresses.empty()) {
    fallback->endpoint.port = address->endpoint.port;
  }
  return fallback;
}

VirtualService effective(const VirtualService& desired, const ServiceVerdict& verdict) {
  VirtualService service = desired;
  auto fallback = fallback_of(desired);
  const bool gives_way = fallback && !verdict.up;
  service.servers.clear();
  for (RealServer server : desired.servers) {
    const ServerVerdict known = verdict_of(server, verdict);
    const bool drained = server.weight == 0 && known.up;
    server.weight = weight_of(server, known);
    if ((known.up && !gives_way) || drained || take_out(server)) service.servers.push_back(std::move(server));
  }
  if (fallback) put_fallback(service.servers, std::move(*fallback), !verdict.up);
  return service;
}

Cluster effective(const Cluster& desired, const Health& health) {
  static const ServiceVerdict unknown;
  Cluster cluster{.director = desired.director, .vrrp = desired.vrrp, .sync = desired.sync, .services = {}};
  cluster.services.reserve(desired.services.size());
  for (const auto& service : desired.services) {
    const auto found = health.find(service.key);
    const bool known = found != health.end();
    cluster.services.push_back(known || !is_plain(service) ? effective(service, known ? found->second : unknown)
                                                           : service);
  }
  return cluster;
}

}  // namespace ballast::cluster
