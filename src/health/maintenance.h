// Servers that an operator takes out by a file in a directory (ldirectord's maintenancedir).
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/address.h"

namespace ballast::health {

/// What one file means: a server, or all servers at an address.
struct MaintenanceEntry {
  net::Address address;
  std::optional<std::uint16_t> port;
  friend auto operator<=>(const MaintenanceEntry&, const MaintenanceEntry&) = default;
};

/// A file's name: the address or name before it, and the port. "10.0.1.1:80", "10.0.1.1", "fd00::1", "[fd00::1]:80",
/// "web1:80", "web1.example.com".
struct MaintenanceName {
  std::string host;
  std::optional<net::Address> address;  ///< where `host` is one
  std::optional<std::uint16_t> port;
  friend bool operator==(const MaintenanceName&, const MaintenanceName&) = default;
};

/// nullopt for hidden files.
std::optional<MaintenanceName> parse_maintenance_name(std::string_view file);

bool is_in_maintenance(const std::vector<MaintenanceEntry>& entries, const net::Endpoint& server);

}  // namespace ballast::health
