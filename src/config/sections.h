// The sections of the native configuration: director, pools, services.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cluster/model.h"
#include "config/health.h"
#include "config/scalars.h"
#include "config/value.h"

namespace ballast::config {

inline constexpr std::array<Choice<cluster::Hook>, 4> hook_words = {{{"auto", cluster::Hook::automatic},
                                                                     {"xdp", cluster::Hook::xdp},
                                                                     {"xdp-generic", cluster::Hook::xdp_generic},
                                                                     {"tc", cluster::Hook::tc}}};
inline constexpr std::array<Choice<cluster::ForwardingMethod>, 3> forward_words = {
    {{"nat", cluster::ForwardingMethod::nat},
     {"route", cluster::ForwardingMethod::route},
     {"tunnel", cluster::ForwardingMethod::tunnel}}};
inline constexpr std::array<Choice<cluster::TunnelType>, 3> tunnel_words = {
    {{"ipip", cluster::TunnelType::ipip}, {"gue", cluster::TunnelType::gue}, {"gre", cluster::TunnelType::gre}}};
inline constexpr std::array<Choice<cluster::TunnelChecksum>, 3> checksum_words = {
    {{"none", cluster::TunnelChecksum::none},
     {"full", cluster::TunnelChecksum::full},
     {"remote", cluster::TunnelChecksum::remote}}};

/// Reads `director:` over the defaults.
cluster::DirectorSettings read_director(const Value& section);

/// A scheduler and the flags that belong to it.
struct Scheduling {
  std::string scheduler = "wlc";
  std::uint32_t flags = 0;
};
/// Reads `scheduler` and `flags`, which a pool and a service may both have. A scheduler that is named brings its own
/// flags; one that is not is `otherwise`'s, with its flags unless others are named.
Scheduling read_scheduling(const Fields& fields, const Scheduling& otherwise);

/// A real server as the file has it: what it does not say, the service says.
struct ServerEntry {
  Value where;
  ServerAddress address;
  cluster::RealServer settings;  ///< weight and thresholds; the rest is not set
  std::optional<cluster::ForwardingMethod> forward;
  std::optional<cluster::Tunnel> tunnel;
  Watching watching;
};

/// Reads a server, an address or a map.
std::optional<ServerEntry> read_server(const Value& value);
/// Reads `servers:`, of a pool or of a service. Entries with problems are left out.
std::vector<ServerEntry> read_servers(const Value& list);
/// Reads `forward:`, of a service or of a server.
std::optional<cluster::ForwardingMethod> read_forward(const Fields& fields);
/// Reads `tunnel:`, of a service or of a server.
std::optional<cluster::Tunnel> read_tunnel(const Fields& fields);

struct Pool {
  Scheduling scheduling;
  std::vector<ServerEntry> servers;
  Watching watching;
  ServiceCare care;
  std::optional<ServerEntry> fallback;
};
using Pools = std::map<std::string, Pool, std::less<>>;

Pools read_pools(const Value& section);

/// Reads `services:` into `cluster.services`, with the limits of `cluster.director`.
void read_services(const Value& section, const Pools& pools, cluster::Cluster& cluster);

}  // namespace ballast::config
