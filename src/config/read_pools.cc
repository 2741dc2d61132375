#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>

#include "config/edit_distance.h"
#include "config/sections.h"

namespace ballast::config {
namespace {

constexpr std::array pool_keys = {Key{"servers"},
                                  Key{"scheduler"},
                                  Key{"flags"},
                                  Key{"check"},
                                  Key{"on_failure"},
                                  Key{"up_command"},
                                  Key{"down_command"},
                                  Key{"run_as"},
                                  Key{"fallback"},
                                  Key{"fallback_command"},
                                  Key{"quorum"},
                                  Key{"alerts"},
                                  Key{"maintenance_directory"}};
constexpr std::array server_keys = {
    Key{"address"}, Key{"weight"},     Key{"upper_threshold"}, Key{"lower_threshold"}, Key{"forward"}, Key{"tunnel"},
    Key{"check"},   Key{"on_failure"}, Key{"up_command"},      Key{"down_command"},    Key{"run_as"},  Key{"disabled"}};
constexpr std::array tunnel_keys = {Key{"type"}, Key{"port"}, Key{"checksum"}};

bool is_unicast(const net::Address& address) {
  return !address.is_unspecified() && !address.is_multicast() && !address.is_broadcast();
}

std::optional<ServerAddress> read_address(const Value& value) {
  const auto text = value.text();
  if (!text) return {};
  const auto address = parse_server_address(*text);
  if (!address) {
    value.problem(address.error().message);
    return {};
  }
  if (!is_unicast(address->address)) {
    value.problem(fmt::format("{} is not the address of one machine", address->address.to_string()));
    return {};
  }
  return *address;
}

void read_limit(const Fields& fields, std::string_view key, std::uint32_t& limit) {
  const auto value = fields.get(key);
  const auto number = value ? value->number(0, std::numeric_limits<std::int32_t>::max()) : std::nullopt;
  if (number) limit = static_cast<std::uint32_t>(*number);
}

void check_thresholds(const Fields& fields, const cluster::RealServer& server) {
  if (server.lower_threshold <= server.upper_threshold) return;
  const auto lower = fields.get("lower_threshold");
  if (lower) {
    lower->problem(fmt::format("{} is above upper_threshold ({})", server.lower_threshold, server.upper_threshold));
  }
}

}  // namespace

std::optional<ServerEntry> read_server(const Value& value) {
  if (!value.is_map()) {
    const auto address = read_address(value);
    if (!address) return {};
    return ServerEntry{
        .where = value, .address = *address, .settings = {}, .forward = {}, .tunnel = {}, .watching = {}};
  }
  const auto fields = value.fields(server_keys);
  const auto address_value = fields->get("address");
  if (!address_value) value.problem("has no address; write address: \"IP:PORT\"");
  const auto address = address_value ? read_address(*address_value) : std::nullopt;
  cluster::RealServer settings;
  read_limit(*fields, "weight", settings.weight);
  read_limit(*fields, "upper_threshold", settings.upper_threshold);
  read_limit(*fields, "lower_threshold", settings.lower_threshold);
  check_thresholds(*fields, settings);
  const auto forward = read_forward(*fields);
  const auto tunnel = read_tunnel(*fields);
  if (!address) return {};
  return ServerEntry{.where = value,
                     .address = *address,
                     .settings = settings,
                     .forward = forward,
                     .tunnel = tunnel,
                     .watching = read_watching(*fields)};
}

namespace {

std::optional<std::string> read_scheduler(const Value& value) {
  auto name = value.text();
  if (!name) return {};
  const std::vector<std::string_view> valid(cluster::scheduler_names().begin(), cluster::scheduler_names().end());
  if (std::ranges::find(valid, *name) != valid.end()) return name;
  const std::string_view meant = nearest(*name, valid);
  value.problem(fmt::format("unknown scheduler {}; valid: {}{}", quoted(*name), fmt::join(valid, ", "),
                            meant.empty() ? "" : fmt::format("; did you mean '{}'?", meant)));
  return {};
}

std::uint32_t read_flags(const Value& list, std::string_view scheduler) {
  std::uint32_t flags = 0;
  for (const Value& item : list.items().value_or(std::vector<Value>{})) {
    const auto name = item.text();
    if (!name) continue;
    const auto flag = parse_scheduler_flag(*name, scheduler);
    if (flag) {
      flags |= *flag;
    } else {
      item.problem(flag.error().message);
    }
  }
  return flags;
}

void check_tunnel(const Fields& fields, const cluster::Tunnel& tunnel) {
  const auto port = fields.get("port");
  const auto checksum = fields.get("checksum");
  switch (tunnel.type) {
    case cluster::TunnelType::ipip:
      if (port) port->problem("an ipip tunnel has no port; remove it, or write type: gue");
      if (checksum && tunnel.checksum != cluster::TunnelChecksum::none) {
        checksum->problem("an ipip tunnel has no checksum; remove it, or write type: gue or gre");
      }
      break;
    case cluster::TunnelType::gue:
      if (!port)
        fields.map().problem("a gue tunnel needs a port; write port: N, the UDP port the real server listens on");
      break;
    case cluster::TunnelType::gre:
      if (port) port->problem("a gre tunnel has no port; remove it, or write type: gue");
      if (checksum && tunnel.checksum == cluster::TunnelChecksum::remote) {
        checksum->problem("remote is for gue tunnels; a gre tunnel has checksum none or full");
      }
      break;
  }
}

}  // namespace

std::optional<cluster::ForwardingMethod> read_forward(const Fields& fields) {
  const auto value = fields.get("forward");
  if (!value) return {};
  if (value->is_word("fullnat")) {
    value->unsupported("forward 'fullnat' (valid: nat, route, tunnel)");
    return {};
  }
  return choose(*value, forward_words);
}

std::optional<cluster::Tunnel> read_tunnel(const Fields& fields) {
  constexpr std::uint64_t greatest_port = 65535;
  const auto value = fields.get("tunnel");
  const auto members = value ? value->fields(tunnel_keys) : std::nullopt;
  if (!members) return {};
  cluster::Tunnel tunnel;
  const auto type_value = members->get("type");
  const auto type = type_value ? choose(*type_value, tunnel_words) : std::optional(tunnel.type);
  if (const auto port = members->get("port")) {
    tunnel.port = static_cast<std::uint16_t>(port->number(1, greatest_port).value_or(0));
  }
  if (const auto checksum = members->get("checksum")) {
    tunnel.checksum = choose(*checksum, checksum_words).value_or(tunnel.checksum);
  }
  if (!type) return {};
  tunnel.type = *type;
  check_tunnel(*members, tunnel);
  return tunnel;
}

Scheduling read_scheduling(const Fields& fields, const Scheduling& otherwise) {
  Scheduling scheduling = otherwise;
  if (const auto value = fields.get("scheduler")) {
    const auto name = read_scheduler(*value);
    if (!name) return scheduling;
    scheduling = {.scheduler = *name, .flags = 0};
  }
  if (const auto value = fields.get("flags")) scheduling.flags = read_flags(*value, scheduling.scheduler);
  return scheduling;
}

std::vector<ServerEntry> read_servers(const Value& list) {
  std::vector<ServerEntry> servers;
  for (const Value& item : list.items().value_or(std::vector<Value>{})) {
    if (auto server = read_server(item)) servers.push_back(std::move(*server));
  }
  return servers;
}

Pools read_pools(const Value& section) {
  Pools pools;
  for (const auto& [name, value] : section.named().value_or(std::vector<std::pair<std::string, Value>>{})) {
    Pool& pool = pools[name];
    const auto fields = value.fields(pool_keys);
    if (!fields) continue;
    pool.scheduling = read_scheduling(*fields, {});
    pool.watching = read_watching(*fields);
    pool.care = read_care(*fields);
    if (const auto fallback = fields->get("fallback")) pool.fallback = read_server(*fallback);
    const auto servers = fields->get("servers");
    if (servers) {
      pool.servers = read_servers(*servers);
    } else {
      value.problem("has no servers; write servers: [\"IP:PORT\", ...], or servers: [] for none yet");
    }
  }
  return pools;
}

}  // namespace ballast::config
