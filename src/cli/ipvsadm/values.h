// How the values of switches are read: numbers, addresses, masks, flags. Pure but for the names that are looked up.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>

#include "cli/ipvsadm/names.h"
#include "net/address.h"

namespace ballast::ipvsadm {

/// The longest persistence and the longest timeout of --set: 31 days, in seconds.
inline constexpr long longest_timeout = 31L * 24 * 60 * 60;

/// A decimal number as strtol reads it (blanks and '+' before it are fine, anything behind it is not), or nullopt where
/// it is none or outside of [least, most].
std::optional<long> read_number(const std::string& text, long least, long most);

/// A firewall mark: 1 to 2^32-1.
std::optional<std::uint32_t> read_mark(const std::string& text);

struct AddressAndPort {
  net::Address address;
  std::optional<std::uint16_t> port;
};
/// "host", "host:port", "[v6]:port", "v6". A host is a name or what inet_aton(3) takes, but not a bare number; a port
/// is a number or a service name of `protocol`; what stands in brackets must be followed by ':', and loses the port
/// where it is not an IPv6 address. IPv4-mapped IPv6 addresses are refused: to the packet path they are IPv4 addresses.
std::optional<AddressAndPort> read_address(const std::string& text, std::uint8_t protocol, const Names& names);

/// An IPv4 mask, in host byte order: dotted, or the address of a host name.
std::optional<std::uint32_t> read_mask(const std::string& text, const Names& names);
/// An IPv6 prefix length, 1 to 128: the digits that `text` begins with, as atoi(3) reads them.
std::optional<std::uint32_t> read_prefix_length(const std::string& text);

/// The bits of a comma-separated list of scheduler flags, or a message that names the first flag that is unknown or
/// does not belong to `scheduler`. Only the first 127 bytes count.
std::expected<std::uint32_t, std::string> read_scheduler_flags(const std::string& text, const std::string& scheduler);

/// The group of a sync daemon, or the message that refuses it.
std::expected<net::Address, std::string> read_group(const std::string& text);

}  // namespace ballast::ipvsadm
