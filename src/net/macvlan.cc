#include "net/macvlan.h"

#include <fmt/format.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "net/netlink.h"

namespace ballast::net {

Result<void> make_macvlan(const Macvlan& device) {
  auto socket = NetlinkSocket::open(NETLINK_ROUTE);
  if (!socket) return std::unexpected(socket.error());
  NetlinkRequest request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  request.header(ifinfomsg{})
      .attribute(IFLA_LINK, device.lower_index)
      .attribute(IFLA_IFNAME, std::string_view(device.name))
      .attribute(IFLA_ADDRESS, std::as_bytes(std::span(device.mac)))
      .nested(IFLA_LINKINFO, [](NetlinkRequest& info) {
        info.attribute(IFLA_INFO_KIND, std::string_view("macvlan"));
        info.nested(IFLA_INFO_DATA, [](NetlinkRequest& data) {
          data.attribute(IFLA_MACVLAN_MODE, std::uint32_t{MACVLAN_MODE_BRIDGE});
        });
      });
  const auto made = socket->request(std::move(request));
  if (made) return {};
  return fail(fmt::format("cannot make the device {}: {}", device.name, made.error().message), made.error().code);
}

}  // namespace ballast::net
