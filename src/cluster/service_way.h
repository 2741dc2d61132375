// How a check reaches a real server as its service's packets do: by the virtual address, with DR or TUN.
#pragma once

#include <cstdint>

#include "cluster/model.h"

namespace ballast::cluster {

/// One socket of the director itself that is connected to a real server and is to go the way of its service.
struct ServiceWay {
  Protocol protocol = Protocol::tcp;
  std::uint16_t local_port = 0;
  net::Endpoint server;  ///< what the socket is connected to
  net::Address virtual_address;
  ForwardingMethod forward = ForwardingMethod::route;
  Tunnel tunnel;
  friend bool operator==(const ServiceWay&, const ServiceWay&) = default;
};

/// Whether packets of a service reach a real server otherwise than by its own address, and a check can: with DR and
/// TUN, where the service has an address, and one of the server's family.
bool has_own_way(const VirtualService& service, const RealServer& server);

/// Whether some check of a cluster goes such a way.
bool has_checks_by_own_way(const Cluster& cluster);

}  // namespace ballast::cluster
