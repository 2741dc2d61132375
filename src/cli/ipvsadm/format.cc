#include "cli/ipvsadm/format.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/ipvsadm/service_words.h"

namespace ballast::ipvsadm {
namespace {

using cluster::ForwardingMethod;
using cluster::TunnelChecksum;
using cluster::TunnelType;

constexpr std::size_t service_width = 33;
constexpr std::size_t server_width = 28;

/// IPv4 names are cut at the column's width, IPv6 names run over.
std::string cut(const std::string& text, std::size_t width, bool ipv4) { return ipv4 ? text.substr(0, width) : text; }

/// A counter in nine columns, the first of them a blank while it has a unit: thousands from 10^8, millions from 10^9
/// ...
std::string large_number(std::uint64_t number, bool exact) {
  if (exact) return fmt::format("{:>{}}", number, std::max<std::size_t>(fmt::formatted_size("{}", number) + 1, 9));
  if (number < 100'000'000) return fmt::format("{:>9}", number);
  if (number < 1'000'000'000) return fmt::format("{:>8}K", number / 1'000);
  if (number < 100'000'000'000) return fmt::format("{:>8}M", number / 1'000'000);
  if (number < 100'000'000'000'000) return fmt::format("{:>8}G", number / 1'000'000'000);
  return fmt::format("{:>8}T", number / 1'000'000'000'000);
}

std::string large_numbers(const control::Stats& stats, bool exact) {
  std::string text;
  for (const auto number : {stats.connections, stats.packets_in, stats.packets_out, stats.bytes_in, stats.bytes_out}) {
    text += large_number(number, exact);
  }
  return text;
}

/// The counts of a server's rates are never abbreviated, its bytes are.
std::string server_rates(const control::Stats& rates, bool exact) {
  return fmt::format(" {:>8} {:>8} {:>8}", rates.connections, rates.packets_in, rates.packets_out) +
         large_number(rates.bytes_in, exact) + large_number(rates.bytes_out, exact);
}

std::string_view forwarding_name(ForwardingMethod method) {
  switch (method) {
    case ForwardingMethod::nat:
      return "Masq";
    case ForwardingMethod::tunnel:
      return "Tunnel";
    case ForwardingMethod::route:
      return "Route";
  }
  return "";
}

std::string_view checksum_sign(TunnelChecksum checksum) {
  switch (checksum) {
    case TunnelChecksum::none:
      return "-c";
    case TunnelChecksum::full:
      return "+c";
    case TunnelChecksum::remote:
      return "r+c";
  }
  return "";
}

std::string tunnel_text(const cluster::RealServer& server) {
  if (server.forward != ForwardingMethod::tunnel) return "n/a";
  const auto& tunnel = server.tunnel;
  switch (tunnel.type) {
    case TunnelType::ipip:
      return "ipip";
    case TunnelType::gue:
      return fmt::format("gue:{}:{}", tunnel.port, checksum_sign(tunnel.checksum));
    case TunnelType::gre:
      return fmt::format("gre:{}", checksum_sign(tunnel.checksum));
  }
  return "";
}

std::string service_name(const cluster::ServiceKey& key, const Names* names) {
  if (const auto* mark = std::get_if<cluster::MarkKey>(&key)) {
    return fmt::format("FWM  {}{}", signed_mark(*mark), mark->family == net::Family::ipv6 ? " IPv6" : "");
  }
  const auto& address = std::get<cluster::AddressKey>(key);
  return fmt::format("{:<4} {}", protocol_title(static_cast<std::uint8_t>(address.protocol)),
                     endpoint_text(address.endpoint, protocol_of(key), names));
}

std::string persistence_text(const cluster::VirtualService& service) {
  std::string text = fmt::format(" persistent {}", service.persistence->timeout.count());
  if (const auto mask = mask_text(service)) text += " mask " + *mask;
  if (!service.persistence_engine.empty()) text += " pe " + service.persistence_engine;
  return text;
}

std::string service_line(const control::ServiceView& view, Columns columns, bool exact, const Names* names) {
  const auto& service = view.service;
  const bool ipv4 = cluster::family_of(service.key) == net::Family::ipv4;
  const std::string name = cut(service_name(service.key, names), service_width, ipv4);
  if (columns == Columns::stats) return fmt::format("{:<33}{}\n", name, large_numbers(view.stats, exact));
  if (columns == Columns::rate) return fmt::format("{:<33}{}\n", name, large_numbers(view.rates, exact));

  std::string text = fmt::format("{} {}", name, service.scheduler);
  if (const auto flags = scheduler_flags_text(service)) text += fmt::format(" ({})", *flags);
  if (service.persistence) text += persistence_text(service);
  if (service.one_packet) text += " ops";
  return text + "\n";
}

std::string server_line(const control::ServerView& view, std::uint8_t protocol, Columns columns, bool exact,
                        const Names* names) {
  const auto& server = view.server;
  const auto& endpoint = server.endpoint;
  const std::string start = fmt::format(
      "  -> {:<28}", cut(endpoint_text(endpoint, protocol, names), server_width, endpoint.address.is_ipv4()));
  switch (columns) {
    case Columns::stats:
      return fmt::format("{}{}\n", start, large_numbers(view.stats, exact));
    case Columns::rate:
      return fmt::format("{}{}\n", start, server_rates(view.rates, exact));
    case Columns::thresholds:
      return fmt::format("{} {:<10} {:<10} {:<10} {:<10}\n", start, server.upper_threshold, server.lower_threshold,
                         view.active, view.inactive);
    case Columns::persistent_connections:
      return fmt::format("{} {:<9} {:<11} {:<10} {:<10}\n", start, server.weight, view.persistent, view.active,
                         view.inactive);
    case Columns::tunnel_info:
      return fmt::format("{} {:<7} {:<13} {:<6} {:<10} {:<10}\n", start, forwarding_name(server.forward),
                         tunnel_text(server), server.weight, view.active, view.inactive);
    case Columns::plain:
      break;
  }
  return fmt::format("{} {:<7} {:<6} {:<10} {:<10}\n", start, forwarding_name(server.forward), server.weight,
                     view.active, view.inactive);
}

}  // namespace

std::string banner() { return "IP Virtual Server version 1.2.1 (size=4096)\n"; }

std::string title(Columns columns) {
  constexpr std::string_view counters = "Prot LocalAddress:Port            {:>8} {:>8} {:>8} {:>8} {:>8}\n";
  constexpr std::string_view remote = "  -> RemoteAddress:Port\n";
  switch (columns) {
    case Columns::stats:
      return fmt::format(fmt::runtime(counters), "Conns", "InPkts", "OutPkts", "InBytes", "OutBytes") +
             std::string(remote);
    case Columns::rate:
      return fmt::format(fmt::runtime(counters), "CPS", "InPPS", "OutPPS", "InBPS", "OutBPS") + std::string(remote);
    case Columns::thresholds:
      return "Prot LocalAddress:Port            Uthreshold Lthreshold ActiveConn InActConn \n" + std::string(remote);
    case Columns::persistent_connections:
      return "Prot LocalAddress:Port            Weight    PersistConn ActiveConn InActConn \n" + std::string(remote);
    case Columns::tunnel_info:
      return "Prot LocalAddress:Port Scheduler Flags\n"
             "  -> RemoteAddress:Port           Forward TunnelInfo    Weight ActiveConn InActConn\n";
    case Columns::plain:
      break;
  }
  return "Prot LocalAddress:Port Scheduler Flags\n"
         "  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n";
}

std::string service_text(const control::ServiceView& view, Columns columns, bool exact, const Names* names) {
  std::string text = service_line(view, columns, exact, names);
  for (const auto& server : view.servers) {
    text += server_line(server, protocol_of(view.service.key), columns, exact, names);
  }
  return text;
}

std::string connections_title(bool persistent) {
  return std::string(
             "IPVS connection entries\npro expire state       source             virtual            destination") +
         (persistent ? "        pe name          pe_data\n" : "\n");
}

std::string connection_text(const control::ConnectionView& connection, const Names* names) {
  const auto text = [&](const net::Endpoint& endpoint) { return endpoint_text(endpoint, connection.protocol, names); };
  const auto expires = fmt::format("{:02}:{:02}", connection.expires_seconds / 60, connection.expires_seconds % 60);
  return fmt::format("{:<3} {:<6} {:<11} {:<18} {:<18} {}\n", protocol_title(connection.protocol), expires,
                     connection.state, text(connection.client), text(connection.virtual_address),
                     text(connection.server));
}

std::string timeouts_text(const cluster::Timeouts& timeouts) {
  return fmt::format("Timeout (tcp tcpfin udp): {} {} {}\n", timeouts.tcp.count(), timeouts.tcp_fin.count(),
                     timeouts.udp.count());
}

std::string sync_daemon_text(const SyncDaemon& daemon) {
  std::string text = fmt::format("{} sync daemon (mcast={}, syncid={}",
                                 daemon.role == SyncRole::master ? "master" : "backup", daemon.interface, daemon.id);
  if (daemon.longest_message != 0) text += fmt::format(", maxlen={}", daemon.longest_message);
  if (daemon.group) text += ", group=" + daemon.group->to_string();
  if (daemon.port != 0) text += fmt::format(", port={}", daemon.port);
  if (daemon.ttl != 0) text += fmt::format(", ttl={}", daemon.ttl);
  return text + ")\n";
}

}  // namespace ballast::ipvsadm
