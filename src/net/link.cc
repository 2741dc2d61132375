#include "net/link.h"

#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/socket.h>

#include <algorithm>

#include "net/netlink.h"

namespace ballast::net {
namespace {

constexpr std::uint32_t iff_lower_up = 1U << 16;  // IFF_LOWER_UP of linux/if.h, which cannot stand beside net/if.h

void read_attribute(const NetlinkAttribute& attribute, Link& link) {
  const auto number = read_value<std::uint32_t>(attribute.payload);
  switch (attribute.type) {
    case IFLA_IFNAME:
      link.name = read_string(attribute.payload);
      break;
    case IFLA_ADDRESS:
      link.mac = read_mac(attribute.payload).value_or(MacAddress{});
      break;
    case IFLA_MTU:
      link.mtu = number.value_or(0);
      break;
    case IFLA_MASTER:
      link.master_index = number.value_or(0);
      break;
    case IFLA_LINK:
      link.lower_index = number.value_or(0);
      break;
    case IFLA_LINK_NETNSID:
      link.lower_elsewhere = true;
      break;
    case IFLA_LINKINFO:
      if (const auto kind = find_attribute(attribute.payload, IFLA_INFO_KIND)) link.kind = read_string(*kind);
      break;
    case IFLA_XDP:
      if (const auto id = find_attribute(attribute.payload, IFLA_XDP_PROG_ID)) {
        link.xdp_program_id = read_value<std::uint32_t>(*id).value_or(0);
      }
      break;
    default:
      break;
  }
}

std::optional<Link> parse_link(Bytes payload) {
  const auto header = take_header<ifinfomsg>(payload);
  if (!header || header->ifi_family == AF_BRIDGE) return std::nullopt;
  Link link;
  link.index = static_cast<std::uint32_t>(header->ifi_index);
  link.up = (header->ifi_flags & IFF_UP) != 0;
  link.carrier = (header->ifi_flags & iff_lower_up) != 0;
  link.loopback = (header->ifi_flags & IFF_LOOPBACK) != 0;
  link.has_ethernet_header = header->ifi_type == ARPHRD_ETHER || header->ifi_type == ARPHRD_LOOPBACK;
  while (const auto attribute = take_attribute(payload)) read_attribute(*attribute, link);
  if (link.name.empty()) return std::nullopt;
  return link;
}

}  // namespace

std::vector<Link> parse_links(Bytes messages) {
  std::vector<Link> all;
  while (const auto message = take_message(messages)) {
    if (message->type != RTM_NEWLINK) continue;
    if (auto link = parse_link(message->payload)) all.push_back(std::move(*link));
  }
  return all;
}

Result<std::vector<Link>> links() {
  auto socket = NetlinkSocket::open(NETLINK_ROUTE);
  if (!socket) return std::unexpected(socket.error());
  const auto reply = socket->dump(
      NetlinkRequest(RTM_GETLINK).header(ifinfomsg{}).attribute(IFLA_EXT_MASK, std::uint32_t{RTEXT_FILTER_SKIP_STATS}));
  if (!reply) return fail("cannot list the network interfaces: " + reply.error().message, reply.error().code);
  return parse_links(*reply);
}

const Link* find_link(std::span<const Link> links, std::uint32_t index) {
  const auto found = std::ranges::find(links, index, &Link::index);
  return found == links.end() ? nullptr : &*found;
}

const Link* find_link(std::span<const Link> links, std::string_view name) {
  const auto found = std::ranges::find(links, name, &Link::name);
  return found == links.end() ? nullptr : &*found;
}

}  // namespace ballast::net
