#include "net/raw_sender.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>

namespace ballast::net {

Result<RawSender> RawSender::open() {
  Fd ipv4(::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_RAW));
  if (!ipv4) return fail_errno("cannot open a raw socket");
  // A machine without IPv6 has none, and needs none.
  Fd ipv6(::socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_RAW));
  return RawSender(std::move(ipv4), std::move(ipv6));
}

Result<void> RawSender::send(const Address& destination, Bytes packet) const {
  const Bytes bytes = address_bytes(destination);
  sockaddr_in to4{};
  to4.sin_family = AF_INET;
  sockaddr_in6 to6{};
  to6.sin6_family = AF_INET6;
  const bool ipv4 = destination.is_ipv4();
  std::ranges::copy(bytes,
                    ipv4 ? reinterpret_cast<std::byte*>(&to4.sin_addr) : reinterpret_cast<std::byte*>(&to6.sin6_addr));
  const auto* to = ipv4 ? reinterpret_cast<const sockaddr*>(&to4) : reinterpret_cast<const sockaddr*>(&to6);
  const auto length = static_cast<socklen_t>(ipv4 ? sizeof to4 : sizeof to6);
  if (::sendto((ipv4 ? ipv4_ : ipv6_).get(), packet.data(), packet.size(), 0, to, length) < 0) {
    return fail_errno(fmt::format("cannot send a packet to {}", destination.to_string()));
  }
  return {};
}

}  // namespace ballast::net
