#include "cli/ipvsadm/values.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <limits>
#include <string_view>

#include "cluster/model.h"

namespace ballast::ipvsadm {
namespace {

constexpr std::size_t longest_flags = 127;

bool is_number(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<net::Address> read_ipv4(const std::string& host, const Names& names) {
  in_addr address{};
  if (::inet_aton(host.c_str(), &address) != 0) return net::Address::ipv4(ntohl(address.s_addr));
  return names.address(host);
}

bool is_ipv6_text(const std::string& host) {
  in6_addr ignored{};
  return ::inet_pton(AF_INET6, host.c_str(), &ignored) == 1;
}

std::optional<std::uint16_t> read_port(const std::string& text, std::uint8_t protocol, const Names& names) {
  if (const auto number = read_number(text, 0, 65535)) return static_cast<std::uint16_t>(*number);
  return names.port(text, protocol);
}

struct HostAndPort {
  std::string host;
  std::optional<std::string> port;
  bool ipv6 = false;  ///< the host is an IPv6 address
};

HostAndPort split_at_colon(const std::string& text) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) return {text, std::nullopt};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

/// nullopt: brackets that are not closed, or not followed by a port.
std::optional<HostAndPort> split(const std::string& text) {
  if (!text.starts_with('[')) {
    if (is_ipv6_text(text)) return HostAndPort{text, std::nullopt, true};
    return split_at_colon(text);
  }
  const auto closed = text.find(']');
  if (closed == std::string::npos || closed + 1 == text.size() || text[closed + 1] != ':') return std::nullopt;
  const std::string inside = text.substr(1, closed - 1);
  if (is_ipv6_text(inside)) return HostAndPort{inside, text.substr(closed + 2), true};
  return split_at_colon(inside);
}

std::optional<net::Address> read_host(const HostAndPort& parts, const Names& names) {
  if (!parts.ipv6) return read_ipv4(parts.host, names);
  const auto address = net::Address::parse(parts.host);
  if (!address || address->is_ipv4()) return std::nullopt;
  return address;
}

struct Flag {
  std::string_view name;
  std::string_view scheduler;  ///< empty: any
  std::uint32_t bit;
};
constexpr std::array flags = {
    Flag{"flag-1", "", cluster::scheduler_flag_1},    Flag{"flag-2", "", cluster::scheduler_flag_2},
    Flag{"flag-3", "", cluster::scheduler_flag_3},    Flag{"sh-fallback", "sh", cluster::scheduler_flag_1},
    Flag{"sh-port", "sh", cluster::scheduler_flag_2}, Flag{"mh-fallback", "mh", cluster::scheduler_flag_1},
    Flag{"mh-port", "mh", cluster::scheduler_flag_2},
};

}  // namespace

std::optional<long> read_number(const std::string& text, long least, long most) {
  char* end = nullptr;
  errno = 0;
  const long number = std::strtol(text.c_str(), &end, 10);
  if (end == text.c_str() || *end != '\0' || errno == ERANGE || number < least || number > most) return std::nullopt;
  return number;
}

std::optional<std::uint32_t> read_mark(const std::string& text) {
  const auto number = read_number(text, 1, std::numeric_limits<std::uint32_t>::max());
  if (!number) return std::nullopt;
  return static_cast<std::uint32_t>(*number);
}

std::optional<AddressAndPort> read_address(const std::string& text, std::uint8_t protocol, const Names& names) {
  if (is_number(text)) return std::nullopt;
  const auto parts = split(text);
  const auto host = parts ? read_host(*parts, names) : std::nullopt;
  if (!host) return std::nullopt;
  AddressAndPort read{*host, std::nullopt};
  if (!parts->port) return read;
  read.port = read_port(*parts->port, protocol, names);
  if (!read.port) return std::nullopt;
  return read;
}

std::optional<std::uint32_t> read_mask(const std::string& text, const Names& names) {
  const auto mask = read_ipv4(text, names);
  if (!mask) return std::nullopt;
  return mask->ipv4_value();
}

std::optional<std::uint32_t> read_prefix_length(const std::string& text) {
  const long length = std::strtol(text.c_str(), nullptr, 10);
  if (length < 1 || length > 128) return std::nullopt;
  return static_cast<std::uint32_t>(length);
}

std::expected<std::uint32_t, std::string> read_scheduler_flags(const std::string& text, const std::string& scheduler) {
  std::string_view rest = std::string_view(text).substr(0, longest_flags);
  std::uint32_t bits = 0;
  while (!rest.empty()) {
    const auto comma = std::min(rest.find(','), rest.size());
    const auto name = rest.substr(0, comma);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    if (name.empty()) continue;
    const auto* flag = std::ranges::find(flags, name, &Flag::name);
    if (flag == flags.end()) return std::unexpected(fmt::format("invalid scheduler flag `{}'", name));
    if (!flag->scheduler.empty() && flag->scheduler != scheduler) {
      return std::unexpected(fmt::format("incompatible scheduler flag `{}'", name));
    }
    bits |= flag->bit;
  }
  return bits;
}

std::expected<net::Address, std::string> read_group(const std::string& text) {
  const bool ipv6 = text.find(':') != std::string::npos;
  const auto group = net::Address::parse(text);
  if (group && group->is_multicast() && group->is_ipv4() != ipv6) return *group;
  return std::unexpected(fmt::format("invalid {} mcast-group `{}'", ipv6 ? "IPv6" : "IPv4", text));
}

}  // namespace ballast::ipvsadm
