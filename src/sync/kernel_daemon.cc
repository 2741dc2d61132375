#include "sync/kernel_daemon.h"

#include <fmt/format.h>
#include <net/if.h>
#include <sys/ioctl.h>

#include <boost/asio/ip/multicast.hpp>

#include <algorithm>
#include <cstring>

#include "base/log.h"
#include "sync/asio_address.h"

namespace ballast::sync {
namespace {

namespace asio = boost::asio;
using asio::ip::udp;

constexpr std::size_t ipv4_headers = 28;
constexpr std::size_t ipv6_headers = 48;
constexpr std::size_t shortest_message = 128;
constexpr std::size_t most_complaints = 1024;

/// A link-local group is one of an interface.
udp::endpoint group_of(const cluster::KernelSync& settings, unsigned int interface) {
  auto group = settings.group ? to_asio(*settings.group) : asio::ip::make_address("224.0.0.81");
  if (group.is_v6()) group = asio::ip::address_v6(group.to_v6().to_bytes(), interface);
  return {group, settings.port};
}

Result<unsigned int> index_of(const std::string& interface) {
  const unsigned int index = if_nametoindex(interface.c_str());
  if (index == 0) return fail(fmt::format("sync: there is no interface {}", interface), ENODEV);
  return index;
}

/// By the interface's index; Boost.Asio has only addresses for this.
bool set_outgoing(int socket, bool ipv4, unsigned int index) {
  if (!ipv4) {
    const int number = static_cast<int>(index);
    return setsockopt(socket, IPPROTO_IPV6, IPV6_MULTICAST_IF, &number, sizeof number) == 0;
  }
  ip_mreqn request{};
  request.imr_ifindex = static_cast<int>(index);
  return setsockopt(socket, IPPROTO_IP, IP_MULTICAST_IF, &request, sizeof request) == 0;
}

bool join(int socket, const udp::endpoint& group, unsigned int index) {
  if (group.address().is_v6()) {
    ipv6_mreq request{};
    std::ranges::copy(group.address().to_v6().to_bytes(), request.ipv6mr_multiaddr.s6_addr);
    request.ipv6mr_interface = index;
    return setsockopt(socket, IPPROTO_IPV6, IPV6_JOIN_GROUP, &request, sizeof request) == 0;
  }
  ip_mreqn request{};
  std::memcpy(&request.imr_multiaddr, group.address().to_v4().to_bytes().data(), 4);
  request.imr_ifindex = static_cast<int>(index);
  return setsockopt(socket, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof request) == 0;
}

}  // namespace

Result<std::uint16_t> longest_message(const cluster::KernelSync& settings) {
  if (auto index = index_of(settings.interface); !index) return std::unexpected(index.error());
  const int probe = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq request{};
  std::strncpy(request.ifr_name, settings.interface.c_str(), IFNAMSIZ - 1);
  const bool known = ioctl(probe, SIOCGIFMTU, &request) == 0;
  ::close(probe);
  if (!known) return fail_errno(settings.interface, ENODEV);
  const bool ipv6 = settings.group && settings.group->family() == net::Family::ipv6;
  const auto mtu = static_cast<std::size_t>(request.ifr_mtu);
  const std::size_t most = std::min<std::size_t>(mtu - (ipv6 ? ipv6_headers : ipv4_headers), 65507);
  const std::size_t asked = settings.message_bytes == 0 ? most : std::min<std::size_t>(settings.message_bytes, most);
  return static_cast<std::uint16_t>(std::max(asked, shortest_message));
}

KernelMaster::KernelMaster(asio::io_context& context, const cluster::KernelSync& settings, unsigned int interface,
                           std::size_t longest)
    : socket_(context), group_(group_of(settings, interface)), message_(settings.id, longest) {}

Result<std::unique_ptr<KernelMaster>> KernelMaster::start(asio::io_context& context,
                                                          const cluster::KernelSync& settings) {
  const auto longest = longest_message(settings);
  if (!longest) return std::unexpected(longest.error());
  const auto index = index_of(settings.interface);
  if (!index) return std::unexpected(index.error());
  std::unique_ptr<KernelMaster> master(new KernelMaster(context, settings, *index, *longest));
  auto& socket = master->socket_;
  boost::system::error_code wrong;
  socket.open(master->group_.protocol(), wrong);
  if (!wrong) socket.set_option(asio::ip::multicast::hops(settings.ttl), wrong);
  if (!wrong) socket.set_option(asio::ip::multicast::enable_loopback(false), wrong);
  if (!wrong && !set_outgoing(socket.native_handle(), master->group_.address().is_v4(), *index)) {
    wrong = {errno, boost::system::system_category()};
  }
  if (!wrong) socket.non_blocking(true, wrong);
  if (wrong) {
    return fail(fmt::format("sync: cannot send to {} by {}: {}", master->group_.address().to_string(),
                            settings.interface, wrong.message()),
                wrong.value());
  }
  return master;
}

void KernelMaster::tell(const cluster::Connection& connection) {
  if (!can_be_told(connection)) return;
  if (const auto full = message_.add(connection)) send(*full);
  ++sent_;
}

void KernelMaster::flush() {
  if (const auto rest = message_.take()) send(*rest);
}

void KernelMaster::send(const Bytes& message) {
  boost::system::error_code ignored;  // as ip_vs: what cannot be sent now is told again later
  socket_.send_to(asio::buffer(message), group_, 0, ignored);
}

KernelBackup::KernelBackup(asio::io_context& context, std::uint8_t id, Admit admit)
    : socket_(context), id_(id), admit_(std::move(admit)) {}

Result<std::shared_ptr<KernelBackup>> KernelBackup::start(asio::io_context& context,
                                                          const cluster::KernelSync& settings, Admit admit) {
  const auto index = index_of(settings.interface);
  if (!index) return std::unexpected(index.error());
  std::shared_ptr<KernelBackup> backup(new KernelBackup(context, settings.id, std::move(admit)));
  const auto group = group_of(settings, *index);
  auto& socket = backup->socket_;
  boost::system::error_code wrong;
  socket.open(group.protocol(), wrong);
  if (!wrong) socket.set_option(udp::socket::reuse_address(true), wrong);
  if (!wrong) socket.bind(group, wrong);
  if (!wrong && !join(socket.native_handle(), group, *index)) wrong = {errno, boost::system::system_category()};
  if (wrong) {
    return fail(fmt::format("sync: cannot take messages to {} on {}: {}", group.address().to_string(),
                            settings.interface, wrong.message()),
                wrong.value());
  }
  backup->receive();
  return backup;
}

void KernelBackup::stop() {
  boost::system::error_code ignored;
  socket_.close(ignored);
}

void KernelBackup::receive() {
  socket_.async_receive_from(asio::buffer(buffer_), sender_,
                             [self = shared_from_this()](const boost::system::error_code& wrong, std::size_t bytes) {
                               if (!self->socket_.is_open()) return;
                               if (!wrong) self->take(std::span(self->buffer_).first(bytes));
                               self->receive();
                             });
}

void KernelBackup::take(std::span<const std::uint8_t> message) {
  const auto connections = read_kernel_message(message, id_);
  if (!connections) {
    ++refused_[connections.error()];
    const std::string who = sender_.address().to_string();
    const bool said = complaints_.size() >= most_complaints ||
                      !complaints_.insert(fmt::format("{} {}", who, to_string(connections.error()))).second;
    if (!said) log::warning("sync: a message of {} is ignored: {}", who, to_string(connections.error()));
    return;
  }
  const Taken now = admit_(*connections);
  taken_.taken += now.taken;
  taken_.refused += now.refused;
}

}  // namespace ballast::sync
