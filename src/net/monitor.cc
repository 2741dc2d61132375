#include "net/monitor.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

namespace ballast::net {
namespace {

constexpr int most_datagrams_per_read = 1024;
constexpr int buffer_bytes = 1 << 20;

constexpr std::uint32_t groups[] = {
    RTNLGRP_LINK,      RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE,
    RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE,   RTNLGRP_NEXTHOP,     RTNLGRP_NEIGH,
};

std::uint8_t kind_of_message(std::uint16_t type) {
  switch (type) {
    case RTM_NEWLINK:
    case RTM_DELLINK:
      return change_links;
    case RTM_NEWADDR:
    case RTM_DELADDR:
      return change_addresses;
    case RTM_NEWROUTE:
    case RTM_DELROUTE:
    case RTM_NEWRULE:
    case RTM_DELRULE:
    case RTM_NEWNEXTHOP:
    case RTM_DELNEXTHOP:
      return change_routes;
    default:
      return 0;
  }
}

/// Whether a message only says that an address lives longer: it was made before its lifetime was set last.
bool is_renewal(Bytes payload) {
  if (!take_header<ifaddrmsg>(payload)) return false;
  while (const auto attribute = take_attribute(payload)) {
    if (attribute->type != IFA_CACHEINFO) continue;
    const auto times = read_value<ifa_cacheinfo>(attribute->payload);
    return times && times->tstamp != times->cstamp;
  }
  return false;
}

void lose_track(Changes& changes) {
  changes.kinds = change_everything;
  changes.overflow = true;
}

/// A burst of route changes fits in the larger buffer; without CAP_NET_ADMIN the system's limit holds.
void enlarge_buffer(int fd) {
  if (::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer_bytes, sizeof buffer_bytes) != 0) {
    ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer_bytes, sizeof buffer_bytes);
  }
}

}  // namespace

void add_changes(Bytes messages, Changes& changes) {
  while (const auto message = take_message(messages)) {
    if (message->type == RTM_NEWADDR && is_renewal(message->payload)) continue;
    changes.kinds |= kind_of_message(message->type);
    if (message->type != RTM_NEWNEIGH && message->type != RTM_DELNEIGH) continue;
    const auto neighbour = parse_neighbour(message->payload);
    if (!neighbour) continue;
    changes.kinds |= change_neighbours;
    changes.neighbours.push_back({.neighbour = *neighbour, .removed = message->type == RTM_DELNEIGH});
  }
}

Result<Monitor> Monitor::open() {
  auto socket = NetlinkSocket::open(NETLINK_ROUTE);
  if (!socket) return std::unexpected(socket.error());
  enlarge_buffer(socket->fd());
  for (const auto group : groups) {
    if (const auto joined = socket->subscribe(group); !joined) return std::unexpected(joined.error());
  }
  return Monitor(std::move(*socket));
}

Changes Monitor::read() {
  Changes changes;
  for (int i = 0; i < most_datagrams_per_read; ++i) {
    const auto datagram = socket_.receive(NetlinkSocket::Wait::no);
    if (!datagram) {
      lose_track(changes);
      if (datagram.error().code == ENOBUFS) continue;
      break;
    }
    if (datagram->empty()) break;
    add_changes(*datagram, changes);
  }
  return changes;
}

}  // namespace ballast::net
