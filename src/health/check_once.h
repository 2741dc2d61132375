// One health check of one real server: the face of the checkers towards the engine that runs them.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "cluster/model.h"
#include "health/service_ways.h"

namespace ballast::health {

/// What a check is about. `service` and `forward` count where the check has no port of its own, goes through the
/// service, or is a command that is given the service's address.
struct CheckTarget {
  net::Endpoint server;
  cluster::ServiceKey service;
  cluster::ForwardingMethod forward = cluster::ForwardingMethod::route;
  cluster::Tunnel tunnel;  ///< counts where the check goes through the service
  cluster::HealthCheck check;
  friend bool operator==(const CheckTarget&, const CheckTarget&) = default;
};

struct CheckResult {
  bool up = false;
  std::string reason;  ///< what was seen, for a person: "HTTP status 503", "connection refused"
  std::chrono::microseconds latency{};
  std::optional<std::int32_t> weight;  ///< command: the server's weight; file: what is added to it
  friend bool operator==(const CheckResult&, const CheckResult&) = default;
};

/// Runs one check on the current executor; never throws; ends within the check's timeouts. Without `ways` a check that
/// goes through the service fails.
boost::asio::awaitable<CheckResult> check_once(CheckTarget target, std::shared_ptr<const ServiceWays> ways = {});

}  // namespace ballast::health
