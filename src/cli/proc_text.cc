#include "cli/proc_text.h"

#include <fmt/format.h>

#include "cli/ipvsadm/format.h"
#include "cli/words.h"

namespace ballast::cli {
namespace {

constexpr std::int64_t jiffies_per_second = 250;

/// IPv4 as eight hexadecimal digits, IPv6 in full.
std::string address_text(const net::Address& address) {
  if (address.is_ipv4()) return fmt::format("{:08X}", address.ipv4_value());
  const auto& bytes = address.bytes();
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    text += fmt::format("{}{:02x}{:02x}", i == 0 ? "" : ":", bytes[i], bytes[i + 1]);
  }
  return text;
}

std::string endpoint_text(const net::Endpoint& endpoint) {
  const std::string address = address_text(endpoint.address);
  return fmt::format("{}:{:04X}", endpoint.address.is_ipv4() ? address : "[" + address + "]", endpoint.port);
}

std::string scheduler_text(const cluster::VirtualService& service) {
  return service.scheduler.empty() ? "none" : service.scheduler;
}

/// Each kind of service has a format of its own; one-packet scheduling is not shown for IPv6 addresses.
std::string service_text(const cluster::VirtualService& service) {
  const std::string_view one_packet = service.one_packet ? "ops " : "";
  if (const auto* mark = std::get_if<cluster::MarkKey>(&service.key)) {
    return fmt::format("FWM  {:08X} {} {}", mark->mark, scheduler_text(service), one_packet);
  }
  const auto& key = std::get<cluster::AddressKey>(service.key);
  const std::string place =
      fmt::format("{}  {}", protocol_word(static_cast<std::uint8_t>(key.protocol)), endpoint_text(key.endpoint));
  if (!key.endpoint.address.is_ipv4()) return fmt::format("{} {} ", place, scheduler_text(service));
  return fmt::format("{} {} {} ", place, scheduler_text(service), one_packet);
}

/// The netmask is printed as a number in network order: a prefix length of 64 as 40000000.
std::string persistence_text(const cluster::VirtualService& service) {
  if (!service.persistence) return "";
  const std::uint32_t netmask = service.persistence->netmask;
  const bool ipv4 = cluster::family_of(service.key) == net::Family::ipv4;
  return fmt::format("persistent {} {:08X}", service.persistence->timeout.count() * jiffies_per_second,
                     ipv4 ? netmask : __builtin_bswap32(netmask));
}

std::string server_text(const control::ServerView& view) {
  return fmt::format("  -> {}      {:<7} {:<6} {:<10} {:<10}\n", endpoint_text(view.server.endpoint),
                     forward_word(view.server.forward), view.server.weight, view.active, view.inactive);
}

std::string stats_line(const control::Stats& stats) {
  return fmt::format("{:8X} {:8X} {:8X} {:16X} {:16X}\n", stats.connections, stats.packets_in, stats.packets_out,
                     stats.bytes_in, stats.bytes_out);
}

}  // namespace

std::string proc_services(const std::vector<control::ServiceView>& services) {
  std::string text = ipvsadm::banner() +
                     "Prot LocalAddress:Port Scheduler Flags\n"
                     "  -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n";
  for (const auto& view : services) {
    text += service_text(view.service) + persistence_text(view.service) + "\n";
    for (const auto& server : view.servers) text += server_text(server);
  }
  return text;
}

std::string proc_connections_title() {
  return "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n";
}

std::string proc_connection(const control::ConnectionView& connection) {
  return fmt::format("{:<3} {} {:04X} {} {:04X} {} {:04X} {:<11} {:7}\n", protocol_word(connection.protocol),
                     address_text(connection.client.address), connection.client.port,
                     address_text(connection.virtual_address.address), connection.virtual_address.port,
                     address_text(connection.server.address), connection.server.port, connection.state,
                     connection.expires_seconds);
}

std::string proc_stats(const control::Totals& totals) {
  return "   Total Incoming Outgoing         Incoming         Outgoing\n"
         "   Conns  Packets  Packets            Bytes            Bytes\n" +
         stats_line(totals.stats) +
         "\n"
         " Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s\n" +
         stats_line(totals.rates);
}

}  // namespace ballast::cli
