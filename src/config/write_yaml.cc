#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "config/behaviour.h"
#include "config/sections.h"
#include "config/sync.h"
#include "config/vrrp.h"
#include "config/yaml.h"

namespace ballast::config {
namespace {

using cluster::AddressKey;
using cluster::ForwardingMethod;
using cluster::MarkKey;
using cluster::RealServer;
using cluster::VirtualService;

/// `wanted` with everything that a name may not have made '-', and a number where the name is taken.
std::string unique_name(std::string_view wanted, std::set<std::string>& taken) {
  constexpr std::size_t longest = 56;
  std::string base(wanted.substr(0, longest));
  if (is_name(wanted)) base = wanted;
  for (char& c : base) {
    if (!is_name({&c, 1})) c = '-';
  }
  std::string candidate = base;
  for (int number = 2; candidate.empty() || !taken.insert(candidate).second; ++number) {
    candidate = fmt::format("{}-{}", base.substr(0, longest), number);
  }
  return candidate;
}

std::string name_from_key(const cluster::ServiceKey& key) {
  std::string name = cluster::to_string(key);
  std::erase_if(name, [](char c) { return c == '[' || c == ']'; });
  std::ranges::replace_if(name, [](char c) { return c == ' ' || c == ':'; }, '-');
  return name;
}

std::string tunnel_text(const cluster::Tunnel& tunnel) {
  std::string text = fmt::format("{{type: {}", word_of(tunnel.type, tunnel_words));
  if (tunnel.type == cluster::TunnelType::gue) text += fmt::format(", port: {}", tunnel.port);
  if (tunnel.type != cluster::TunnelType::ipip && tunnel.checksum != cluster::TunnelChecksum::none) {
    text += fmt::format(", checksum: {}", word_of(tunnel.checksum, checksum_words));
  }
  return text + "}";
}

/// What a service says for all its servers: the forwarding of its first and how that is watched, and the wrapping of
/// the first that has one.
struct Common {
  std::optional<ForwardingMethod> forward;
  cluster::Tunnel tunnel;
  cluster::ServerHealth health;
};

Common common_of(const VirtualService& service) {
  Common common;
  if (!service.servers.empty()) {
    common.forward = service.servers.front().forward;
    common.health = service.servers.front().health;
    common.health.disabled = false;
  }
  const auto tunnel = std::ranges::find(service.servers, ForwardingMethod::tunnel, &RealServer::forward);
  if (tunnel != service.servers.end()) common.tunnel = tunnel->tunnel;
  return common;
}

enum class PortStyle : std::uint8_t { own, service };

ServerAddress written_address(const VirtualService& service, const RealServer& server, PortStyle style) {
  const auto* address = std::get_if<AddressKey>(&service.key);
  const bool group = !service.further_addresses.empty();
  const std::uint16_t service_port = address != nullptr && !group ? address->endpoint.port : 0;
  const bool same = server.endpoint.port == service_port;
  const bool forced = address != nullptr && server.forward != ForwardingMethod::nat && !same;
  if (forced || (same && style == PortStyle::service)) return {.address = server.endpoint.address, .port = {}};
  return {.address = server.endpoint.address, .port = server.endpoint.port};
}

std::string server_text(const VirtualService& service, const Common& common, const RealServer& server,
                        PortStyle style) {
  std::string text =
      fmt::format("{{address: {}, weight: {}",
                  in_quotes(format_server_address(written_address(service, server, style))), server.weight);
  if (server.upper_threshold != 0) text += fmt::format(", upper_threshold: {}", server.upper_threshold);
  if (server.lower_threshold != 0) text += fmt::format(", lower_threshold: {}", server.lower_threshold);
  if (server.forward != common.forward) text += fmt::format(", forward: {}", word_of(server.forward, forward_words));
  if (server.forward == ForwardingMethod::tunnel && server.tunnel != common.tunnel) {
    text += fmt::format(", tunnel: {}", tunnel_text(server.tunnel));
  }
  return text + watching_text(server.health, common.health) + "}";
}

std::string fallback_text(const RealServer& fallback) {
  ServerAddress address{fallback.endpoint.address, {}};
  if (fallback.endpoint.port != 0) address.port = fallback.endpoint.port;
  std::string text = fmt::format("{{address: {}, forward: {}", in_quotes(format_server_address(address)),
                                 word_of(fallback.forward, forward_words));
  if (fallback.weight != 1) text += fmt::format(", weight: {}", fallback.weight);
  if (fallback.upper_threshold != 0) text += fmt::format(", upper_threshold: {}", fallback.upper_threshold);
  if (fallback.lower_threshold != 0) text += fmt::format(", lower_threshold: {}", fallback.lower_threshold);
  if (fallback.forward == ForwardingMethod::tunnel) text += fmt::format(", tunnel: {}", tunnel_text(fallback.tunnel));
  return text + watching_text(fallback.health, {}) + "}";
}

using Lines = std::vector<std::string>;

Lines server_lines(const VirtualService& service, PortStyle style) {
  const Common common = common_of(service);
  Lines lines;
  for (const RealServer& server : service.servers) lines.push_back(server_text(service, common, server, style));
  return lines;
}

/// How the servers of a pool are written: as those of its first service, with ports where all its services have the
/// same.
std::map<std::string, Lines> pool_lines(const cluster::Cluster& cluster) {
  std::map<std::string, std::vector<const VirtualService*>> members;
  for (const VirtualService& service : cluster.services) {
    if (is_name(service.pool)) members[service.pool].push_back(&service);
  }
  std::map<std::string, Lines> pools;
  for (const auto& [name, services] : members) {
    const Lines own = server_lines(*services.front(), PortStyle::own);
    const bool all_alike =
        std::ranges::all_of(services, [&](const auto* s) { return server_lines(*s, PortStyle::own) == own; });
    pools[name] = all_alike ? own : server_lines(*services.front(), PortStyle::service);
  }
  return pools;
}

std::string flags_text(const VirtualService& service) {
  std::vector<std::string_view> names;
  for (const std::uint32_t flag : {cluster::scheduler_flag_1, cluster::scheduler_flag_2, cluster::scheduler_flag_3}) {
    if ((service.scheduler_flags & flag) != 0) names.push_back(format_scheduler_flag(flag, service.scheduler));
  }
  return fmt::format("[{}]", fmt::join(names, ", "));
}

class Writer {
 public:
  explicit Writer(const cluster::Cluster& cluster) : cluster_(cluster), pools_(pool_lines(cluster)) {}

  std::string write() {
    write_director();
    write_vrrp();
    out_ += sync_text(cluster_.sync);
    write_pools();
    write_services();
    return std::move(out_);
  }

 private:
  template <typename... Args>
  void line(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
    out_ += '\n';
  }

  void write_director() {
    const cluster::DirectorSettings& director = cluster_.director;
    line("director:");
    if (!director.interfaces.empty()) {
      std::vector<std::string> names;
      names.reserve(director.interfaces.size());
      for (const std::string& interface : director.interfaces) names.push_back(in_quotes(interface));
      line("  interfaces: [{}]", fmt::join(names, ", "));
    }
    line("  hook: {}", word_of(director.hook, hook_words));
    line("  connections: {}", director.connections);
    line("  services: {}", director.services);
    line("  servers: {}", director.servers);
    line("  mh_services: {}", director.mh_services);
    line("  timeouts: {{tcp: {}, tcp_fin: {}, udp: {}}}", format_duration(director.timeouts.tcp),
         format_duration(director.timeouts.tcp_fin), format_duration(director.timeouts.udp));
    const Lines behaviour = behaviour_settings(director.behaviour);
    if (!behaviour.empty()) line("  behaviour:");
    for (const std::string& setting : behaviour) line("    {}", setting);
  }

  void write_vrrp() {
    const Lines lines = vrrp_lines(cluster_.vrrp);
    if (!lines.empty()) line("\nvrrp:");
    for (const std::string& setting : lines) line("{}", setting);
  }

  void write_pools() {
    if (pools_.empty()) return;
    line("\npools:");
    for (const auto& [name, lines] : pools_) {
      line("  {}:", key_text(name));
      write_servers(lines);
    }
  }

  void write_servers(const Lines& lines) {
    line("    servers:{}", lines.empty() ? " []" : "");
    for (const std::string& server : lines) line("      - {}", server);
  }

  void write_services() {
    if (cluster_.services.empty()) return;
    line("\nservices:");
    std::set<std::string> names;
    for (const VirtualService& service : cluster_.services) {
      line("  {}:", key_text(unique_name(service.name.empty() ? name_from_key(service.key) : service.name, names)));
      write_service(service);
    }
  }

  void write_service(const VirtualService& service) {
    write_key(service);
    line("    scheduler: {}", service.scheduler);
    if (service.scheduler_flags != 0) line("    flags: {}", flags_text(service));
    write_persistence(service);
    if (service.one_packet) line("    one_packet: true");
    if (service.mss_clamp != 0) line("    mss_clamp: {}", service.mss_clamp);
    const Common common = common_of(service);
    if (common.forward) line("    forward: {}", word_of(*common.forward, forward_words));
    if (common.tunnel != cluster::Tunnel{}) line("    tunnel: {}", tunnel_text(common.tunnel));
    for (const std::string& setting : watching_lines(common.health)) line("    {}", setting);
    if (service.fallback) line("    fallback: {}", fallback_text(*service.fallback));
    for (const std::string& setting : care_lines(service)) line("    {}", setting);
    write_servers_of(service);
  }

  void write_key(const VirtualService& service) {
    if (const auto* address = std::get_if<AddressKey>(&service.key)) {
      std::string text = in_quotes(format_listen(*address));
      for (const auto& further : service.further_addresses) text += ", " + in_quotes(format_listen(further));
      line("    listen: {}", service.further_addresses.empty() ? text : fmt::format("[{}]", text));
      return;
    }
    const auto& mark = std::get<MarkKey>(service.key);
    line("    fwmark: {}", mark.mark);
    if (mark.family == net::Family::ipv6) line("    family: ipv6");
  }

  void write_persistence(const VirtualService& service) {
    if (!service.persistence) return;
    const auto family = cluster::family_of(service.key);
    const std::uint32_t whole = family == net::Family::ipv4 ? 0xffffffffU : 128U;
    const std::uint32_t netmask = service.persistence->netmask;
    const std::string mask = netmask == whole ? "" : fmt::format(", netmask: {}", format_netmask(netmask, family));
    line("    persistence: {{timeout: {}{}}}", format_duration(service.persistence->timeout), mask);
  }

  void write_servers_of(const VirtualService& service) {
    const auto pool = pools_.find(service.pool);
    const bool as_pool = pool != pools_.end() && (pool->second == server_lines(service, PortStyle::own) ||
                                                  pool->second == server_lines(service, PortStyle::service));
    if (as_pool) {
      line("    pool: {}", key_text(service.pool));
    } else {
      write_servers(server_lines(service, PortStyle::own));
    }
  }

  const cluster::Cluster& cluster_;
  const std::map<std::string, Lines> pools_;
  std::string out_;
};

}  // namespace

std::string write_yaml(const cluster::Cluster& cluster) { return Writer(cluster).write(); }

}  // namespace ballast::config
