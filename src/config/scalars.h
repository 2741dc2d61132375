// The single values of the native configuration, from and to text.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "cluster/model.h"

namespace ballast::config {

/// A whole decimal number.
std::optional<std::uint64_t> parse_number(std::string_view text);

/// Text as a double-quoted scalar of YAML.
std::string in_quotes(std::string_view text);
/// A key of a map: bare where YAML reads the bare word as itself.
std::string key_text(std::string_view name);

/// "30s", "15m", "2h", "1d", or "900" for seconds; at least 1 s. The Error says what is allowed.
Result<std::chrono::seconds> parse_duration(std::string_view text);
/// The shortest text that parse_duration() reads back: "15m", "90s".
std::string format_duration(std::chrono::seconds duration);

/// "30ms", "500us", "1s", "2m", or "3" for seconds; "0" is none. The Error says what is allowed.
Result<std::chrono::microseconds> parse_fine_duration(std::string_view text);
/// The shortest text that parse_fine_duration() reads back: "30ms", "1s".
std::string format_fine_duration(std::chrono::microseconds duration);

/// What Linux takes for the name of an interface (dev_valid_name), printable ASCII only.
bool is_interface_name(std::string_view name);

/// "10.0.0.1:80/tcp", "[fd00::1]:53/udp".
Result<cluster::AddressKey> parse_listen(std::string_view text);
std::string format_listen(const cluster::AddressKey& key);

/// A real server's address, and its port where it has one of its own.
struct ServerAddress {
  net::Address address;
  std::optional<std::uint16_t> port;
  friend bool operator==(const ServerAddress&, const ServerAddress&) = default;
};

/// "10.0.0.1", "10.0.0.1:80", "[fd00::1]", "[fd00::1]:80". IPv6 only in brackets: "fd00::1:80" could mean two things.
Result<ServerAddress> parse_server_address(std::string_view text);
std::string format_server_address(const ServerAddress& address);

/// IPv4: a mask "255.255.255.0" or a prefix length 1..32; IPv6: a prefix length 1..128. Gives Persistence::netmask.
Result<std::uint32_t> parse_netmask(std::string_view text, net::Family family);
std::string format_netmask(std::uint32_t netmask, net::Family family);

/// The bit of "sh-fallback", "sh-port", "mh-fallback", "mh-port", "flag-1", "flag-2" or "flag-3", which must go with
/// the scheduler (as in ipvsadm -b).
Result<std::uint32_t> parse_scheduler_flag(std::string_view text, std::string_view scheduler);
/// The name of one bit under the scheduler.
std::string_view format_scheduler_flag(std::uint32_t flag, std::string_view scheduler);

}  // namespace ballast::config
