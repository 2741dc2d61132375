// The packets of one socket of a check on the service's own way to the real server, where the check is to go there.
#pragma once

#include <memory>
#include <optional>

#include "health/check_once.h"
#include "health/checks/conversation.h"
#include "health/service_ways.h"

namespace ballast::health {

using WaysPointer = std::shared_ptr<const ServiceWays>;

class OwnWay {
 public:
  explicit OwnWay(WaysPointer ways) : ways_(std::move(ways)) {}
  /// The socket must be closed by then.
  ~OwnWay();
  OwnWay(const OwnWay&) = delete;
  OwnWay& operator=(const OwnWay&) = delete;

  /// Leads the packets of a socket that is about to be connected to `peer`. Gives it a port where it has none. A TCP
  /// socket will end its connection by a reset: nothing of it is left when the way is closed.
  Result<void> lead(int socket, const net::Endpoint& peer, cluster::Protocol protocol, const CheckTarget& target);

  /// A server that answered by another way has not been asked.
  [[nodiscard]] Verdict confirm(Verdict verdict) const;

 private:
  WaysPointer ways_;
  std::optional<cluster::ServiceWay> way_;
};

}  // namespace ballast::health
