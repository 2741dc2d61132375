#include "net/interface_features.h"

#include <fmt/format.h>
#include <linux/ethtool.h>
#include <linux/genetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "net/netlink.h"

namespace ballast::net {
namespace {

// linux/netdev.h, kernel 6.3
constexpr const char* netdev_family_name = "netdev";
constexpr std::uint8_t netdev_family_version = 1;
constexpr std::uint8_t netdev_cmd_dev_get = 1;
constexpr std::uint16_t netdev_a_dev_ifindex = 1;
constexpr std::uint16_t netdev_a_dev_xdp_features = 3;

genlmsghdr generic_header(std::uint8_t command, std::uint8_t version) {
  return {.cmd = command, .version = version, .reserved = 0};
}

Result<std::optional<std::uint16_t>> find_family(NetlinkSocket& socket, std::string_view name) {
  const auto reply = socket.request(NetlinkRequest(GENL_ID_CTRL)
                                        .header(generic_header(CTRL_CMD_GETFAMILY, 1))
                                        .attribute(CTRL_ATTR_FAMILY_NAME, name));
  if (!reply) {
    if (reply.error().code == ENOENT) return std::nullopt;
    return std::unexpected(reply.error());
  }
  return parse_family_id(*reply);
}

std::optional<std::uint64_t> xdp_features(std::uint32_t interface_index) {
  auto socket = NetlinkSocket::open(NETLINK_GENERIC);
  if (!socket) return std::nullopt;
  const auto family = find_family(*socket, netdev_family_name);
  if (!family || !*family) return std::nullopt;
  const auto reply = socket->request(NetlinkRequest(**family)
                                         .header(generic_header(netdev_cmd_dev_get, netdev_family_version))
                                         .attribute(netdev_a_dev_ifindex, interface_index));
  if (!reply) return std::nullopt;
  return parse_xdp_features(*reply, interface_index);
}

ifreq request_for(const std::string& name) {
  ifreq request{};
  name.copy(request.ifr_name, sizeof request.ifr_name - 1);
  return request;
}

/// Asks the driver by SIOCETHTOOL; `command` is a structure that begins with an ETHTOOL_G* command.
template <typename T>
bool ask_driver(int fd, const std::string& name, T& command) {
  ifreq request = request_for(name);
  request.ifr_data = reinterpret_cast<char*>(&command);
  return ::ioctl(fd, SIOCETHTOOL, &request) == 0;
}

std::optional<std::uint32_t> driver_value(int fd, const std::string& name, std::uint32_t command) {
  ethtool_value value{.cmd = command, .data = 0};
  if (!ask_driver(fd, name, value)) return std::nullopt;
  return value.data;
}

std::optional<bool> driver_switch(int fd, const std::string& name, std::uint32_t command) {
  const auto value = driver_value(fd, name, command);
  if (!value) return std::nullopt;
  return *value != 0;
}

std::string driver_name(int fd, const std::string& name) {
  ethtool_drvinfo info{};
  info.cmd = ETHTOOL_GDRVINFO;
  if (!ask_driver(fd, name, info)) return {};
  return read_string(std::as_bytes(std::span(info.driver)));
}

}  // namespace

std::optional<std::uint16_t> parse_family_id(Bytes messages) {
  while (const auto message = take_message(messages)) {
    Bytes rest = message->payload;
    if (message->type != GENL_ID_CTRL || !take_header<genlmsghdr>(rest)) continue;
    if (const auto id = find_attribute(rest, CTRL_ATTR_FAMILY_ID)) return read_value<std::uint16_t>(*id);
  }
  return std::nullopt;
}

std::optional<std::uint64_t> parse_xdp_features(Bytes messages, std::uint32_t interface_index) {
  while (const auto message = take_message(messages)) {
    Bytes rest = message->payload;
    if (!take_header<genlmsghdr>(rest)) continue;
    const auto index = find_attribute(rest, netdev_a_dev_ifindex);
    if (!index || read_value<std::uint32_t>(*index) != interface_index) continue;
    if (const auto features = find_attribute(rest, netdev_a_dev_xdp_features)) {
      return read_value<std::uint64_t>(*features);
    }
  }
  return std::nullopt;
}

Result<InterfaceFeatures> interface_features(const std::string& name) {
  const Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd) return fail_errno("cannot open a socket to ask about interface " + name);
  ifreq request = request_for(name);
  if (name.size() >= IFNAMSIZ || ::ioctl(fd.get(), SIOCGIFINDEX, &request) != 0) {
    return fail(fmt::format("there is no interface \"{}\"; `ip link` lists those that exist", name), ENODEV);
  }
  InterfaceFeatures features;
  features.driver = driver_name(fd.get(), name);
  features.xdp = xdp_features(static_cast<std::uint32_t>(request.ifr_ifindex));
  features.tx_checksum = driver_switch(fd.get(), name, ETHTOOL_GTXCSUM);
  features.rx_checksum = driver_switch(fd.get(), name, ETHTOOL_GRXCSUM);
  features.gro = driver_switch(fd.get(), name, ETHTOOL_GGRO);
  if (const auto flags = driver_value(fd.get(), name, ETHTOOL_GFLAGS)) features.lro = (*flags & ETH_FLAG_LRO) != 0;
  return features;
}

}  // namespace ballast::net
