#include "known_names.h"

#include <array>
#include <string_view>

namespace ballast::ipvsadm {
namespace {

struct Host {
  std::string_view address;
  std::string_view name;
  std::string_view alias;
};
constexpr std::array hosts = {
    Host{"127.0.0.1", "localhost", ""},
    Host{"10.0.9.77", "alpha", ""},
    Host{"10.0.9.78", "a-host-name-that-is-far-too-long-for-the-columns.example.com", "longname"},
    Host{"10.0.8.77", "a-middling-host-name.example.com", ""},
    Host{"fd00::66", "beta6", ""},
    Host{"fd00::67", "a-host-name-that-is-far-too-long-for-the-columns.six.example.com", ""},
};

constexpr std::uint8_t tcp = 6;
constexpr std::uint8_t udp = 17;
struct Service {
  std::string_view name;
  std::uint16_t port;
  std::uint8_t protocol;
};
constexpr std::array services = {
    Service{"ftp", 21, tcp},        Service{"ssh", 22, tcp},       Service{"domain", 53, tcp},
    Service{"domain", 53, udp},     Service{"tftp", 69, udp},      Service{"http", 80, tcp},
    Service{"kerberos", 88, tcp},   Service{"kerberos", 88, udp},  Service{"https", 443, tcp},
    Service{"https", 443, udp},     Service{"sip", 5060, tcp},     Service{"sip", 5060, udp},
    Service{"sip-tls", 5061, tcp},  Service{"sip-tls", 5061, udp}, Service{"mdns", 5353, udp},
    Service{"http-alt", 8080, tcp},
};

}  // namespace

std::optional<net::Address> KnownNames::address(const std::string& host) const {
  for (const auto& known : hosts) {
    const auto address = *net::Address::parse(known.address);
    if (!host.empty() && address.is_ipv4() && (known.name == host || known.alias == host)) return address;
  }
  return std::nullopt;
}

std::optional<std::string> KnownNames::host(const net::Address& address) const {
  for (const auto& known : hosts) {
    if (net::Address::parse(known.address) == address) return std::string(known.name);
  }
  return std::nullopt;
}

std::optional<std::uint16_t> KnownNames::port(const std::string& service, std::uint8_t protocol) const {
  for (const auto& known : services) {
    if (known.name == service && known.protocol == protocol) return known.port;
  }
  return std::nullopt;
}

std::optional<std::string> KnownNames::service(std::uint16_t port, std::uint8_t protocol) const {
  for (const auto& known : services) {
    if (known.port == port && known.protocol == protocol) return std::string(known.name);
  }
  return std::nullopt;
}

}  // namespace ballast::ipvsadm
