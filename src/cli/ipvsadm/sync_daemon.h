// The connection synchronisation daemon of ip_vs, as commands describe it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "net/address.h"

namespace ballast::ipvsadm {

enum class SyncRole : std::uint8_t { master, backup };

/// What is absent or 0 was not said and is for the table to choose.
struct SyncDaemon {
  SyncRole role = SyncRole::master;
  std::string interface = "eth0";
  std::uint8_t id = 0;
  std::uint16_t longest_message = 0;  ///< bytes of a UDP payload
  std::optional<net::Address> group;
  std::uint16_t port = 0;
  std::uint8_t ttl = 0;
  friend bool operator==(const SyncDaemon&, const SyncDaemon&) = default;
};

}  // namespace ballast::ipvsadm
