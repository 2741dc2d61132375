#include "health/maintenance.h"

#include <algorithm>
#include <charconv>

namespace ballast::health {
namespace {

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [rest, wrong] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (wrong != std::errc{} || rest != text.data() + text.size()) return {};
  return port;
}

}  // namespace

std::optional<MaintenanceName> parse_maintenance_name(std::string_view file) {
  if (file.empty() || file.front() == '.') return {};
  if (const auto address = net::Address::parse(file)) return MaintenanceName{std::string(file), address, {}};
  if (const auto endpoint = net::Endpoint::parse(file)) {
    return MaintenanceName{endpoint->address.to_string(), endpoint->address, endpoint->port};
  }
  const auto colon = file.rfind(':');
  const auto port = colon == std::string_view::npos ? std::nullopt : parse_port(file.substr(colon + 1));
  return MaintenanceName{std::string(port ? file.substr(0, colon) : file), {}, port};
}

bool is_in_maintenance(const std::vector<MaintenanceEntry>& entries, const net::Endpoint& server) {
  return std::ranges::any_of(entries, [&](const MaintenanceEntry& entry) {
    return entry.address == server.address && entry.port.value_or(server.port) == server.port;
  });
}

}  // namespace ballast::health
