#include "vrrp/sockets.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <span>

#include "net/ip_packet.h"

namespace ballast::vrrp {
namespace {

constexpr int network_control_priority = 6;  // TC_PRIO_INTERACTIVE's elder brother: before all other traffic

int kernel_family(net::Family family) { return family == net::Family::ipv4 ? AF_INET : AF_INET6; }

Result<void> set(const Fd& fd, int level, int option, int value) {
  if (::setsockopt(fd.get(), level, option, &value, sizeof value) == 0) return {};
  return fail_errno(fmt::format("cannot set option {} of a VRRP socket", option));
}

Result<Fd> open_on(const std::string& interface, net::Family family, int protocol) {
  Fd fd(::socket(kernel_family(family), SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol));
  if (!fd) return fail_errno("cannot open a raw socket for VRRP");
  if (::setsockopt(fd.get(), SOL_SOCKET, SO_BINDTODEVICE, interface.c_str(),
                   static_cast<socklen_t>(interface.size())) != 0) {
    return fail_errno(fmt::format("cannot bind a VRRP socket to interface {}", interface));
  }
  return fd;
}

/// The payload and the arrival out of an IPv4 packet, which a raw socket gives whole.
std::optional<Received> read_ipv4(net::Bytes packet) {
  const auto header = net::read_value<iphdr>(packet);
  if (!header) return std::nullopt;
  const std::size_t header_length = std::size_t{header->ihl} * 4;
  const std::size_t total = std::min<std::size_t>(ntohs(header->tot_len), packet.size());
  if (header_length < sizeof(iphdr) || header_length > total) return std::nullopt;
  return Received{.arrival = {.path = {.source = net::Address::ipv4(ntohl(header->saddr)),
                                       .destination = net::Address::ipv4(ntohl(header->daddr))},
                              .hop_limit = header->ttl},
                  .payload = packet.subspan(header_length, total - header_length)};
}

net::Address address_of(const in6_addr& address) {
  std::array<std::uint8_t, 16> bytes{};
  std::memcpy(bytes.data(), &address, bytes.size());
  return net::Address::from_bytes(bytes);
}

void read_control(msghdr& message, Arrival& arrival) {
  for (cmsghdr* control = CMSG_FIRSTHDR(&message); control != nullptr; control = CMSG_NXTHDR(&message, control)) {
    if (control->cmsg_level != IPPROTO_IPV6) continue;
    if (control->cmsg_type == IPV6_HOPLIMIT) std::memcpy(&arrival.hop_limit, CMSG_DATA(control), sizeof(int));
    if (control->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo info{};
      std::memcpy(&info, CMSG_DATA(control), sizeof info);
      arrival.path.destination = address_of(info.ipi6_addr);
    }
  }
}

/// Says which source the route is to be found for.
void add_source(msghdr& message, std::span<std::byte> control, const net::Address& source,
                std::uint32_t interface_index) {
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = IPPROTO_IPV6;
  header->cmsg_type = IPV6_PKTINFO;
  header->cmsg_len = CMSG_LEN(sizeof(in6_pktinfo));
  in6_pktinfo info{};
  info.ipi6_ifindex = interface_index;
  std::memcpy(&info.ipi6_addr, source.bytes().data(), sizeof info.ipi6_addr);
  std::memcpy(CMSG_DATA(header), &info, sizeof info);
}

}  // namespace

Result<Receiver> Receiver::open(const std::string& interface, std::uint32_t interface_index, net::Family family) {
  auto fd = open_on(interface, family, ip_protocol);
  if (!fd) return std::unexpected(fd.error());
  Result<void> done;
  if (family == net::Family::ipv4) {
    done = set(*fd, IPPROTO_IP, IP_MULTICAST_ALL, 0);
  } else {
    done = set(*fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
    if (done) done = set(*fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    if (done) done = set(*fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0);
  }
  if (!done) return std::unexpected(done.error());
  return Receiver(std::move(*fd), interface_index, family);
}

Result<void> Receiver::join(const net::Address& group) {
  group_req request{};
  request.gr_interface = interface_index_;
  const net::Bytes bytes = net::address_bytes(group);
  if (family_ == net::Family::ipv4) {
    auto* address = reinterpret_cast<sockaddr_in*>(&request.gr_group);
    address->sin_family = AF_INET;
    std::memcpy(&address->sin_addr, bytes.data(), bytes.size());
  } else {
    auto* address = reinterpret_cast<sockaddr_in6*>(&request.gr_group);
    address->sin6_family = AF_INET6;
    std::memcpy(&address->sin6_addr, bytes.data(), bytes.size());
  }
  const int level = family_ == net::Family::ipv4 ? IPPROTO_IP : IPPROTO_IPV6;
  if (::setsockopt(fd(), level, MCAST_JOIN_GROUP, &request, sizeof request) == 0 || errno == EADDRINUSE) return {};
  return fail_errno(fmt::format("cannot join multicast group {}", group.to_string()));
}

std::optional<Received> Receiver::receive() {
  for (;;) {
    sockaddr_in6 from{};
    alignas(cmsghdr) std::array<std::byte, 256> control{};
    iovec part{.iov_base = buffer_.data(), .iov_len = buffer_.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (family_ == net::Family::ipv6) {
      message.msg_name = &from;
      message.msg_namelen = sizeof from;
      message.msg_control = control.data();
      message.msg_controllen = control.size();
    }
    const ssize_t size = ::recvmsg(fd(), &message, 0);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return std::nullopt;
    const net::Bytes bytes = net::Bytes(buffer_).first(static_cast<std::size_t>(size));
    if (family_ == net::Family::ipv4) {
      if (auto received = read_ipv4(bytes)) return received;
      continue;
    }
    Received received{.arrival = {}, .payload = bytes};
    received.arrival.path.source = address_of(from.sin6_addr);
    read_control(message, received.arrival);
    return received;
  }
}

Result<Sender> Sender::open(const std::string& interface, std::uint32_t interface_index, net::Family family) {
  auto fd = open_on(interface, family, IPPROTO_RAW);  // the whole packet is ours
  if (!fd) return std::unexpected(fd.error());
  auto done = set(*fd, SOL_SOCKET, SO_PRIORITY, network_control_priority);
  if (done) {
    done = family == net::Family::ipv4 ? set(*fd, IPPROTO_IP, IP_MULTICAST_LOOP, 0)
                                       : set(*fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0);
  }
  // The interface with the virtual MAC address has no link-local address: the source is that of the one below.
  if (done && family == net::Family::ipv6) done = set(*fd, IPPROTO_IPV6, IPV6_FREEBIND, 1);
  if (!done) return std::unexpected(done.error());
  return Sender(std::move(*fd), interface_index);
}

Result<void> Sender::send(const Path& path, std::uint8_t hop_limit, net::Bytes payload) const {
  const auto packet = net::ip_packet(
      {.source = path.source, .destination = path.destination, .protocol = ip_protocol, .hop_limit = hop_limit},
      payload);
  const net::Bytes bytes = net::address_bytes(path.destination);
  sockaddr_storage to{};
  socklen_t length = 0;
  if (path.destination.is_ipv4()) {
    auto* address = reinterpret_cast<sockaddr_in*>(&to);
    address->sin_family = AF_INET;
    std::memcpy(&address->sin_addr, bytes.data(), bytes.size());
    length = sizeof *address;
  } else {
    auto* address = reinterpret_cast<sockaddr_in6*>(&to);
    address->sin6_family = AF_INET6;
    std::memcpy(&address->sin6_addr, bytes.data(), bytes.size());
    address->sin6_scope_id = interface_index_;
    length = sizeof *address;
  }
  iovec part{.iov_base = const_cast<std::byte*>(packet.data()), .iov_len = packet.size()};
  msghdr message{};
  message.msg_name = &to;
  message.msg_namelen = length;
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(in6_pktinfo))> control{};
  if (!path.source.is_ipv4()) add_source(message, control, path.source, interface_index_);
  if (::sendmsg(fd_.get(), &message, 0) < 0) {
    return fail_errno(fmt::format("cannot send an advertisement to {}", path.destination.to_string()));
  }
  return {};
}

}  // namespace ballast::vrrp
