#include "cli/words.h"

#include <fmt/format.h>
#include <netinet/in.h>

namespace ballast::cli {
namespace {

std::string flag_words(const cluster::VirtualService& service) {
  std::string words;
  const auto add = [&](std::uint32_t flag, std::string_view sh_or_mh, std::string_view other) {
    if ((service.scheduler_flags & flag) == 0) return;
    const bool named = !sh_or_mh.empty() && (service.scheduler == "sh" || service.scheduler == "mh");
    words += words.empty() ? "" : ",";
    words += named ? fmt::format("{}-{}", service.scheduler, sh_or_mh) : std::string(other);
  };
  add(cluster::scheduler_flag_1, "fallback", "flag-1");
  add(cluster::scheduler_flag_2, "port", "flag-2");
  add(cluster::scheduler_flag_3, "", "flag-3");
  return words;
}

std::string mask_words(const cluster::VirtualService& service) {
  const std::uint32_t mask = service.persistence->netmask;
  if (cluster::family_of(service.key) == net::Family::ipv6) return mask == 128 ? "" : fmt::format(" mask {}", mask);
  return mask == 0xffffffff ? "" : " mask " + net::Address::ipv4(mask).to_string();
}

}  // namespace

std::string forward_word(cluster::ForwardingMethod method) {
  switch (method) {
    case cluster::ForwardingMethod::nat:
      return "Masq";
    case cluster::ForwardingMethod::tunnel:
      return "Tunnel";
    case cluster::ForwardingMethod::route:
      return "Route";
  }
  return "?";
}

std::string service_words(const cluster::ServiceKey& key) {
  if (const auto* mark = std::get_if<cluster::MarkKey>(&key)) {
    return fmt::format("FWM  {}{}", mark->mark, mark->family == net::Family::ipv6 ? " IPv6" : "");
  }
  const auto& address = std::get<cluster::AddressKey>(key);
  return fmt::format("{:<4} {}", protocol_word(static_cast<std::uint8_t>(address.protocol)),
                     address.endpoint.to_string());
}

std::string scheduler_words(const cluster::VirtualService& service) {
  std::string words = service.scheduler;
  if (const std::string flags = flag_words(service); !flags.empty()) words += fmt::format(" ({})", flags);
  if (service.persistence) {
    words += fmt::format(" persistent {}{}", service.persistence->timeout.count(), mask_words(service));
  }
  if (!service.persistence_engine.empty()) words += " pe " + service.persistence_engine;
  if (service.one_packet) words += " ops";
  return words;
}

std::string protocol_word(std::uint8_t protocol) {
  switch (protocol) {
    case IPPROTO_IP:
      return "IP";
    case IPPROTO_TCP:
      return "TCP";
    case IPPROTO_UDP:
      return "UDP";
    case IPPROTO_SCTP:
      return "SCTP";
    default:
      return std::to_string(protocol);
  }
}

std::string expiry_words(std::uint32_t seconds) { return fmt::format("{:02}:{:02}", seconds / 60, seconds % 60); }

std::string counted(std::size_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string duration_words(std::chrono::seconds duration) {
  const auto seconds = duration.count();
  if (seconds >= 86400) return fmt::format("{}d {}h", seconds / 86400, seconds % 86400 / 3600);
  if (seconds >= 3600) return fmt::format("{}h {:02}m", seconds / 3600, seconds % 3600 / 60);
  if (seconds >= 60) return fmt::format("{}m {:02}s", seconds / 60, seconds % 60);
  return fmt::format("{}s", seconds);
}

}  // namespace ballast::cli
