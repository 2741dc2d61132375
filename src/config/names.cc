#include "config/names.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <memory>

namespace ballast::config {
namespace {

net::Address address_of(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    const auto* ipv4 = reinterpret_cast<const sockaddr_in*>(address);
    return net::Address::ipv4(ntohl(ipv4->sin_addr.s_addr));
  }
  const auto* ipv6 = reinterpret_cast<const sockaddr_in6*>(address);
  std::array<std::uint8_t, 16> bytes{};
  std::ranges::copy(ipv6->sin6_addr.s6_addr, bytes.begin());
  return net::Address::from_bytes(bytes);
}

std::optional<net::Address> find_host(const std::string& host, net::Family family) {
  if (const auto number = net::Address::parse(host)) {
    return number->family() == family ? number : std::nullopt;
  }
  addrinfo wanted{};
  wanted.ai_family = family == net::Family::ipv4 ? AF_INET : AF_INET6;
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), nullptr, &wanted, &found) != 0) return std::nullopt;
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, ::freeaddrinfo);
  return address_of(found->ai_addr);
}

const char* protocol_name(cluster::Protocol protocol) {
  switch (protocol) {
    case cluster::Protocol::tcp:
      return "tcp";
    case cluster::Protocol::udp:
      return "udp";
    case cluster::Protocol::sctp:
      return "sctp";
  }
  return nullptr;
}

std::optional<std::uint16_t> find_service(const std::string& service, std::optional<cluster::Protocol> protocol) {
  const servent* found = ::getservbyname(service.c_str(), protocol ? protocol_name(*protocol) : nullptr);
  if (found == nullptr) return std::nullopt;
  return ntohs(static_cast<std::uint16_t>(found->s_port));
}

}  // namespace

Names system_names() {
  utsname machine{};
  ::uname(&machine);
  return {.host = find_host, .service = find_service, .machine = machine.nodename, .config_id = {}};
}

}  // namespace ballast::config
