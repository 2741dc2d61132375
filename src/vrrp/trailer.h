// The authentication trailer of keepalived 2.4 (auth_hmac): 28 bytes behind the VRRP message.
//
//   0        8        16       24
//   | type 1 | key id |    reserved 0   |
//   | UTC seconds since 1970            |    seconds, fraction and counter are one number of 64 bits that grows with
//   | 1/65536 s       | counter         |    every advertisement of a sender
//   | first 16 bytes of HMAC-SHA256 ... |
//
// The HMAC is over 20 bytes {4 or 6, VRRP version, VRID, 0, source address and zeros}, the message with checksum 0, the
// trailer's first 12 bytes, and 16 zeros.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <map>
#include <vector>

#include "cluster/vrrp.h"
#include "net/address.h"
#include "net/netlink_message.h"
#include "vrrp/refusal.h"

namespace ballast::vrrp {

/// What an advertisement's HMAC binds beside its bytes.
struct Signed {
  net::Address source;
  net::Bytes message;
};

using WallClock = std::chrono::system_clock;

/// Signs what an instance sends, each advertisement with a greater number than the one before.
class Signer {
 public:
  /// Appends the trailer to `payload`, which is the message of an advertisement from `source`. Does nothing where
  /// `security` does not have it sent.
  void sign(const cluster::VrrpSecurity& security, const net::Address& source, WallClock::time_point now,
            std::vector<std::byte>& payload);

 private:
  std::uint64_t sequence_ = 0;
};

/// Verifies what an instance receives, and remembers how far each sender has counted.
class Verifier {
 public:
  /// `trailer` is empty where there was none.
  std::expected<void, Refusal> verify(const cluster::VrrpSecurity& security, const Signed& what, net::Bytes trailer,
                                      WallClock::time_point now);

 private:
  std::map<net::Address, std::uint64_t> heard_;  ///< only of senders that have a key
};

}  // namespace ballast::vrrp
