#include "explain/changes.h"

#include <fmt/format.h>
#include <linux/if_ether.h>
#include <netinet/in.h>

#include <optional>

#include "capture/flow.h"

namespace ballast::explain {
namespace {

using Frame = std::span<const std::uint8_t>;
using capture::Flow;

constexpr std::uint8_t tcp_syn = 0x02;

unsigned word_at(Frame frame, std::size_t offset) {
  return offset + 2 > frame.size() ? 0 : static_cast<unsigned>(frame[offset]) << 8 | frame[offset + 1];
}

bool is_ipv4(Frame frame) { return word_at(frame, std::size_t{2} * ETH_ALEN) == ETH_P_IP; }

std::string end_words(const abi::address& address, std::uint16_t port) {
  const net::Address plain = abi::from_abi(address);
  return port == 0 ? plain.to_string() : net::Endpoint{plain, port}.to_string();
}

unsigned ttl_of(Frame frame) {
  const std::size_t offset = ETH_HLEN + (is_ipv4(frame) ? 8 : 7);
  return offset < frame.size() ? frame[offset] : 0;
}

/// The MSS option where it is the first one of a SYN (RFC 9293 §3.2).
std::optional<unsigned> mss_of(Frame frame) {
  const Flow flow = capture::read_flow(frame);
  if (flow.protocol != IPPROTO_TCP || (flow.tcp_flags & tcp_syn) == 0 || flow.l4 == 0) return std::nullopt;
  if (word_at(frame, flow.l4 + 20u) != 0x0204) return std::nullopt;
  return word_at(frame, flow.l4 + 22u);
}

std::string tunnel_word(std::uint8_t protocol) {
  switch (protocol) {
    case IPPROTO_IPIP:
    case IPPROTO_IPV6:
      return "IPIP";
    case IPPROTO_GRE:
      return "GRE";
    case IPPROTO_UDP:
      return "GUE";
    default:
      return fmt::format("protocol {}", protocol);
  }
}

/// The packet behind `outer` bytes of headers, as a frame.
capture::Bytes without_outer_header(Frame came, Frame left, std::size_t outer) {
  capture::Bytes inner(came.begin(), came.begin() + ETH_HLEN);
  const Frame packet = left.subspan(ETH_HLEN + outer);
  inner.insert(inner.end(), packet.begin(), packet.end());
  return inner;
}

void add_change(std::vector<std::string>& changes, const char* what, const std::string& before,
                const std::string& after) {
  if (before != after) changes.push_back(fmt::format("{} {} -> {}", what, before, after));
}

}  // namespace

std::vector<std::string> changes_of(Frame came, Frame left) {
  std::vector<std::string> changes;
  if (came.size() < ETH_HLEN || left.size() < ETH_HLEN) return changes;
  const std::size_t outer = left.size() > came.size() ? left.size() - came.size() : 0;
  const capture::Bytes packet = without_outer_header(came, left, outer);
  const Flow before = capture::read_flow(came), after = capture::read_flow(packet);
  add_change(changes, "source", end_words(before.source, before.source_port),
             end_words(after.source, after.source_port));
  add_change(changes, "destination", end_words(before.destination, before.destination_port),
             end_words(after.destination, after.destination_port));
  add_change(changes, is_ipv4(came) ? "TTL" : "hop limit", std::to_string(ttl_of(came)),
             std::to_string(ttl_of(packet)));
  if (const auto mss = mss_of(came), lowered = mss_of(packet); mss && lowered) {
    add_change(changes, "MSS", std::to_string(*mss), std::to_string(*lowered));
  }
  if (outer != 0) {
    const Flow wrapping = capture::read_flow(left);
    changes.push_back(fmt::format("outer header {} {} > {}, {} bytes", tunnel_word(wrapping.protocol),
                                  end_words(wrapping.source, wrapping.source_port),
                                  end_words(wrapping.destination, wrapping.destination_port), outer));
  }
  return changes;
}

std::string icmp_error_words(Frame frame) {
  const Flow flow = capture::read_flow(frame);
  if (flow.l4 == 0 || flow.l4 + 8u > frame.size()) return "";
  const unsigned type_and_code = word_at(frame, flow.l4);
  const unsigned mtu = word_at(frame, flow.l4 + 6u);
  if (flow.protocol == IPPROTO_ICMP) {  // RFC 792, RFC 1191
    if (type_and_code == 0x0303) return "port unreachable";
    if (type_and_code == 0x0b00) return "time exceeded";
    if (type_and_code == 0x0304) return fmt::format("fragmentation needed, MTU {}", mtu);
  } else if (flow.protocol == IPPROTO_ICMPV6) {  // RFC 4443
    if (type_and_code == 0x0104) return "port unreachable";
    if (type_and_code == 0x0300) return "time exceeded";
    if (type_and_code == 0x0200) return fmt::format("packet too big, MTU {}", mtu);
  }
  return "";
}

}  // namespace ballast::explain
