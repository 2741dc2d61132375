#include "health/checks/own_way.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "health/checks/endpoints.h"

namespace ballast::health {
namespace {

using cluster::Protocol;
using cluster::ServiceWay;

/// Bytes of a segment that goes through any tunnel: its packet, and the outer headers, fit in the least MTU of IPv6.
constexpr int tunnel_segment = 1160;

void prepare_tcp(int socket, const ServiceWay& way) {
  const linger reset{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  if (way.forward != cluster::ForwardingMethod::tunnel) return;
  ::setsockopt(socket, IPPROTO_TCP, TCP_MAXSEG, &tunnel_segment, sizeof tunnel_segment);
}

}  // namespace

OwnWay::~OwnWay() {
  if (way_) ways_->close(*way_);
}

Result<void> OwnWay::lead(int socket, const net::Endpoint& peer, Protocol protocol, const CheckTarget& target) {
  if (!target.check.through_service) return {};
  if (ways_ == nullptr) return fail("asking through the service needs a running daemon");
  const auto port = local_port_of(socket, peer.address.family());
  if (!port) return std::unexpected(port.error());
  const auto& service = std::get<cluster::AddressKey>(target.service);
  const ServiceWay way{.protocol = protocol,
                       .local_port = *port,
                       .server = peer,
                       .virtual_address = service.endpoint.address,
                       .forward = target.forward,
                       .tunnel = target.tunnel};
  if (protocol == Protocol::tcp) prepare_tcp(socket, way);
  auto opened = ways_->open(way);
  if (opened) way_ = way;
  return opened;
}

Verdict OwnWay::confirm(Verdict verdict) const {
  if (!way_ || !verdict.up || ways_->was_used(*way_)) return verdict;
  return down(
      "its packets do not go the service's way: it is this machine, or behind an interface that is not one of "
      "the director's");
}

}  // namespace ballast::health
