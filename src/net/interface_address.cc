#include "net/interface_address.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <optional>

#include "net/netlink.h"

namespace ballast::net {
namespace {

/// IFA_LOCAL is the machine's own address and IFA_ADDRESS the peer's on a point-to-point link; where IFA_LOCAL is
/// missing (IPv6 without a peer) IFA_ADDRESS is the machine's own.
std::optional<InterfaceAddress> parse_address(Bytes payload) {
  const auto header = take_header<ifaddrmsg>(payload);
  if (!header || (header->ifa_family != AF_INET && header->ifa_family != AF_INET6)) return std::nullopt;
  std::optional<Address> local;
  std::optional<Address> address;
  std::uint32_t flags = header->ifa_flags;
  while (const auto attribute = take_attribute(payload)) {
    if (attribute->type == IFA_LOCAL) local = read_address(attribute->payload);
    if (attribute->type == IFA_ADDRESS) address = read_address(attribute->payload);
    if (attribute->type == IFA_FLAGS) flags = read_value<std::uint32_t>(attribute->payload).value_or(flags);
  }
  if (!local) local = address;
  if (!local) return std::nullopt;
  const bool unchecked = (flags & IFA_F_TENTATIVE) != 0 && (flags & IFA_F_OPTIMISTIC) == 0;
  return InterfaceAddress{.interface_index = header->ifa_index,
                          .prefix = {.address = *local, .length = header->ifa_prefixlen},
                          .usable = !unchecked && (flags & IFA_F_DADFAILED) == 0,
                          .permanent = (flags & IFA_F_PERMANENT) != 0};
}

std::vector<InterfaceAddress> parse_messages(Bytes messages, std::uint16_t type) {
  std::vector<InterfaceAddress> all;
  while (const auto message = take_message(messages)) {
    if (message->type != type) continue;
    if (const auto address = parse_address(message->payload)) all.push_back(*address);
  }
  return all;
}

}  // namespace

std::vector<InterfaceAddress> parse_interface_addresses(Bytes messages) {
  return parse_messages(messages, RTM_NEWADDR);
}

std::vector<InterfaceAddress> parse_removed_addresses(Bytes messages) { return parse_messages(messages, RTM_DELADDR); }

Result<std::vector<InterfaceAddress>> interface_addresses() {
  auto socket = NetlinkSocket::open(NETLINK_ROUTE);
  if (!socket) return std::unexpected(socket.error());
  const auto reply = socket->dump(NetlinkRequest(RTM_GETADDR).header(ifaddrmsg{}));
  if (!reply) return fail("cannot list the interfaces' addresses: " + reply.error().message, reply.error().code);
  return parse_interface_addresses(*reply);
}

Result<std::set<Address>> local_addresses() {
  const auto all = interface_addresses();
  if (!all) return std::unexpected(all.error());
  std::set<Address> addresses;
  for (const auto& one : *all) addresses.insert(one.prefix.address);
  return addresses;
}

}  // namespace ballast::net
