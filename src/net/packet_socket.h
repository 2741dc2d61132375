// Sending whole Ethernet frames.
#pragma once

#include "base/error.h"
#include "base/fd.h"
#include "net/netlink_message.h"

namespace ballast::net {

/// Sends and receives nothing else. Needs CAP_NET_RAW.
class PacketSocket {
 public:
  static Result<PacketSocket> open();
  /// Sends an Ethernet frame out of an interface.
  [[nodiscard]] Result<void> send(std::uint32_t interface_index, Bytes frame) const;

 private:
  explicit PacketSocket(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

}  // namespace ballast::net
