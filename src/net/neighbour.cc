#include "net/neighbour.h"

#include <fmt/format.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "net/netlink.h"

namespace ballast::net {
namespace {

bool needs_no_resolving(NeighbourState state) {
  return state == NeighbourState::permanent || state == NeighbourState::no_arp;
}

ndmsg header_of(std::uint32_t interface_index, const Address& address) {
  ndmsg header{};
  header.ndm_family = address_family(address);
  header.ndm_ifindex = static_cast<int>(interface_index);
  return header;
}

/// The kernel takes an update without NTF_EXT_LEARNED or NTF_EXT_MANAGED as the wish to drop that flag, and one with
/// NTF_USE as one that leaves state and MAC address alone.
NetlinkRequest use_request(std::uint32_t interface_index, const Address& address, bool managed, bool learned) {
  ndmsg header = header_of(interface_index, address);
  header.ndm_flags = static_cast<std::uint8_t>(NTF_USE | (learned ? NTF_EXT_LEARNED : 0));
  NetlinkRequest request(RTM_NEWNEIGH, NLM_F_CREATE);
  request.header(header).attribute(NDA_DST, address);
  if (managed) request.attribute(NDA_FLAGS_EXT, std::uint32_t{NTF_EXT_MANAGED});
  return request;
}

std::unexpected<Error> failed(std::string_view what, std::uint32_t interface_index, const Address& address,
                              const Error& error) {
  return fail(fmt::format("cannot {} neighbour {} on interface {}: {}", what, address.to_string(), interface_index,
                          error.message),
              error.code);
}

Result<std::optional<Neighbour>> look_up(NetlinkSocket& socket, std::uint32_t interface_index, const Address& address) {
  const auto reply = socket.request(
      NetlinkRequest(RTM_GETNEIGH).header(header_of(interface_index, address)).attribute(NDA_DST, address));
  if (!reply) {
    if (reply.error().code == ENOENT) return std::nullopt;
    return failed("look up", interface_index, address, reply.error());
  }
  const auto found = parse_neighbours(*reply);
  if (found.empty()) return std::nullopt;
  return found.front();
}

/// Kernels without managed entries refuse the flag, or take it and do nothing.
bool refuses_the_flag(const Error& error) { return error.code == EINVAL || error.code == EOPNOTSUPP; }

}  // namespace

bool Neighbour::usable() const {
  switch (state) {
    case NeighbourState::reachable:
    case NeighbourState::stale:
    case NeighbourState::delay:
    case NeighbourState::probe:
    case NeighbourState::no_arp:
    case NeighbourState::permanent:
      return mac.has_value();
    default:
      return false;
  }
}

std::optional<Neighbour> parse_neighbour(Bytes payload) {
  const auto header = take_header<ndmsg>(payload);
  if (!header || (header->ndm_family != AF_INET && header->ndm_family != AF_INET6)) return std::nullopt;
  if (header->ndm_flags & NTF_PROXY) return std::nullopt;
  Neighbour neighbour;
  neighbour.interface_index = static_cast<std::uint32_t>(header->ndm_ifindex);
  neighbour.state = static_cast<NeighbourState>(header->ndm_state);
  neighbour.externally_learned = (header->ndm_flags & NTF_EXT_LEARNED) != 0;
  std::optional<Address> address;
  while (const auto attribute = take_attribute(payload)) {
    if (attribute->type == NDA_DST) address = read_address(attribute->payload);
    if (attribute->type == NDA_LLADDR) neighbour.mac = read_mac(attribute->payload);
    if (attribute->type == NDA_FLAGS_EXT) {
      neighbour.managed = (read_value<std::uint32_t>(attribute->payload).value_or(0) & NTF_EXT_MANAGED) != 0;
    }
  }
  if (!address) return std::nullopt;
  neighbour.address = *address;
  return neighbour;
}

std::vector<Neighbour> parse_neighbours(Bytes messages) {
  std::vector<Neighbour> all;
  while (const auto message = take_message(messages)) {
    if (message->type != RTM_NEWNEIGH) continue;
    if (auto neighbour = parse_neighbour(message->payload)) all.push_back(*neighbour);
  }
  return all;
}

Result<std::vector<Neighbour>> neighbours() {
  auto socket = NetlinkSocket::open(NETLINK_ROUTE);
  if (!socket) return std::unexpected(socket.error());
  const auto reply = socket->dump(NetlinkRequest(RTM_GETNEIGH).header(ndmsg{}));
  if (!reply) return fail("cannot list the neighbours: " + reply.error().message, reply.error().code);
  return parse_neighbours(*reply);
}

Result<std::optional<Neighbour>> neighbour(std::uint32_t interface_index, const Address& address) {
  auto socket = NetlinkSocket::open(NETLINK_ROUTE);
  if (!socket) return std::unexpected(socket.error());
  return look_up(*socket, interface_index, address);
}

Result<NeighbourKeeping> keep_neighbour(std::uint32_t interface_index, const Address& address) {
  auto socket = NetlinkSocket::open(NETLINK_ROUTE);
  if (!socket) return std::unexpected(socket.error());
  const auto before = look_up(*socket, interface_index, address);
  if (!before) return std::unexpected(before.error());
  if (*before && needs_no_resolving((*before)->state)) return NeighbourKeeping::fixed;
  if (*before && (*before)->managed) return NeighbourKeeping::managed;
  const bool learned = *before && (*before)->externally_learned;

  auto kept = socket->request(use_request(interface_index, address, true, learned));
  if (!kept && refuses_the_flag(kept.error())) {
    kept = socket->request(use_request(interface_index, address, false, learned));
  }
  if (!kept) return failed("keep", interface_index, address, kept.error());

  const auto after = look_up(*socket, interface_index, address);
  if (!after) return std::unexpected(after.error());
  if (*after && needs_no_resolving((*after)->state)) return NeighbourKeeping::fixed;
  return *after && (*after)->managed ? NeighbourKeeping::managed : NeighbourKeeping::probed;
}

Result<void> release_neighbour(std::uint32_t interface_index, const Address& address) {
  auto socket = NetlinkSocket::open(NETLINK_ROUTE);
  if (!socket) return std::unexpected(socket.error());
  const auto before = look_up(*socket, interface_index, address);
  if (!before) return std::unexpected(before.error());
  if (!*before || !(*before)->managed) return {};
  const auto released = socket->request(use_request(interface_index, address, false, (*before)->externally_learned));
  if (!released) return failed("release", interface_index, address, released.error());
  return {};
}

}  // namespace ballast::net
