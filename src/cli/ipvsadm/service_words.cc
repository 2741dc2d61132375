#include "cli/ipvsadm/service_words.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>
#include <vector>

namespace ballast::ipvsadm {
namespace {

using FlagNames = std::vector<std::pair<std::uint32_t, std::string_view>>;

FlagNames flag_names(std::string_view scheduler) {
  using namespace cluster;
  if (scheduler == "sh") return {{scheduler_flag_1, "sh-fallback"}, {scheduler_flag_2, "sh-port"}};
  if (scheduler == "mh") return {{scheduler_flag_1, "mh-fallback"}, {scheduler_flag_2, "mh-port"}};
  return {{scheduler_flag_1, "flag-1"}, {scheduler_flag_2, "flag-2"}, {scheduler_flag_3, "flag-3"}};
}

}  // namespace

std::string_view protocol_title(std::uint8_t protocol) {
  switch (static_cast<cluster::Protocol>(protocol)) {
    case cluster::Protocol::tcp:
      return "TCP";
    case cluster::Protocol::udp:
      return "UDP";
    case cluster::Protocol::sctp:
      return "SCTP";
  }
  return "IP";
}

std::uint8_t protocol_of(const cluster::ServiceKey& key) {
  const auto* address = std::get_if<cluster::AddressKey>(&key);
  return address == nullptr ? 0 : static_cast<std::uint8_t>(address->protocol);
}

std::int32_t signed_mark(const cluster::MarkKey& key) { return static_cast<std::int32_t>(key.mark); }

std::optional<std::string> scheduler_flags_text(const cluster::VirtualService& service) {
  if (service.scheduler_flags == 0) return std::nullopt;
  std::vector<std::string_view> set;
  for (const auto& [bit, name] : flag_names(service.scheduler)) {
    if ((service.scheduler_flags & bit) != 0) set.push_back(name);
  }
  return fmt::format("{}", fmt::join(set, ","));
}

std::optional<std::string> mask_text(const cluster::VirtualService& service) {
  const auto netmask = service.persistence->netmask;
  if (cluster::family_of(service.key) == net::Family::ipv6) {
    return netmask == 128 ? std::nullopt : std::optional(std::to_string(netmask));
  }
  return netmask == 0xffffffff ? std::nullopt : std::optional(net::Address::ipv4(netmask).to_string());
}

}  // namespace ballast::ipvsadm
