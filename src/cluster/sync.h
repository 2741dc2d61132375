// Connections that survive their director: who is told about them. Pure values: the protocols are in sync/.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "net/address.h"

namespace ballast::cluster {

/// ip_vs's protocol (version 1), as `ipvsadm --start-daemon` speaks it: multicast, not authenticated.
struct KernelSync {
  bool master = false;
  bool backup = false;
  std::string interface;
  std::string instance{};  ///< of VRRP: master while that is active, else backup; empty: the roles above as they are
  std::uint8_t id = 0;     ///< syncid; a backup with 0 takes all
  std::uint16_t port = 8848;
  std::optional<net::Address> group;  ///< absent: 224.0.0.81
  std::uint8_t ttl = 1;
  std::uint16_t message_bytes = 0;  ///< the longest message; 0: what the interface takes
  bool by_command = false;          ///< ipvsadm --start-daemon made it: it outlives reloads and restarts
  friend bool operator==(const KernelSync&, const KernelSync&) = default;
};

/// Our own: unicast, authenticated, everything at once when a peer joins.
struct PeerSync {
  std::optional<net::Endpoint> listen;
  std::vector<net::Endpoint> peers;
  std::string key;  ///< shared secret, at least 16 bytes
  friend bool operator==(const PeerSync&, const PeerSync&) = default;
};

struct SyncSettings {
  std::vector<KernelSync> kernel;  ///< one for each role, or one for both
  std::optional<PeerSync> peers;
  /// Ask the ends of connections where they stand when an address of theirs comes to this machine.
  bool prompt = true;
  friend bool operator==(const SyncSettings&, const SyncSettings&) = default;
};

}  // namespace ballast::cluster
