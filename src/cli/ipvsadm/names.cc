#include "cli/ipvsadm/names.h"

#include <arpa/inet.h>
#include <netdb.h>

#include "cluster/model.h"

namespace ballast::ipvsadm {
namespace {

constexpr std::size_t longest_endpoint = 59;

/// The name that /etc/services uses, or nullptr.
const char* protocol_name(std::uint8_t protocol) {
  switch (static_cast<cluster::Protocol>(protocol)) {
    case cluster::Protocol::tcp:
      return "tcp";
    case cluster::Protocol::udp:
      return "udp";
    case cluster::Protocol::sctp:
      return "sctp";
  }
  return nullptr;
}

}  // namespace

std::optional<net::Address> SystemNames::address(const std::string& host) const {
  const hostent* found = ::gethostbyname(host.c_str());
  if (found == nullptr || found->h_addrtype != AF_INET || found->h_addr_list[0] == nullptr) return std::nullopt;
  const auto* bytes = reinterpret_cast<const unsigned char*>(found->h_addr_list[0]);
  return net::Address::ipv4(std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 |
                            std::uint32_t{bytes[2]} << 8 | bytes[3]);
}

std::optional<std::string> SystemNames::host(const net::Address& address) const {
  const auto* bytes = address.bytes().data();
  const hostent* found =
      address.is_ipv4() ? ::gethostbyaddr(bytes + 12, 4, AF_INET) : ::gethostbyaddr(bytes, 16, AF_INET6);
  if (found == nullptr) return std::nullopt;
  return found->h_name;
}

std::optional<std::uint16_t> SystemNames::port(const std::string& service, std::uint8_t protocol) const {
  const char* name = protocol_name(protocol);
  const servent* found = name == nullptr ? nullptr : ::getservbyname(service.c_str(), name);
  if (found == nullptr) return std::nullopt;
  return ntohs(static_cast<std::uint16_t>(found->s_port));
}

std::optional<std::string> SystemNames::service(std::uint16_t port, std::uint8_t protocol) const {
  const char* name = protocol_name(protocol);
  const servent* found = name == nullptr ? nullptr : ::getservbyport(htons(port), name);
  if (found == nullptr) return std::nullopt;
  return found->s_name;
}

std::string endpoint_text(const net::Endpoint& endpoint, std::uint8_t protocol, const Names* names) {
  std::optional<std::string> host;
  std::optional<std::string> service;
  if (names != nullptr) {
    host = names->host(endpoint.address);
    service = names->service(endpoint.port, protocol);
  }
  std::string text = host.value_or(endpoint.address.to_string());
  if (!endpoint.address.is_ipv4()) text = "[" + text + "]";
  text += ":" + service.value_or(std::to_string(endpoint.port));
  return text.substr(0, longest_endpoint);
}

}  // namespace ballast::ipvsadm
