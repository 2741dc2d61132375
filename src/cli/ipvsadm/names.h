// Host and service names for people: what stands in /etc/hosts, DNS and /etc/services.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "net/address.h"

namespace ballast::ipvsadm {

/// Translates names both ways. `protocol` is an IP protocol number; only TCP, UDP and SCTP have service names.
class Names {
 public:
  virtual ~Names() = default;
  /// The first IPv4 address of a host. Names stand for IPv4 only, as in the real command.
  [[nodiscard]] virtual std::optional<net::Address> address(const std::string& host) const = 0;
  [[nodiscard]] virtual std::optional<std::string> host(const net::Address& address) const = 0;
  [[nodiscard]] virtual std::optional<std::uint16_t> port(const std::string& service, std::uint8_t protocol) const = 0;
  [[nodiscard]] virtual std::optional<std::string> service(std::uint16_t port, std::uint8_t protocol) const = 0;
};

/// The names that this machine knows (nsswitch.conf decides where they come from). May wait for DNS.
class SystemNames final : public Names {
 public:
  [[nodiscard]] std::optional<net::Address> address(const std::string& host) const override;
  [[nodiscard]] std::optional<std::string> host(const net::Address& address) const override;
  [[nodiscard]] std::optional<std::uint16_t> port(const std::string& service, std::uint8_t protocol) const override;
  [[nodiscard]] std::optional<std::string> service(std::uint16_t port, std::uint8_t protocol) const override;
};

/// "10.0.0.1:80", "[fd00::1]:80", or with `names` "host:http", "[host]:http", each half as a number where it has no
/// name. At most 59 bytes, the rest is cut: that is what the real command has room for.
std::string endpoint_text(const net::Endpoint& endpoint, std::uint8_t protocol, const Names* names);

}  // namespace ballast::ipvsadm
