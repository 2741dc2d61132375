#include "config/service_set.h"

#include <fmt/format.h>

#include <set>

#include "cluster/edit.h"

namespace ballast::config {
namespace {

using cluster::AddressKey;
using cluster::ForwardingMethod;
using cluster::RealServer;
using cluster::VirtualService;

/// The limits of a packet path as it is made by default.
const cluster::DirectorSettings limits;

std::string_view name(net::Family family) { return family == net::Family::ipv4 ? "IPv4" : "IPv6"; }

/// What servers that cannot change ports have.
std::uint16_t own_port(const VirtualService& service) {
  const auto* address = std::get_if<AddressKey>(&service.key);
  return address == nullptr || !service.further_addresses.empty() ? 0 : address->endpoint.port;
}

RealServer with_port(const VirtualService& service, RealServer server) {
  if (server.forward != ForwardingMethod::nat) server.endpoint.port = own_port(service);
  return server;
}

/// Why the server cannot be in the service, or an empty text.
std::string misfit(cluster::Cluster& scratch, const VirtualService& service, const RealServer& server) {
  const auto family = cluster::family_of(service.key);
  if (server.forward != ForwardingMethod::tunnel && server.endpoint.address.family() != family) {
    return fmt::format("{} is {} and the service {}; only tunnels may mix the two", server.endpoint.address.to_string(),
                       name(server.endpoint.address.family()), name(family));
  }
  scratch.services.front().servers.clear();
  const auto added = cluster::add_server(scratch, service.key, server);
  return added ? std::string() : added.error().message;
}

}  // namespace

bool ServiceSet::claim_keys(const PlacedService& placed) {
  for (const auto& key : cluster::keys_of(placed.service)) {
    const auto [other, is_new] = keys_.try_emplace(key, placed.at);
    if (is_new) continue;
    report_.error(placed.at,
                  fmt::format("{} is already a service: {}", cluster::to_string(key), to_string(other->second)));
    return false;
  }
  if (keys_.size() <= limits.services) return true;
  report_.error(placed.at,
                fmt::format("more than {} services; use YAML with a greater director.services", limits.services));
  return false;
}

void ServiceSet::add(const PlacedService& placed) {
  if (!claim_keys(placed)) return;
  VirtualService service = placed.service;
  service.servers.clear();
  cluster::Cluster scratch;
  const auto* address = std::get_if<AddressKey>(&service.key);
  if (address != nullptr && address->endpoint.port == 0 && !service.persistence) {
    report_.error(placed.at,
                  "port 0 (every port) needs persistence; give the service a persistence timeout, or a port");
    return;
  }
  if (const auto added = cluster::add_service(scratch, service); !added) {
    report_.error(placed.at, added.error().message);
    return;
  }
  add_servers(placed, scratch, service);
  if (service.fallback) {
    service.fallback = with_port(service, *service.fallback);
    if (const auto problem = misfit(scratch, service, *service.fallback); !problem.empty()) {
      report_.error(placed.at, fmt::format("fallback server: {}", problem));
    }
  }
  services_.push_back(std::move(service));
  places_.push_back(placed.at);
}

void ServiceSet::add_servers(const PlacedService& placed, cluster::Cluster& scratch, VirtualService& service) {
  std::set<net::Endpoint> endpoints;
  for (std::size_t i = 0; i < placed.service.servers.size(); ++i) {
    const RealServer server = with_port(service, placed.service.servers[i]);
    const Place& at = i < placed.servers_at.size() ? placed.servers_at[i] : placed.at;
    std::string problem = misfit(scratch, service, server);
    if (problem.empty() && !endpoints.insert(server.endpoint).second) {
      problem = fmt::format("{} is in the service twice", server.endpoint.to_string());
    }
    if (problem.empty() && ++server_count_ > limits.servers) {
      problem = fmt::format("more than {} real servers; use YAML with a greater director.servers", limits.servers);
    }
    if (problem.empty()) {
      service.servers.push_back(server);
    } else {
      report_.error(at, std::move(problem));
    }
  }
}

}  // namespace ballast::config
