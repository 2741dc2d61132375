// The checksum of IP, ICMP, VRRP and others (RFC 1071).
#pragma once

#include <cstdint>

#include "net/address.h"
#include "net/netlink_message.h"

namespace ballast::net {

/// Sums 16-bit words in network order, one part of a message after another; every part but the last has an even length.
class ChecksumSum {
 public:
  ChecksumSum& add(Bytes bytes);
  /// The pseudo-header of an upper-layer packet (RFC 768 for IPv4, RFC 8200 §8.1 for IPv6). `length` in bytes.
  ChecksumSum& add_pseudo_header(const Address& source, const Address& destination, std::uint8_t protocol,
                                 std::uint16_t length);
  /// The complement of the sum, in host byte order: what goes into the field; 0 over a message whose field is right.
  [[nodiscard]] std::uint16_t checksum() const;

 private:
  std::uint64_t sum_ = 0;
};

}  // namespace ballast::net
