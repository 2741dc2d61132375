#include "config/keepalived/network.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "config/keepalived/document.h"
#include "net/routing_text.h"

namespace ballast::config::keepalived {
namespace {

using cluster::VirtualAddress;

std::nullopt_t wrong(const Node& line, Context& context, std::string message) {
  context.report.error(line.at, std::move(message));
  return std::nullopt;
}

/// A route or rule that keepalived knows and net/routing_text.h does not.
std::nullopt_t left_out(const Node& line, Context& context, std::string_view why) {
  context.report.warning(line.at, fmt::format("'{}' is left out: {}", fmt::join(line.words(), " "), why));
  return std::nullopt;
}

bool is_prefix(std::string_view word) {
  return word == "default" || word == "all" || word == "any" || net::Prefix::parse(word).has_value();
}

std::optional<net::Address> broadcast_of(std::string_view word, const VirtualAddress& address) {
  if (word != "+" && word != "-") return net::Address::parse(word);
  if (!address.address.is_ipv4() || address.prefix_length > 30) return std::nullopt;
  const std::uint32_t hosts = 0xffffffffU >> address.prefix_length;
  const std::uint32_t value = address.address.ipv4_value();
  return net::Address::ipv4(word == "+" ? value | hosts : value & ~hosts);
}

/// A scope by its name or by its number (rt_scope_t).
void read_scope(VirtualAddress& address, std::string_view value, const Node& line, Context& context) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> scopes = {
      {{"global", "0"}, {"site", "200"}, {"link", "253"}, {"host", "254"}}};
  const auto* const scope =
      std::ranges::find_if(scopes, [value](const auto& one) { return value == one.first || value == one.second; });
  if (scope == scopes.end()) {
    return context.report.error(line.at, fmt::format("scope is global, site, link or host, not {}", quoted(value)));
  }
  address.scope = scope->first;
}

/// An option of an address with its value, the word `at` of the line. False where the option has none.
bool read_option(VirtualAddress& address, std::string_view option, const Node& line, std::size_t at, Context& context) {
  const std::string_view value = line.word(at);
  if (option == "dev") {
    address.interface = interface_of(line, context, at).value_or("");
  } else if (option == "label") {
    address.label = value;
  } else if (option == "scope") {
    read_scope(address, value, line, context);
  } else if (option == "brd" || option == "broadcast") {
    address.broadcast = broadcast_of(value, address);
    if (!address.broadcast) context.report.error(line.at, fmt::format("{} is no broadcast address", quoted(value)));
  } else if (option == "peer") {
    const auto peer = net::Prefix::parse(value);
    if (!peer) context.report.error(line.at, fmt::format("{} is no address of a peer", quoted(value)));
    if (peer) address.peer = peer->address;
    if (peer && value.find('/') != std::string_view::npos) address.prefix_length = peer->length;
  } else if (option == "preferred_lft" || option == "track_group") {
    context.report.warning(line.at, fmt::format("{} of an address is not acted on", option));
  } else {
    return false;
  }
  return true;
}

/// An option of an address that stands alone. False where it is none.
bool read_flag(VirtualAddress& address, std::string_view flag, const Node& line, Context& context) {
  if (flag == "home") {
    address.home = true;
  } else if (flag == "noprefixroute") {
    address.no_prefix_route = true;
  } else if (flag == "no_track") {
    address.track = false;
  } else if (flag == "mngtmpaddr" || flag == "autojoin" || flag == "use_vmac") {
    context.report.warning(line.at, fmt::format("{} of an address is not acted on", flag));
  } else {
    return flag == "-nodad";
  }
  return true;
}

/// Takes keepalived's own words out of a route or rule.
std::vector<std::string> own_words_taken(const Node& line, Context& context) {
  std::vector<std::string> words;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const std::string_view word = line.word(i);
    if (word == "no_track" || word == "add" || word == "append" || word == "prepend") {
      context.report.warning(line.at, fmt::format("{} is not acted on: routes and rules are added, and mended while "
                                                  "they belong here",
                                                  word));
    } else if (word == "track_group") {
      context.report.warning(line.at, "track_group is not acted on");
      ++i;
    } else if (word == "gw") {
      words.emplace_back("via");
    } else {
      words.emplace_back(word);
    }
  }
  return words;
}

/// What stands behind words that want an address must be one.
bool addresses_are_right(const Node& line, const std::vector<std::string>& words, Context& context) {
  constexpr std::array<std::string_view, 6> before = {"from", "to", "via", "src", "or", "not"};
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (std::ranges::find(before, words[i]) == before.end() || words[i] == "not") continue;
    const std::size_t at = words[i] == "via" && (words[i + 1] == "inet" || words[i + 1] == "inet6") ? i + 2 : i + 1;
    if (at < words.size() && is_prefix(words[at])) continue;
    context.report.error(
        line.at, fmt::format("{} behind '{}' is no address", quoted(at < words.size() ? words[at] : ""), words[i]));
    return false;
  }
  return true;
}

/// Puts the destination first, where `ip route` shows it: "src A [to] B" becomes "B src A".
std::vector<std::string> with_destination_first(std::vector<std::string> words) {
  if (words.size() > 2 && words.front() == "src") std::rotate(words.begin(), words.begin() + 2, words.end());
  if (words.size() > 1 && words.front() == "to") words.erase(words.begin());
  return words;
}

}  // namespace

std::optional<VirtualAddress> read_address_line(const Node& line, Context& context) {
  const auto prefix = net::Prefix::parse(line.keyword());
  if (!prefix) {
    return wrong(line, context, fmt::format("{} is no address; write IP or IP/LENGTH", quoted(line.keyword())));
  }
  VirtualAddress address{.address = prefix->address,
                         .prefix_length = prefix->length,
                         .interface = {},
                         .label = {},
                         .scope = {},
                         .broadcast = {},
                         .peer = {}};
  for (std::size_t i = 1; i < line.size(); ++i) {
    if (read_flag(address, line.word(i), line, context)) continue;
    if (i + 1 == line.size() || !read_option(address, line.word(i), line, i + 1, context)) {
      return wrong(line, context, fmt::format("{} is no option of an address", quoted(line.word(i))));
    }
    ++i;
  }
  return address;
}

std::optional<cluster::VirtualRoute> read_route_line(const Node& line, Context& context) {
  constexpr std::array<std::string_view, 5> types = {"blackhole", "unreachable", "prohibit", "throw", "unicast"};
  auto words = with_destination_first(own_words_taken(line, context));
  if (words.empty() || !addresses_are_right(line, words, context)) return std::nullopt;
  const bool typed = std::ranges::find(types, words.front()) != types.end();
  const std::string& destination = words[typed && words.size() > 1 ? 1 : 0];
  const bool own_order =
      destination == "table" || destination == "via" || destination == "dev" || destination == "inet6";
  if (!own_order && destination != "to" && !is_prefix(destination)) {
    return wrong(line, context, fmt::format("{} is no destination of a route", quoted(destination)));
  }
  std::string text = fmt::format("{}", fmt::join(words, " "));
  if (const auto route = net::parse_route_text(text, net::Family::ipv4); !route) {
    return left_out(line, context, route.error().message);
  }
  return cluster::VirtualRoute{std::move(text)};
}

std::optional<cluster::VirtualRule> read_rule_line(const Node& line, Context& context) {
  const auto words = own_words_taken(line, context);
  if (words.empty() || !addresses_are_right(line, words, context)) return std::nullopt;
  const bool numbered = std::ranges::any_of(words, [](const std::string& word) {
    return word == "preference" || word == "priority" || word == "pref" || word == "order";
  });
  if (!numbered) context.report.warning(line.at, "a rule without 'preference' gets its place from the kernel");
  std::string text = fmt::format("{}", fmt::join(words, " "));
  if (const auto rule = net::parse_rule_text(text, net::Family::ipv4); !rule) {
    return left_out(line, context, rule.error().message);
  }
  return cluster::VirtualRule{std::move(text)};
}

void read_static_addresses(Document& document, const Node& block, Context& context) {
  for (const Node& line : block.children) {
    auto address = read_address_line(line, context);
    if (!address) continue;
    if (address->interface.empty()) address->interface = document.globals.default_interface;
    document.vrrp.fixed.addresses.push_back(std::move(*address));
  }
}

void read_static_routes(Document& document, const Node& block, Context& context) {
  for (const Node& line : block.children) {
    if (auto route = read_route_line(line, context)) document.vrrp.fixed.routes.push_back(std::move(*route));
  }
}

void read_static_rules(Document& document, const Node& block, Context& context) {
  for (const Node& line : block.children) {
    if (auto rule = read_rule_line(line, context)) document.vrrp.fixed.rules.push_back(std::move(*rule));
  }
}

}  // namespace ballast::config::keepalived
