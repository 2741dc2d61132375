#include "capture/flow.h"

#include <fmt/format.h>
#include <linux/if_ether.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

namespace ballast::capture {
namespace {

std::string protocol_name(std::uint8_t protocol) {
  constexpr auto names = std::to_array<std::pair<std::uint8_t, std::string_view>>({{IPPROTO_ICMP, "ICMP"},
                                                                                   {IPPROTO_TCP, "TCP"},
                                                                                   {IPPROTO_UDP, "UDP"},
                                                                                   {IPPROTO_GRE, "GRE"},
                                                                                   {IPPROTO_ICMPV6, "ICMPv6"},
                                                                                   {IPPROTO_SCTP, "SCTP"}});
  const auto* found = std::ranges::find(names, protocol, &std::pair<std::uint8_t, std::string_view>::first);
  return found == names.end() ? fmt::format("protocol {}", protocol) : std::string(found->second);
}

bool has_ports(const Flow& flow) { return flow.source_port != 0 || flow.destination_port != 0; }

std::string end_of(const abi::address& address, std::uint16_t port, bool with_port) {
  const net::Address plain = abi::from_abi(address);
  return with_port ? net::Endpoint{plain, port}.to_string() : plain.to_string();
}

std::string ends_of(const Flow& flow) {
  const bool ports = has_ports(flow);
  return fmt::format("{} > {}", end_of(flow.source, flow.source_port, ports),
                     end_of(flow.destination, flow.destination_port, ports));
}

/// The flags as tcpdump writes them.
std::string tcp_flags(std::uint8_t flags) {
  constexpr std::string_view letters = "FSRP.UEW";
  std::string words;
  for (std::size_t bit = 0; bit < letters.size(); ++bit) {
    if ((flags >> bit & 1) != 0) words += letters[bit];
  }
  return fmt::format(" [{}]", words.empty() ? "none" : words);
}

std::string packet_words(const Flow& flow) {
  return fmt::format("{} {}{}", protocol_name(flow.protocol), ends_of(flow),
                     flow.protocol == IPPROTO_TCP && has_ports(flow) ? tcp_flags(flow.tcp_flags) : "");
}

std::string not_ip(std::span<const std::uint8_t> frame) {
  if (frame.size() < ETH_HLEN) return "cut off";
  const auto ethertype = static_cast<std::uint16_t>(frame[12] << 8 | frame[13]);
  return ethertype == ETH_P_ARP ? "ARP" : fmt::format("ethertype {:#06x}", ethertype);
}

/// The packet in a tunnel by IPIP, with an Ethernet header before it.
std::vector<std::uint8_t> unwrapped(std::span<const std::uint8_t> frame, const Flow& outer) {
  const bool ipv4 = outer.protocol == IPPROTO_IPIP;
  std::vector<std::uint8_t> inner(ETH_HLEN);
  inner[12] = ipv4 ? ETH_P_IP >> 8 : ETH_P_IPV6 >> 8;
  inner[13] = ipv4 ? ETH_P_IP & 0xff : ETH_P_IPV6 & 0xff;
  const auto rest = frame.subspan(outer.l4);
  inner.insert(inner.end(), rest.begin(), rest.end());
  return inner;
}

}  // namespace

Flow read_flow(std::span<const std::uint8_t> frame) {
  std::array<std::uint8_t, CAPTURE_HEAD> head{};
  const auto length = std::min(frame.size(), head.size());
  std::copy_n(frame.begin(), length, head.begin());
  Flow flow{};
  abi::capture_read_flow(head.data(), static_cast<std::uint32_t>(length), &flow);
  return flow;
}

std::string describe(std::span<const std::uint8_t> frame) {
  const Flow flow = read_flow(frame);
  if (flow.is_ip == 0) return not_ip(frame);
  if ((flow.protocol == IPPROTO_IPIP || flow.protocol == IPPROTO_IPV6) && flow.l4 != 0) {
    const auto inner = unwrapped(frame, flow);
    const Flow inside = read_flow(inner);
    return fmt::format("IP {} | {}", ends_of(flow), inside.is_ip == 0 ? not_ip(inner) : packet_words(inside));
  }
  return packet_words(flow);
}

}  // namespace ballast::capture
