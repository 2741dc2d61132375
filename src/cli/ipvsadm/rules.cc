#include <fmt/format.h>

#include "cli/ipvsadm/format.h"
#include "cli/ipvsadm/service_words.h"

namespace ballast::ipvsadm {
namespace {

using cluster::ForwardingMethod;
using cluster::TunnelChecksum;
using cluster::TunnelType;

std::string_view service_switch(cluster::Protocol protocol) {
  switch (protocol) {
    case cluster::Protocol::tcp:
      return "-t";
    case cluster::Protocol::udp:
      return "-u";
    case cluster::Protocol::sctp:
      return "--sctp-service";
  }
  return "";
}

std::string service_name(const cluster::ServiceKey& key, const Names* names) {
  if (const auto* mark = std::get_if<cluster::MarkKey>(&key)) {
    return fmt::format("-f {}{}", signed_mark(*mark), mark->family == net::Family::ipv6 ? " -6" : "");
  }
  const auto& address = std::get<cluster::AddressKey>(key);
  return fmt::format("{} {}", service_switch(address.protocol),
                     endpoint_text(address.endpoint, protocol_of(key), names));
}

std::string_view forwarding_switch(ForwardingMethod method) {
  switch (method) {
    case ForwardingMethod::nat:
      return "-m";
    case ForwardingMethod::tunnel:
      return "-i";
    case ForwardingMethod::route:
      return "-g";
  }
  return "";
}

std::string_view checksum_switch(TunnelChecksum checksum) {
  switch (checksum) {
    case TunnelChecksum::none:
      return "--tun-nocsum";
    case TunnelChecksum::full:
      return "--tun-csum";
    case TunnelChecksum::remote:
      return "--tun-remcsum";
  }
  return "";
}

std::string tunnel_switches(const cluster::Tunnel& tunnel) {
  switch (tunnel.type) {
    case TunnelType::ipip:
      return " --tun-type ipip";
    case TunnelType::gue:
      return fmt::format(" --tun-type gue --tun-port {} {}", tunnel.port, checksum_switch(tunnel.checksum));
    case TunnelType::gre:
      return fmt::format(" --tun-type gre {}", checksum_switch(tunnel.checksum));
  }
  return "";
}

std::string service_rule(const cluster::VirtualService& service, const std::string& name) {
  std::string rule = fmt::format("-A {} -s {}", name, service.scheduler);
  if (service.persistence) {
    rule += fmt::format(" -p {}", service.persistence->timeout.count());
    if (const auto mask = mask_text(service)) rule += " -M " + *mask;
  }
  if (!service.persistence_engine.empty()) rule += " --pe " + service.persistence_engine;
  if (service.one_packet) rule += " -o";
  if (const auto flags = scheduler_flags_text(service)) rule += " -b " + *flags;
  return rule + "\n";
}

}  // namespace

std::string service_rules(const control::ServiceView& view, const Names* names) {
  const std::string name = service_name(view.service.key, names);
  std::string rules = service_rule(view.service, name);
  for (const auto& server_view : view.servers) {
    const auto& server = server_view.server;
    rules += fmt::format("-a {} -r {} {} -w {}{}\n", name,
                         endpoint_text(server.endpoint, protocol_of(view.service.key), names),
                         forwarding_switch(server.forward), server.weight,
                         server.forward == ForwardingMethod::tunnel ? tunnel_switches(server.tunnel) : "");
  }
  return rules;
}

}  // namespace ballast::ipvsadm
