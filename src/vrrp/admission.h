// Which advertisements an instance believes. Pure but for the memory of the verifier.
#pragma once

#include <expected>
#include <optional>

#include "cluster/vrrp.h"
#include "vrrp/advertisement.h"
#include "vrrp/refusal.h"
#include "vrrp/router.h"
#include "vrrp/trailer.h"

namespace ballast::vrrp {

/// How an advertisement came.
struct Arrival {
  Path path;
  int hop_limit = -1;  ///< or TTL; -1: unknown
};

struct Admitted {
  Heard heard;
  bool other_addresses = false;  ///< it names other virtual addresses than are configured here
};

/// Checks an advertisement that decode() found whole against the instance with its router_id: RFC 3768 §7.1, RFC 9568
/// §7.1, and keepalived's rules for unicast. `own` is the address that the instance itself advertises from.
std::expected<Admitted, Refusal> admit(const cluster::VrrpInstance& instance, const net::Address& own,
                                       const Decoded& decoded, const Arrival& arrival, Verifier& verifier,
                                       WallClock::time_point now);

/// What the instance advertises. `priority` 0: it leaves.
Advertisement advertisement_of(const cluster::VrrpInstance& instance, std::uint8_t priority);

}  // namespace ballast::vrrp
