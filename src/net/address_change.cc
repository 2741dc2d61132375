#include "net/address_change.h"

#include <fmt/format.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "net/netlink.h"

namespace ballast::net {
namespace {

constexpr std::uint32_t loopback_index = 1;  // of every network namespace

NetlinkRequest change_request(std::uint16_t type, std::uint16_t flags, std::uint32_t interface_index,
                              const Prefix& prefix) {
  const bool ipv4 = prefix.address.is_ipv4();
  const bool host_only = interface_index == loopback_index || prefix.address.is_loopback();
  ifaddrmsg header{};
  header.ifa_family = address_family(prefix.address);
  header.ifa_prefixlen = prefix.length;
  header.ifa_flags = ipv4 ? 0 : IFA_F_NODAD;
  header.ifa_scope = host_only ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE;
  header.ifa_index = interface_index;
  NetlinkRequest request(type, flags);
  request.header(header).attribute(IFA_LOCAL, prefix.address).attribute(IFA_ADDRESS, prefix.address);
  return request;
}

Result<void> change(std::string_view verb, NetlinkRequest request, std::uint32_t interface_index,
                    const Prefix& prefix) {
  auto socket = NetlinkSocket::open(NETLINK_ROUTE);
  if (!socket) return std::unexpected(socket.error());
  const auto done = socket->request(std::move(request));
  if (done) return {};
  const Error& error = done.error();
  return fail(
      fmt::format("cannot {} address {} on interface {}: {}", verb, prefix.to_string(), interface_index, error.message),
      error.code);
}

NetlinkRequest settings_request(std::uint16_t type, std::uint16_t flags, const AddressSettings& settings) {
  const Address& address = settings.prefix.address;
  ifaddrmsg header{};
  header.ifa_family = address_family(address);
  header.ifa_prefixlen = settings.prefix.length;
  header.ifa_scope = settings.scope.value_or(address.is_loopback() ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE);
  header.ifa_index = settings.interface_index;
  NetlinkRequest request(type, flags);
  request.header(header)
      .attribute(IFA_LOCAL, address)
      .attribute(IFA_ADDRESS, settings.peer.value_or(address))
      .attribute(IFA_FLAGS, settings.flags);
  return request;
}

}  // namespace

NetlinkRequest put_address_request(const AddressSettings& settings) {
  NetlinkRequest request = settings_request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, settings);
  if (settings.broadcast) request.attribute(IFA_BROADCAST, *settings.broadcast);
  if (!settings.label.empty()) request.attribute(IFA_LABEL, std::string_view(settings.label));
  if (settings.lifetime.count() > 0) {
    const auto seconds = static_cast<std::uint32_t>(settings.lifetime.count());
    const ifa_cacheinfo lifetimes{.ifa_prefered = seconds, .ifa_valid = seconds, .cstamp = 0, .tstamp = 0};
    request.attribute(IFA_CACHEINFO, bytes_of(lifetimes));
  }
  return request;
}

NetlinkRequest remove_address_request(const AddressSettings& settings) {
  return settings_request(RTM_DELADDR, 0, settings);
}

Result<void> add_address(std::uint32_t interface_index, const Prefix& prefix) {
  return change("add", change_request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, interface_index, prefix), interface_index,
                prefix);
}

Result<void> remove_address(std::uint32_t interface_index, const Prefix& prefix) {
  return change("remove", change_request(RTM_DELADDR, 0, interface_index, prefix), interface_index, prefix);
}

}  // namespace ballast::net
