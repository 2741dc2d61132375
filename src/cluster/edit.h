// Changes to a Cluster with the rules of ip_vs: what its kernel interface accepts, and the errno with which it refuses.
#pragma once

#include "base/error.h"
#include "cluster/model.h"

namespace ballast::cluster {

// Every function changes `cluster` or leaves it as it was and returns an Error whose code is the errno that ip_vs
// answers with in the same place (net/netfilter/ipvs/ip_vs_ctl.c): EEXIST, ESRCH, ENOENT, ERANGE, EINVAL …

/// Adds a service without servers. EEXIST: one of its addresses is taken; ENOENT: unknown scheduler or persistence
/// engine; EINVAL: impossible netmask or flags, addresses that cannot be one group.
Result<void> add_service(Cluster& cluster, const VirtualService& service);

/// Changes scheduler, flags, persistence and engine of a service; its servers and further addresses stay. ESRCH: no
/// such service.
Result<void> edit_service(Cluster& cluster, const VirtualService& service);

/// ESRCH: no such service.
Result<void> delete_service(Cluster& cluster, const ServiceKey& key);

/// Adds a real server. ESRCH: no such service; EEXIST: endpoint taken; ERANGE: lower threshold above upper;
/// EINVAL: address is not unicast, or tunnel parameters that do not go together.
Result<void> add_server(Cluster& cluster, const ServiceKey& key, const RealServer& server);

/// Changes weight, thresholds and forwarding of a real server; how it is watched stays. ESRCH, ENOENT: no such service,
/// server.
Result<void> edit_server(Cluster& cluster, const ServiceKey& key, const RealServer& server);

/// ESRCH, ENOENT: no such service, server.
Result<void> delete_server(Cluster& cluster, const ServiceKey& key, const net::Endpoint& endpoint);

/// Removes every service.
void clear(Cluster& cluster);

/// Sets the timeouts that are not zero. EINVAL: more than ip_vs can count.
Result<void> set_timeouts(Cluster& cluster, const Timeouts& timeouts);

}  // namespace ballast::cluster
