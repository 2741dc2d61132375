#include "net/veth.h"

#include <fmt/format.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sys/socket.h>

#include "net/netlink.h"

namespace ballast::net {
namespace {

ifinfomsg without_arp() {
  ifinfomsg header{};
  header.ifi_flags = IFF_NOARP;
  header.ifi_change = IFF_NOARP;
  return header;
}

}  // namespace

Result<void> make_veth_pair(const VethPair& pair) {
  auto socket = NetlinkSocket::open(NETLINK_ROUTE);
  if (!socket) return std::unexpected(socket.error());
  const auto describe = [&](NetlinkRequest& request, const std::string& name) {
    request.header(without_arp())
        .attribute(IFLA_IFNAME, std::string_view(name))
        .attribute(IFLA_ADDRESS, std::as_bytes(std::span(pair.mac)))
        .attribute(IFLA_MTU, pair.mtu);
  };
  NetlinkRequest request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  describe(request, pair.name);
  request.nested(IFLA_LINKINFO, [&](NetlinkRequest& info) {
    info.attribute(IFLA_INFO_KIND, std::string_view("veth"));
    info.nested(IFLA_INFO_DATA, [&](NetlinkRequest& data) {
      data.nested(VETH_INFO_PEER, [&](NetlinkRequest& peer) { describe(peer, pair.peer); });
    });
  });
  const auto made = socket->request(std::move(request));
  if (made) return {};
  return fail(fmt::format("cannot make the devices {} and {}: {}", pair.name, pair.peer, made.error().message),
              made.error().code);
}

Result<void> switch_on(const std::string& name) {
  auto socket = NetlinkSocket::open(NETLINK_ROUTE);
  if (!socket) return std::unexpected(socket.error());
  ifinfomsg header{};
  header.ifi_index = static_cast<int>(if_nametoindex(name.c_str()));
  header.ifi_flags = IFF_UP;
  header.ifi_change = IFF_UP;
  const auto done = socket->request(NetlinkRequest(RTM_NEWLINK).header(header));
  if (done) return {};
  return fail(fmt::format("cannot switch the device {} on: {}", name, done.error().message), done.error().code);
}

Result<void> remove_link(const std::string& name) {
  const unsigned index = if_nametoindex(name.c_str());
  if (index == 0) return {};
  auto socket = NetlinkSocket::open(NETLINK_ROUTE);
  if (!socket) return std::unexpected(socket.error());
  ifinfomsg header{};
  header.ifi_index = static_cast<int>(index);
  const auto removed = socket->request(NetlinkRequest(RTM_DELLINK).header(header));
  if (removed || removed.error().code == ENODEV) return {};
  return fail(fmt::format("cannot remove the device {}: {}", name, removed.error().message), removed.error().code);
}

Result<void> route_all_to(std::uint32_t interface_index, Family family, std::uint32_t table) {
  auto socket = NetlinkSocket::open(NETLINK_ROUTE);
  if (!socket) return std::unexpected(socket.error());
  rtmsg header{};
  header.rtm_family = family == Family::ipv4 ? AF_INET : AF_INET6;
  header.rtm_protocol = RTPROT_STATIC;
  header.rtm_scope = RT_SCOPE_LINK;
  header.rtm_type = RTN_UNICAST;
  const auto added = socket->request(NetlinkRequest(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE)
                                         .header(header)
                                         .attribute(RTA_TABLE, table)
                                         .attribute(RTA_OIF, interface_index));
  if (added) return {};
  return fail(fmt::format("cannot route table {} to interface {}: {}", table, interface_index, added.error().message),
              added.error().code);
}

}  // namespace ballast::net
