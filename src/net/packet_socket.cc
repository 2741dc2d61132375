#include "net/packet_socket.h"

#include <fmt/format.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

namespace ballast::net {

Result<PacketSocket> PacketSocket::open() {
  Fd fd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));  // protocol 0: receives nothing
  if (!fd) return fail_errno("cannot open a packet socket");
  return PacketSocket(std::move(fd));
}

Result<void> PacketSocket::send(std::uint32_t interface_index, Bytes frame) const {
  sockaddr_ll to{};
  to.sll_family = AF_PACKET;
  to.sll_ifindex = static_cast<int>(interface_index);
  if (::sendto(fd_.get(), frame.data(), frame.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to) < 0) {
    return fail_errno(fmt::format("cannot send a frame out of interface {}", interface_index));
  }
  return {};
}

}  // namespace ballast::net
