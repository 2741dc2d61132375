#include "vrrp/watch.h"

#include <linux/rtnetlink.h>
#include <unistd.h>

#include <iterator>
#include <ranges>
#include <utility>

#include "net/monitor.h"

namespace ballast::vrrp {

Result<std::unique_ptr<Watch>> Watch::open(boost::asio::io_context& context, Handler handler) {
  auto socket = net::NetlinkSocket::open(NETLINK_ROUTE);
  if (!socket) return std::unexpected(socket.error());
  for (const std::uint32_t group : {RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR}) {
    if (auto joined = socket->subscribe(group); !joined) return std::unexpected(joined.error());
  }
  return std::unique_ptr<Watch>(new Watch(context, std::move(*socket), std::move(handler)));
}

Watch::Watch(boost::asio::io_context& context, net::NetlinkSocket socket, Handler handler)
    : socket_(std::move(socket)), descriptor_(context, ::dup(socket_.fd())), handler_(std::move(handler)) {
  wait();
}

void Watch::wait() {
  descriptor_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                         [this](const boost::system::error_code& wrong) {
                           if (wrong) return;
                           read();
                           wait();
                         });
}

void Watch::read() {
  constexpr int most_datagrams = 64;
  NetworkChange change;
  for (int i = 0; i < most_datagrams; ++i) {
    const auto datagram = socket_.receive(net::NetlinkSocket::Wait::no);
    if (!datagram) {
      change.lost = true;
      continue;
    }
    if (datagram->empty()) break;
    net::Changes kinds;
    net::add_changes(*datagram, kinds);
    change.links |= (kinds.kinds & net::change_links) != 0;
    std::ranges::move(net::parse_interface_addresses(*datagram), std::back_inserter(change.added));
    std::ranges::move(net::parse_removed_addresses(*datagram), std::back_inserter(change.removed));
  }
  handler_(change);
}

}  // namespace ballast::vrrp
