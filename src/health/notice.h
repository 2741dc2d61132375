// What a change of health means for people: the events that commands are run for, and mail is sent of.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cluster/health.h"
#include "cluster/model.h"

namespace ballast::health {

struct Notice {
  enum class Kind : std::uint8_t {
    server_up,
    server_down,
    service_up,    ///< the quorum is met
    service_down,  ///< the quorum is not met
    fallback_on,   ///< the fallback has the traffic
    fallback_off
  };
  Kind kind = Kind::server_up;
  cluster::ServiceKey service;
  net::Endpoint server;  ///< of server_up and server_down; of fallback_on and fallback_off the fallback
  std::string reason;    ///< of server_up and server_down
  friend bool operator==(const Notice&, const Notice&) = default;
};

/// What is different in `after`, service by service as in `desired`: its servers, its quorum, its fallback. Of a
/// service that is new only a fallback that is needed is told.
std::vector<Notice> notices(const cluster::Cluster& desired, const cluster::Health& before,
                            const cluster::Health& after);

}  // namespace ballast::health
