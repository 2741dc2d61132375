// The names of the machine on which the recordings were made.
#pragma once

#include "cli/ipvsadm/names.h"

namespace ballast::ipvsadm {

class KnownNames final : public Names {
 public:
  [[nodiscard]] std::optional<net::Address> address(const std::string& host) const override;
  [[nodiscard]] std::optional<std::string> host(const net::Address& address) const override;
  [[nodiscard]] std::optional<std::uint16_t> port(const std::string& service, std::uint8_t protocol) const override;
  [[nodiscard]] std::optional<std::string> service(std::uint16_t port, std::uint8_t protocol) const override;
};

}  // namespace ballast::ipvsadm
