#include "realserver/tc.h"

#include <fmt/format.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "net/netlink.h"

namespace ballast::realserver {
namespace {

Result<std::vector<std::byte>> dump(net::NetlinkRequest request, const char* what) {
  auto socket = net::NetlinkSocket::open(NETLINK_ROUTE);
  if (!socket) return std::unexpected(socket.error());
  auto messages = socket->dump(std::move(request));
  if (!messages) return fail(fmt::format("cannot list {}: {}", what, messages.error().message), messages.error().code);
  return messages;
}

void add_route_interfaces(net::Bytes attributes, std::vector<std::uint32_t>& interfaces) {
  while (const auto attribute = net::take_attribute(attributes)) {
    if (attribute->type == RTA_OIF) {
      if (const auto index = net::read_value<std::uint32_t>(attribute->payload)) interfaces.push_back(*index);
    }
    if (attribute->type != RTA_MULTIPATH) continue;
    net::Bytes hops = attribute->payload;
    while (const auto hop = net::read_value<rtnexthop>(hops)) {
      if (hop->rtnh_len < sizeof(rtnexthop) || hop->rtnh_len > hops.size()) break;
      interfaces.push_back(static_cast<std::uint32_t>(hop->rtnh_ifindex));
      hops = hops.subspan(std::min<std::size_t>(RTNH_ALIGN(hop->rtnh_len), hops.size()));
    }
  }
}

}  // namespace

std::map<std::uint32_t, Hook> parse_hooks(net::Bytes messages) {
  std::map<std::uint32_t, Hook> found;
  while (const auto message = net::take_message(messages)) {
    if (message->type != RTM_NEWQDISC) continue;
    net::Bytes rest = message->payload;
    const auto header = net::take_header<tcmsg>(rest);
    if (!header || header->tcm_parent != TC_H_CLSACT) continue;
    const auto kind = net::find_attribute(rest, TCA_KIND);
    if (!kind) continue;
    const bool clsact = net::read_string(*kind) == "clsact";
    found[static_cast<std::uint32_t>(header->tcm_ifindex)] = clsact ? Hook::clsact : Hook::ingress;
  }
  return found;
}

std::vector<Filter> parse_filters(net::Bytes messages) {
  std::vector<Filter> found;
  while (const auto message = net::take_message(messages)) {
    if (message->type != RTM_NEWTFILTER) continue;
    net::Bytes rest = message->payload;
    const auto header = net::take_header<tcmsg>(rest);
    if (header && header->tcm_handle != 0) found.push_back({header->tcm_info >> 16, header->tcm_handle});
  }
  return found;
}

std::vector<std::uint32_t> parse_default_routes(net::Bytes messages) {
  std::vector<std::uint32_t> interfaces;
  while (const auto message = net::take_message(messages)) {
    if (message->type != RTM_NEWROUTE) continue;
    net::Bytes rest = message->payload;
    const auto header = net::take_header<rtmsg>(rest);
    if (header && header->rtm_dst_len == 0 && header->rtm_type == RTN_UNICAST) add_route_interfaces(rest, interfaces);
  }
  return interfaces;
}

Result<std::map<std::uint32_t, Hook>> hooks() {
  net::NetlinkRequest request(RTM_GETQDISC);
  // Without this flag an ingress hook is listed only where its interface has another discipline as well.
  request.header(tcmsg{}).attribute(TCA_DUMP_INVISIBLE, net::Bytes{});
  const auto messages = dump(std::move(request), "queueing disciplines");
  if (!messages) return std::unexpected(messages.error());
  return parse_hooks(*messages);
}

Result<std::vector<Filter>> filters(std::uint32_t interface_index, Direction direction) {
  tcmsg header{};
  header.tcm_family = AF_UNSPEC;
  header.tcm_ifindex = static_cast<int>(interface_index);
  header.tcm_parent = TC_H_MAKE(TC_H_CLSACT, direction == Direction::ingress ? TC_H_MIN_INGRESS : TC_H_MIN_EGRESS);
  net::NetlinkRequest request(RTM_GETTFILTER);
  request.header(header);
  const auto messages = dump(std::move(request), "filters");
  if (!messages) return std::unexpected(messages.error());
  return parse_filters(*messages);
}

Result<std::vector<std::uint32_t>> default_route_interfaces(net::Family family) {
  rtmsg header{};
  header.rtm_family = family == net::Family::ipv4 ? AF_INET : AF_INET6;
  net::NetlinkRequest request(RTM_GETROUTE);
  request.header(header);
  const auto messages = dump(std::move(request), "routes");
  if (!messages) return std::unexpected(messages.error());
  return parse_default_routes(*messages);
}

}  // namespace ballast::realserver
