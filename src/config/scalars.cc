#include "config/scalars.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <vector>

#include "config/edit_distance.h"
#include "config/problem.h"

namespace ballast::config {
namespace {

using std::chrono::seconds;

template <typename T>
std::optional<T> whole_number(std::string_view text) {
  T number = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || rest != text.data() + text.size()) return {};
  return number;
}

struct Unit {
  char letter;
  std::int64_t seconds;
};
constexpr std::array<Unit, 4> units = {{{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}}};

struct FineUnit {
  std::string_view suffix;
  std::int64_t microseconds;
};
// "ms" and "us" stand before "s": the first suffix that fits counts.
constexpr std::array<FineUnit, 6> fine_units = {
    {{"ms", 1'000}, {"us", 1}, {"d", 86'400'000'000}, {"h", 3'600'000'000}, {"m", 60'000'000}, {"s", 1'000'000}}};

/// Protocols and layer-7 kinds that a listen may name one day.
constexpr std::array<std::string_view, 5> later_protocols = {"http", "https", "tls", "mysql", "dns"};
constexpr std::array<std::string_view, 3> protocols = {"tcp", "udp", "sctp"};

Result<cluster::Protocol> parse_protocol(std::string_view text) {
  if (text == "tcp") return cluster::Protocol::tcp;
  if (text == "udp") return cluster::Protocol::udp;
  if (text == "sctp") return cluster::Protocol::sctp;
  if (std::ranges::find(later_protocols, text) != later_protocols.end()) {
    return fail(fmt::format("a service for /{} is not supported in this version; valid: /tcp, /udp, /sctp", text));
  }
  const std::string_view meant = nearest(text, protocols);
  if (!meant.empty()) return fail(fmt::format("unknown protocol {}; did you mean '{}'?", quoted(text), meant));
  return fail(fmt::format("unknown protocol {}; valid: tcp, udp, sctp", quoted(text)));
}

struct FlagName {
  std::string_view name;
  std::string_view scheduler;  ///< empty: any
  std::uint32_t bit;
};
// The names of ipvsadm(8) -b; a scheduler's own name stands before the general one.
constexpr std::array<FlagName, 7> flag_names = {{
    {"sh-fallback", "sh", cluster::scheduler_flag_1},
    {"sh-port", "sh", cluster::scheduler_flag_2},
    {"mh-fallback", "mh", cluster::scheduler_flag_1},
    {"mh-port", "mh", cluster::scheduler_flag_2},
    {"flag-1", "", cluster::scheduler_flag_1},
    {"flag-2", "", cluster::scheduler_flag_2},
    {"flag-3", "", cluster::scheduler_flag_3},
}};

}  // namespace

std::optional<std::uint64_t> parse_number(std::string_view text) { return whole_number<std::uint64_t>(text); }

std::string key_text(std::string_view name) {
  static constexpr std::array<std::string_view, 3> nulls = {"null", "Null", "NULL"};
  const auto is_plain = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '.' || c == '-'; };
  const bool needs_quotes =
      !std::ranges::all_of(name, is_plain) || name.starts_with('-') || std::ranges::find(nulls, name) != nulls.end();
  return needs_quotes ? in_quotes(name) : std::string(name);
}

std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += fmt::format("\\{}", c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (static_cast<unsigned char>(c) < ' ') {
      out += fmt::format("\\x{:02x}", c);
    } else {
      out += c;
    }
  }
  return out + '"';
}

Result<seconds> parse_duration(std::string_view text) {
  const auto refusal = [&] {
    return fail(fmt::format("{} is not a duration; write 30s, 15m, 2h, 1d, or seconds alone", quoted(text)));
  };
  std::string_view digits = text;
  std::int64_t scale = 1;
  const auto* const unit = text.empty() ? units.end() : std::ranges::find(units, text.back(), &Unit::letter);
  if (unit != units.end()) {
    scale = unit->seconds;
    digits.remove_suffix(1);
  }
  const auto number = whole_number<std::uint32_t>(digits);
  if (!number) return refusal();
  if (*number == 0) return fail(fmt::format("{} is too short; at least 1s", quoted(text)));
  return seconds(scale * *number);
}

std::string format_duration(seconds duration) {
  for (const Unit& unit : units) {
    if (duration.count() % unit.seconds == 0) return fmt::format("{}{}", duration.count() / unit.seconds, unit.letter);
  }
  return {};
}

Result<std::chrono::microseconds> parse_fine_duration(std::string_view text) {
  std::string_view digits = text;
  std::int64_t scale = 1'000'000;
  for (const FineUnit& unit : fine_units) {
    if (!text.ends_with(unit.suffix)) continue;
    scale = unit.microseconds;
    digits.remove_suffix(unit.suffix.size());
    break;
  }
  const auto number = whole_number<std::uint32_t>(digits);
  if (!number) {
    return fail(fmt::format("{} is not a duration; write 30ms, 1s, 5m, 2h, or seconds alone", quoted(text)));
  }
  return std::chrono::microseconds(scale * *number);
}

std::string format_fine_duration(std::chrono::microseconds duration) {
  if (duration.count() == 0) return "0";
  for (const std::string_view suffix : {"d", "h", "m", "s", "ms"}) {
    const auto* const unit = std::ranges::find(fine_units, suffix, &FineUnit::suffix);
    if (duration.count() % unit->microseconds == 0) {
      return fmt::format("{}{}", duration.count() / unit->microseconds, suffix);
    }
  }
  return fmt::format("{}us", duration.count());
}

bool is_interface_name(std::string_view name) {
  constexpr std::size_t longest = 15;  // IFNAMSIZ - 1
  const auto allowed = [](char c) { return c > ' ' && c < 0x7f && c != '/' && c != ':'; };
  return !name.empty() && name.size() <= longest && name != "." && name != ".." && std::ranges::all_of(name, allowed);
}

Result<cluster::AddressKey> parse_listen(std::string_view text) {
  const auto slash = text.rfind('/');
  if (slash == std::string_view::npos) {
    return fail(
        fmt::format("{} names no protocol; write \"IP:PORT/tcp\", \"IP:PORT/udp\" or \"IP:PORT/sctp\"", quoted(text)));
  }
  const auto protocol = parse_protocol(text.substr(slash + 1));
  if (!protocol) return std::unexpected(protocol.error());
  const auto endpoint = net::Endpoint::parse(text.substr(0, slash));
  if (!endpoint) {
    return fail(fmt::format("{} is not \"IP:PORT/{}\" or \"[IPv6]:PORT/{}\"", quoted(text), text.substr(slash + 1),
                            text.substr(slash + 1)));
  }
  if (endpoint->address.is_unspecified()) {
    return fail(fmt::format("{} is no address that packets are sent to; name the virtual IP itself",
                            endpoint->address.to_string()));
  }
  return cluster::AddressKey{.protocol = *protocol, .endpoint = *endpoint};
}

std::string format_listen(const cluster::AddressKey& key) {
  const auto protocol = [&] {
    switch (key.protocol) {
      case cluster::Protocol::tcp:
        return "tcp";
      case cluster::Protocol::udp:
        return "udp";
      case cluster::Protocol::sctp:
        return "sctp";
    }
    return "?";
  };
  return fmt::format("{}/{}", key.endpoint.to_string(), protocol());
}

Result<ServerAddress> parse_server_address(std::string_view text) {
  if (const auto endpoint = net::Endpoint::parse(text)) {
    return ServerAddress{.address = endpoint->address, .port = endpoint->port};
  }
  const bool bracketed = text.size() > 2 && text.front() == '[' && text.back() == ']';
  const auto address = net::Address::parse(bracketed ? text.substr(1, text.size() - 2) : text);
  if (!address) {
    return fail(
        fmt::format("{} is not an address; write \"IP:PORT\", \"[IPv6]:PORT\" or the address alone", quoted(text)));
  }
  if (bracketed == address->is_ipv4()) {
    return fail(address->is_ipv4() ? fmt::format("{}: brackets are for IPv6 only", quoted(text))
                                   : fmt::format("{}: IPv6 needs brackets; write \"[{}]\" or \"[{}]:PORT\"",
                                                 quoted(text), text, address->to_string()));
  }
  return ServerAddress{.address = *address, .port = {}};
}

std::string format_server_address(const ServerAddress& address) {
  if (address.port) return net::Endpoint{.address = address.address, .port = *address.port}.to_string();
  const std::string text = address.address.to_string();
  return address.address.is_ipv4() ? text : fmt::format("[{}]", text);
}

Result<std::uint32_t> parse_netmask(std::string_view text, net::Family family) {
  const bool ipv4 = family == net::Family::ipv4;
  const auto length = whole_number<std::uint32_t>(text);
  if (length && *length >= 1 && *length <= (ipv4 ? 32U : 128U)) {
    return ipv4 ? 0xffffffffU << (32 - *length) : *length;
  }
  if (const auto mask = net::Address::parse(text); ipv4 && mask && mask->is_ipv4()) return mask->ipv4_value();
  return fail(ipv4 ? fmt::format("{} is not a mask such as 255.255.255.0 or a prefix length from 1 to 32", quoted(text))
                   : fmt::format("{} is not a prefix length from 1 to 128", quoted(text)));
}

std::string format_netmask(std::uint32_t netmask, net::Family family) {
  return family == net::Family::ipv4 ? net::Address::ipv4(netmask).to_string() : fmt::format("{}", netmask);
}

Result<std::uint32_t> parse_scheduler_flag(std::string_view text, std::string_view scheduler) {
  std::vector<std::string_view> valid;
  for (const FlagName& flag : flag_names) {
    const bool fits = flag.scheduler.empty() || flag.scheduler == scheduler;
    if (fits && flag.name == text) return flag.bit;
    if (fits) valid.push_back(flag.name);
    if (!fits && flag.name == text) {
      return fail(fmt::format("'{}' is a flag of scheduler {}, not of {}", text, flag.scheduler, scheduler));
    }
  }
  const std::string_view meant = nearest(text, valid);
  if (!meant.empty()) return fail(fmt::format("unknown scheduler flag {}; did you mean '{}'?", quoted(text), meant));
  return fail(fmt::format("unknown scheduler flag {}; valid: {}", quoted(text), fmt::join(valid, ", ")));
}

std::string_view format_scheduler_flag(std::uint32_t flag, std::string_view scheduler) {
  for (const FlagName& candidate : flag_names) {
    const bool fits = candidate.scheduler.empty() || candidate.scheduler == scheduler;
    if (fits && candidate.bit == flag) return candidate.name;
  }
  return {};
}

}  // namespace ballast::config
