// Sending whole IP packets by the kernel's routes.
#pragma once

#include "base/error.h"
#include "base/fd.h"
#include "net/address.h"
#include "net/netlink_message.h"

namespace ballast::net {

/// Sends IPv4 and IPv6 packets with any source address, and receives nothing. Needs CAP_NET_RAW.
class RawSender {
 public:
  static Result<RawSender> open();
  /// Sends a packet as ip_packet() makes it towards `destination`, its own.
  [[nodiscard]] Result<void> send(const Address& destination, Bytes packet) const;

 private:
  RawSender(Fd ipv4, Fd ipv6) : ipv4_(std::move(ipv4)), ipv6_(std::move(ipv6)) {}
  Fd ipv4_;
  Fd ipv6_;
};

}  // namespace ballast::net
