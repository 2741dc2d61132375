// From what the operator wants and what is known of the servers to what planes are handed.
#pragma once

#include "cluster/health.h"
#include "cluster/model.h"

namespace ballast::cluster {

/// `desired` with every service as its health allows: servers that are down are removed or have weight 0, as
/// ServerHealth::on_failure says; those that are up have the weight of weight_of(). Where a service is down and has a
/// fallback, that stands behind the servers with weight 1 (and at the service's port, where it has none of its own),
/// and those that are up beside it give way to it. A fallback with OnFailure::quiescent is also there while it is not
/// needed, with weight 0.
Cluster effective(const Cluster& desired, const Health& health);

/// As effective(), of one service.
VirtualService effective(const VirtualService& desired, const ServiceVerdict& verdict);

/// The server that stands for the service's fallback, or nullopt where it has none.
std::optional<RealServer> fallback_of(const VirtualService& service);

}  // namespace ballast::cluster
