// Watching the kernel's network configuration change.
#pragma once

#include <cstdint>
#include <vector>

#include "base/error.h"
#include "net/neighbour.h"
#include "net/netlink.h"

namespace ballast::net {

/// What can change; a bit set.
enum ChangeKind : std::uint8_t {
  change_links = 1,
  change_addresses = 2,  ///< but not that one lives longer
  change_routes = 4,     ///< routes, routing rules, next-hop objects
  change_neighbours = 8,
  change_everything = change_links | change_addresses | change_routes | change_neighbours,
};

struct NeighbourChange {
  Neighbour neighbour;
  bool removed = false;
  friend bool operator==(const NeighbourChange&, const NeighbourChange&) = default;
};

/// What happened since the last look.
struct Changes {
  std::uint8_t kinds = 0;                   ///< bits of ChangeKind
  std::vector<NeighbourChange> neighbours;  ///< in the order of happening
  /// Notifications were lost: `kinds` is everything, `neighbours` is incomplete, and the tables must be read anew.
  bool overflow = false;

  [[nodiscard]] bool empty() const { return kinds == 0; }
  /// Route lookups may have new answers. A link that goes down, or an address that is removed, takes IPv4 routes with
  /// it without a notification of their own.
  [[nodiscard]] bool affects_routes() const { return (kinds & (change_links | change_addresses | change_routes)) != 0; }
};

/// Adds what the notifications in a datagram say to `changes`.
void add_changes(Bytes messages, Changes& changes);

/// Subscribed to links, IPv4 and IPv6 addresses, routes, rules, next hops and neighbours of the network namespace that
/// the calling thread is in. Open it before reading the tables, so that no change falls between.
class Monitor {
 public:
  static Result<Monitor> open();

  /// For poll: readable when read() has something to give.
  [[nodiscard]] int fd() const { return socket_.fd(); }

  /// What has happened since the last call; does not wait. Takes in a bounded number of notifications per call, so that
  /// a flood does not hold the caller: fd() stays readable for the rest.
  Changes read();

 private:
  explicit Monitor(NetlinkSocket socket) : socket_(std::move(socket)) {}

  NetlinkSocket socket_;
};

}  // namespace ballast::net
