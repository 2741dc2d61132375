// What checks need of the director to reach a real server as its service's packets do.
#pragma once

#include <functional>

#include "base/error.h"
#include "cluster/service_way.h"

namespace ballast::health {

struct ServiceWays {
  std::function<Result<void>(const cluster::ServiceWay&)> open;  ///< before the socket's first packet
  std::function<bool(const cluster::ServiceWay&)> was_used;      ///< a packet has gone there
  std::function<void(const cluster::ServiceWay&)> close;         ///< behind its last one
};

}  // namespace ballast::health
