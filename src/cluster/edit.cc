#include "cluster/edit.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

namespace ballast::cluster {
namespace {

constexpr std::uint32_t known_flags = scheduler_flag_1 | scheduler_flag_2 | scheduler_flag_3;
constexpr std::uint32_t largest_weight = std::numeric_limits<std::int32_t>::max();
constexpr std::chrono::seconds longest_persistence{std::numeric_limits<std::uint32_t>::max()};

/// ip_vs counts timeouts in jiffies of an int; Debian's kernels have 250 of them a second.
constexpr std::chrono::seconds longest_timeout{std::numeric_limits<std::int32_t>::max() / 250};

Result<void> first_refusal(std::initializer_list<Result<void>> checks) {
  for (const auto& check : checks) {
    if (!check) return check;
  }
  return {};
}

std::unexpected<Error> no_such_service(const ServiceKey& key) {
  return fail(fmt::format("service {}: there is none; add it first", to_string(key)), ESRCH);
}

Result<VirtualService*> existing(Cluster& cluster, const ServiceKey& key) {
  if (auto* service = find_service(cluster, key)) return service;
  return no_such_service(key);
}

/// ip_vs also takes "none": a service that schedules nobody.
Result<void> check_scheduler(const VirtualService& service) {
  if (service.scheduler == "none") return {};
  if (std::ranges::find(scheduler_names(), service.scheduler) != scheduler_names().end()) return {};
  return fail(fmt::format("service {}: scheduler '{}' is not known, take one of {}", to_string(service.key),
                          service.scheduler, fmt::join(scheduler_names(), ", ")),
              ENOENT);
}

Result<void> check_engine(const VirtualService& service) {
  if (service.persistence_engine.empty()) return {};
  return fail(fmt::format("service {}: persistence engine '{}' is not known, this version has none",
                          to_string(service.key), service.persistence_engine),
              ENOENT);
}

Result<void> check_persistence(const VirtualService& service) {
  if (!service.persistence) return {};
  const auto& [timeout, netmask] = *service.persistence;
  if (timeout < std::chrono::seconds(0) || timeout > longest_persistence) {
    return fail(fmt::format("service {}: persistence of {} s, take 0 to {}", to_string(service.key), timeout.count(),
                            longest_persistence.count()),
                EINVAL);
  }
  if (family_of(service.key) == net::Family::ipv6 && (netmask < 1 || netmask > 128)) {
    return fail(
        fmt::format("service {}: netmask {}, a prefix length for IPv6 is 1 to 128", to_string(service.key), netmask),
        EINVAL);
  }
  return {};
}

Result<void> check_flags(const VirtualService& service) {
  if ((service.scheduler_flags & ~known_flags) == 0) return {};
  return fail(fmt::format("service {}: scheduler flags {:#x}, only the bits of {:#x} have a meaning",
                          to_string(service.key), service.scheduler_flags, known_flags),
              EINVAL);
}

Result<void> check_group(const VirtualService& service) {
  if (service.further_addresses.empty()) return {};
  if (std::holds_alternative<MarkKey>(service.key)) {
    return fail(fmt::format("service {}: a firewall mark cannot be grouped with addresses", to_string(service.key)),
                EINVAL);
  }
  std::set<ServiceKey> seen{service.key};
  for (const auto& address : service.further_addresses) {
    if (family_of(address) != family_of(service.key)) {
      return fail(fmt::format("service {}: {} is of another address family; a group has one", to_string(service.key),
                              to_string(ServiceKey(address))),
                  EINVAL);
    }
    if (!seen.insert(address).second) {
      return fail(
          fmt::format("service {}: {} is in the group twice", to_string(service.key), to_string(ServiceKey(address))),
          EINVAL);
    }
  }
  return {};
}

Result<void> check_service(const VirtualService& service) {
  return first_refusal({check_scheduler(service), check_engine(service), check_persistence(service),
                        check_flags(service), check_group(service)});
}

bool leads_to(const ServiceKey& key, const VirtualService& service) {
  return key == service.key || std::ranges::any_of(service.further_addresses, [&](const AddressKey& address) {
           return key == ServiceKey(address);
         });
}

/// No address may lead to two services.
Result<void> check_addresses_are_free(const Cluster& cluster, const VirtualService& service) {
  const auto keys = keys_of(service);
  for (const auto& other : cluster.services) {
    const auto taken = std::ranges::find_if(keys, [&](const ServiceKey& key) { return leads_to(key, other); });
    if (taken == keys.end()) continue;
    if (*taken == other.key && *taken == service.key) {
      return fail(fmt::format("service {}: exists already; edit it, or delete it first", to_string(*taken)), EEXIST);
    }
    return fail(fmt::format("service {}: {} belongs to service {} already", to_string(service.key), to_string(*taken),
                            to_string(other.key)),
                EEXIST);
  }
  return {};
}

std::string place(const ServiceKey& key, const net::Endpoint& endpoint) {
  return fmt::format("service {}, real server {}", to_string(key), endpoint.to_string());
}

/// Only tunnels lead to another family (ip_vs_genl_set_cmd).
Result<void> check_family(const ServiceKey& key, const RealServer& server) {
  if (server.endpoint.address.family() == family_of(key) || server.forward == ForwardingMethod::tunnel) return {};
  return fail(fmt::format("{}: of another address family than its service, which only forwarding by tunnel allows",
                          place(key, server.endpoint)),
              EINVAL);
}

Result<void> check_limits(const ServiceKey& key, const RealServer& server) {
  if (server.weight > largest_weight) {
    return fail(fmt::format("{}: weight {}, take 0 to {}", place(key, server.endpoint), server.weight, largest_weight),
                ERANGE);
  }
  if (server.lower_threshold > server.upper_threshold) {
    return fail(fmt::format("{}: lower threshold {} is above the upper threshold {}", place(key, server.endpoint),
                            server.lower_threshold, server.upper_threshold),
                ERANGE);
  }
  return {};
}

Result<void> check_tunnel(const ServiceKey& key, const RealServer& server) {
  if (server.tunnel.type == TunnelType::gue && server.tunnel.port == 0) {
    return fail(fmt::format("{}: a GUE tunnel needs a port", place(key, server.endpoint)), EINVAL);
  }
  if (server.tunnel.type == TunnelType::gre && server.tunnel.checksum == TunnelChecksum::remote) {
    return fail(fmt::format("{}: remote checksums exist for GUE tunnels only", place(key, server.endpoint)), EINVAL);
  }
  return {};
}

Result<void> check_server(const ServiceKey& key, const RealServer& server) {
  return first_refusal({check_family(key, server), check_limits(key, server), check_tunnel(key, server)});
}

bool is_ipv6_link_local(const net::Address& address) {
  return !address.is_ipv4() && address.bytes()[0] == 0xfe && (address.bytes()[1] & 0xc0) == 0x80;
}

/// The broadcast address of the loopback network, the only broadcast of a network that every machine has.
constexpr net::Address loopback_broadcast = net::Address::ipv4(0x7fffffff);

/// ip_vs_new_dest: unicast as the routing table sees it, so far as it is known without one.
Result<void> check_unicast(const ServiceKey& key, const net::Endpoint& endpoint) {
  const auto& address = endpoint.address;
  if (!address.is_unspecified() && !address.is_multicast() && !address.is_broadcast() && !is_ipv6_link_local(address) &&
      address != loopback_broadcast) {
    return {};
  }
  return fail(fmt::format("{}: not the unicast address of one machine", place(key, endpoint)), EINVAL);
}

auto find_server(VirtualService& service, const net::Endpoint& endpoint) {
  return std::ranges::find(service.servers, endpoint, &RealServer::endpoint);
}

std::unexpected<Error> no_such_server(const ServiceKey& key, const net::Endpoint& endpoint) {
  return fail(fmt::format("{}: there is none; add it first", place(key, endpoint)), ENOENT);
}

Result<void> check_timeout(std::string_view name, std::chrono::seconds timeout) {
  if (timeout >= std::chrono::seconds(0) && timeout <= longest_timeout) return {};
  return fail(fmt::format("timeout {} of {} s, take 0 (leave) to {}", name, timeout.count(), longest_timeout.count()),
              EINVAL);
}

void take(std::chrono::seconds& kept, std::chrono::seconds set) {
  if (set != std::chrono::seconds(0)) kept = set;
}

}  // namespace

Result<void> add_service(Cluster& cluster, const VirtualService& service) {
  if (auto free = check_addresses_are_free(cluster, service); !free) return free;
  if (auto checked = check_service(service); !checked) return checked;
  cluster.services.push_back(service);
  cluster.services.back().servers.clear();
  return {};
}

Result<void> edit_service(Cluster& cluster, const VirtualService& service) {
  auto edited = existing(cluster, service.key);
  if (!edited) return std::unexpected(std::move(edited.error()));
  if (auto checked = check_service(service); !checked) return checked;
  (*edited)->scheduler = service.scheduler;
  (*edited)->scheduler_flags = service.scheduler_flags;
  (*edited)->persistence = service.persistence;
  (*edited)->one_packet = service.one_packet;
  (*edited)->persistence_engine = service.persistence_engine;
  return {};
}

Result<void> delete_service(Cluster& cluster, const ServiceKey& key) {
  const auto deleted =
      std::erase_if(cluster.services, [&](const VirtualService& service) { return service.key == key; });
  if (deleted == 0) return no_such_service(key);
  return {};
}

Result<void> add_server(Cluster& cluster, const ServiceKey& key, const RealServer& server) {
  auto service = existing(cluster, key);
  if (!service) return std::unexpected(std::move(service.error()));
  if (auto checked = check_server(key, server); !checked) return checked;
  if (find_server(**service, server.endpoint) != (*service)->servers.end()) {
    return fail(fmt::format("{}: exists already; edit it, or delete it first", place(key, server.endpoint)), EEXIST);
  }
  if (auto checked = check_unicast(key, server.endpoint); !checked) return checked;
  (*service)->servers.push_back(server);
  return {};
}

Result<void> edit_server(Cluster& cluster, const ServiceKey& key, const RealServer& server) {
  auto service = existing(cluster, key);
  if (!service) return std::unexpected(std::move(service.error()));
  if (auto checked = check_server(key, server); !checked) return checked;
  const auto edited = find_server(**service, server.endpoint);
  if (edited == (*service)->servers.end()) return no_such_server(key, server.endpoint);
  const ServerHealth health = edited->health;
  *edited = server;
  edited->health = health;
  return {};
}

Result<void> delete_server(Cluster& cluster, const ServiceKey& key, const net::Endpoint& endpoint) {
  auto service = existing(cluster, key);
  if (!service) return std::unexpected(std::move(service.error()));
  const auto deleted = find_server(**service, endpoint);
  if (deleted == (*service)->servers.end()) return no_such_server(key, endpoint);
  (*service)->servers.erase(deleted);
  return {};
}

void clear(Cluster& cluster) { cluster.services.clear(); }

Result<void> set_timeouts(Cluster& cluster, const Timeouts& timeouts) {
  if (auto checked = first_refusal({check_timeout("tcp", timeouts.tcp), check_timeout("tcp_fin", timeouts.tcp_fin),
                                    check_timeout("udp", timeouts.udp)});
      !checked) {
    return checked;
  }
  auto& kept = cluster.director.timeouts;
  take(kept.tcp, timeouts.tcp);
  take(kept.tcp_fin, timeouts.tcp_fin);
  take(kept.udp, timeouts.udp);
  return {};
}

}  // namespace ballast::cluster
