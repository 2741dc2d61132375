// What is known of the real servers: the second value beside the Cluster that was asked for.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "cluster/model.h"

namespace ballast::cluster {

/// What the checks of a real server come to.
struct ServerVerdict {
  bool up = true;
  std::string reason;                   ///< why it is up, or not, for a person
  std::optional<std::uint32_t> weight;  ///< in the place of the configured one
  std::int64_t weight_difference = 0;   ///< added to it
  friend bool operator==(const ServerVerdict&, const ServerVerdict&) = default;
};

/// The weight of a server that is up, with what its checks have to say about it: 0 to 2^31-1.
std::uint32_t weight_of(const RealServer& server, const ServerVerdict& verdict);

struct ServiceVerdict {
  bool up = true;  ///< the quorum is met
  std::map<net::Endpoint, ServerVerdict> servers;
  friend bool operator==(const ServiceVerdict&, const ServiceVerdict&) = default;
};

/// A service that is not in it is up. A server that is not in it is up where it has no checks.
using Health = std::map<ServiceKey, ServiceVerdict>;

/// What is known of a server: a verdict, or what goes without one.
ServerVerdict verdict_of(const RealServer& server, const ServiceVerdict& service);

/// The weights of a service's healthy servers together.
std::uint64_t healthy_weight(const VirtualService& service, const ServiceVerdict& verdict);

/// Whether a service with these servers is up, by its quorum: with the hysteresis that goes with what it was, without
/// one where it is new.
bool quorum_met(const VirtualService& service, const ServiceVerdict& servers, std::optional<bool> was_up);

}  // namespace ballast::cluster
