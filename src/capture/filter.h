// Which packets to capture.
#pragma once

#include <cstdint>
#include <optional>

#include "capture/abi.h"
#include "net/address.h"

namespace ballast::capture {

/// An absent condition is met by all packets. An address, or a port without one, is met by a packet that has it as
/// source or destination when it comes or when it leaves: so both sides of a translated packet are found by either.
struct Conditions {
  std::optional<std::uint8_t> protocol = std::nullopt;
  std::optional<net::Prefix> client = std::nullopt;
  std::optional<std::uint16_t> client_port = std::nullopt;
  std::optional<net::Address> virtual_address = std::nullopt;
  std::optional<std::uint16_t> virtual_port = std::nullopt;
  std::optional<net::Address> server = std::nullopt;
  std::optional<std::uint16_t> server_port = std::nullopt;
};

/// The conditions as the packet programs test them.
abi::capture_filter filter_for(const Conditions& conditions);

}  // namespace ballast::capture
