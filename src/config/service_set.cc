#include "config/service_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

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

/// Why the server cannot be in the service, or an empty text.
std::string misfit(cluster::Cluster& scratch, const VirtualService& service, const RealServer& server) {
  const auto family = cluster::family_of(service.key);
  if (server.forward != ForwardingMethod::tunnel && server.endpoint.address.family() != family) {
    return fmt::format("{} is {} and the service {}; only tunnels may mix the two", server.endpoint.address.to_string(),
                       name(server.endpoint.address.family()), name(family));
  }
  if (server.forward == ForwardingMethod::nat && server.endpoint.address.is_loopback()) {
    return fmt::format(
        "NAT (masq) leads no packets to the loopback address {}, and no other method leads to port {}: "
        "use the service's port, or another address of this machine",
        server.endpoint.address.to_string(), server.endpoint.port);
  }
  scratch.services.front().servers.clear();
  const auto added = cluster::add_server(scratch, service.key, server);
  return added ? std::string() : added.error().message;
}

}  // namespace

/// The ports of a service.
struct ServiceSet::Ports {
  explicit Ports(const VirtualService& service) {
    const auto* address = std::get_if<AddressKey>(&service.key);
    if (address == nullptr) return;
    const std::uint16_t port = address->endpoint.port;
    const bool same = std::ranges::all_of(service.further_addresses,
                                          [port](const AddressKey& other) { return other.endpoint.port == port; });
    of_packets = same ? port : std::uint16_t{0};
    of_servers = service.further_addresses.empty() ? port : std::uint16_t{0};
  }

  /// True where packets come with this port, and with no other that is known of.
  [[nodiscard]] bool is_only(std::uint16_t port) const { return !of_packets || *of_packets == port; }

  std::optional<std::uint16_t> of_packets;  ///< 0: several or all; absent: a firewall mark does not tell
  std::uint16_t of_servers = 0;             ///< of those that cannot change it; 0: the packet's
};

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

RealServer ServiceSet::reachable(RealServer server, const Ports& ports, const Place& at) {
  const auto& [address, port] = server.endpoint;
  const bool by_nat = server.forward == ForwardingMethod::nat && address.is_loopback();
  if (!by_nat || (port != 0 && !ports.is_only(port))) return server;
  report_.warning(at,
                  fmt::format("NAT (masq) leads no packets to the loopback address {}: it gets them as they are, as "
                              "by gate or DR; let it listen on the virtual address, or on every address",
                              address.to_string()));
  server.forward = ForwardingMethod::route;
  return server;
}

RealServer ServiceSet::with_port(const Ports& ports, RealServer server, const Place& at) {
  if (server.forward == ForwardingMethod::nat) return server;
  const std::uint16_t written = std::exchange(server.endpoint.port, ports.of_servers);
  if (written == 0 || ports.is_only(written)) return server;
  const bool of_service = ports.of_servers != 0;
  report_.warning(
      at, fmt::format("port {} has no effect: by route and tunnel (gate, ipip, DR, TUN) the port stays {}; "
                      "forward by NAT (masq) to change it",
                      written, of_service ? fmt::format("the service's, {}", ports.of_servers) : "the packet's"));
  return server;
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
  const Ports ports(service);
  add_servers(placed, ports, scratch, service);
  if (service.fallback) {
    service.fallback = with_port(ports, reachable(*service.fallback, ports, placed.fallback_at), placed.fallback_at);
    if (const auto problem = misfit(scratch, service, *service.fallback); !problem.empty()) {
      report_.error(placed.fallback_at, fmt::format("fallback server: {}", problem));
    }
  }
  services_.push_back(std::move(service));
  places_.push_back(placed.at);
}

void ServiceSet::add_servers(const PlacedService& placed, const Ports& ports, cluster::Cluster& scratch,
                             VirtualService& service) {
  std::set<net::Endpoint> endpoints;
  for (std::size_t i = 0; i < placed.service.servers.size(); ++i) {
    const Place& at = i < placed.servers_at.size() ? placed.servers_at[i] : placed.at;
    const RealServer server = with_port(ports, reachable(placed.service.servers[i], ports, at), at);
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
