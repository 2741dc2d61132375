#include "sync/takeover.h"

#include <fmt/ranges.h>
#include <linux/rtnetlink.h>
#include <unistd.h>

#include <boost/asio/post.hpp>

#include <algorithm>
#include <ranges>
#include <utility>

#include "base/log.h"
#include "net/interface_address.h"
#include "sync/prompt.h"

namespace ballast::sync {
namespace {

/// After the address came: its new place is to be announced before anybody answers to it, and the addresses of a
/// takeover come one after another.
constexpr std::chrono::milliseconds announcement_time{20};
constexpr std::uint32_t connections_per_step = 512;

}  // namespace

Result<std::unique_ptr<Takeover>> Takeover::start(boost::asio::io_context& context, const Table& table) {
  auto socket = net::NetlinkSocket::open(NETLINK_ROUTE);
  if (!socket) return std::unexpected(socket.error());
  for (const std::uint32_t group : {RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR}) {
    if (auto joined = socket->subscribe(group); !joined) return std::unexpected(joined.error());
  }
  auto local = net::local_addresses();
  if (!local) return std::unexpected(local.error());
  auto sender = net::RawSender::open();
  if (!sender) return std::unexpected(sender.error());
  return std::unique_ptr<Takeover>(
      new Takeover(context, table, std::move(*socket), std::move(*sender), std::move(*local)));
}

Takeover::Takeover(boost::asio::io_context& context, const Table& table, net::NetlinkSocket socket,
                   net::RawSender sender, std::set<net::Address> local)
    : context_(context),
      table_(table),
      socket_(std::move(socket)),
      sender_(std::move(sender)),
      descriptor_(context, ::dup(socket_.fd())),
      timer_(context),
      local_(std::move(local)) {
  wait_for_addresses();
}

void Takeover::wait_for_addresses() {
  descriptor_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                         [this, alive = std::weak_ptr(alive_)](const boost::system::error_code& wrong) {
                           if (wrong || alive.expired()) return;
                           read_addresses();
                           wait_for_addresses();
                         });
}

void Takeover::read_addresses() {
  constexpr int most_datagrams = 64;
  bool lost = false;
  const auto gain = [this](const net::Address& address) {
    if (local_.insert(address).second) gained_.insert(address);
  };
  for (int i = 0; i < most_datagrams; ++i) {
    const auto datagram = socket_.receive(net::NetlinkSocket::Wait::no);
    if (!datagram) {
      lost = true;
      continue;
    }
    if (datagram->empty()) break;
    for (const auto& removed : net::parse_removed_addresses(*datagram)) local_.erase(removed.prefix.address);
    for (const auto& added : net::parse_interface_addresses(*datagram)) gain(added.prefix.address);
  }
  if (lost) {
    if (auto now = net::local_addresses()) {
      std::ranges::set_difference(*now, local_, std::inserter(gained_, gained_.end()));
      local_ = std::move(*now);
    }
  }
  if (!gained_.empty() && walking_.empty()) wait_for_neighbours();
}

void Takeover::wait_for_neighbours() {
  timer_.expires_after(announcement_time);
  timer_.async_wait([this, alive = std::weak_ptr(alive_)](const boost::system::error_code& cancelled) {
    if (!cancelled && !alive.expired()) begin_walk();
  });
}

void Takeover::begin_walk() {
  walking_ = std::exchange(gained_, {});
  cursor_ = 0;
  before_ = prompted_;
  walk();
}

void Takeover::walk() {
  const auto next =
      table_.walk(cursor_, connections_per_step, [this](const cluster::Connection& connection) { prompt(connection); });
  if (next) {
    cursor_ = *next;
    boost::asio::post(context_, [this, alive = std::weak_ptr(alive_)] {
      if (!alive.expired()) walk();
    });
    return;
  }
  if (prompted_ > before_) {
    log::notice("{} is here now; connections whose ends were asked where they stand: {}",
                fmt::join(walking_ | std::views::transform(&net::Address::to_string), ", "), prompted_ - before_);
  }
  walking_.clear();
  if (!gained_.empty()) wait_for_neighbours();
}

void Takeover::prompt(const cluster::Connection& connection) {
  if (!walking_.contains(connection.virtual_address.address)) return;
  const auto packets = prompts(connection, random_());
  // What cannot be sent is not missed: the ends retransmit.
  for (const Packet& packet : packets) std::ignore = sender_.send(packet.destination, packet.bytes);
  if (!packets.empty()) ++prompted_;
}

}  // namespace ballast::sync
