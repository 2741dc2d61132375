#include "net/routing_text.h"

#include <fmt/format.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>
#include <vector>

namespace ballast::net {
namespace {

struct Named {
  std::string_view word;
  std::uint32_t value;
};
constexpr std::array<Named, 4> tables = {
    {{"main", RT_TABLE_MAIN}, {"local", RT_TABLE_LOCAL}, {"default", RT_TABLE_DEFAULT}, {"unspec", RT_TABLE_UNSPEC}}};
constexpr std::array<Named, 5> route_types = {{{"unicast", RTN_UNICAST},
                                               {"blackhole", RTN_BLACKHOLE},
                                               {"unreachable", RTN_UNREACHABLE},
                                               {"prohibit", RTN_PROHIBIT},
                                               {"throw", RTN_THROW}}};
constexpr std::array<Named, 4> scopes = {
    {{"global", RT_SCOPE_UNIVERSE}, {"site", RT_SCOPE_SITE}, {"link", RT_SCOPE_LINK}, {"host", RT_SCOPE_HOST}}};
constexpr std::array<Named, 4> route_protocols = {
    {{"kernel", RTPROT_KERNEL}, {"boot", RTPROT_BOOT}, {"static", RTPROT_STATIC}, {"keepalived", 18}}};
constexpr std::array<Named, 4> ip_protocols = {
    {{"tcp", IPPROTO_TCP}, {"udp", IPPROTO_UDP}, {"icmp", IPPROTO_ICMP}, {"sctp", IPPROTO_SCTP}}};
constexpr std::array<Named, 3> rule_actions = {
    {{"blackhole", FR_ACT_BLACKHOLE}, {"unreachable", FR_ACT_UNREACHABLE}, {"prohibit", FR_ACT_PROHIBIT}}};

template <std::size_t N>
std::optional<std::uint32_t> named(const std::array<Named, N>& all, std::string_view word) {
  for (const Named& one : all) {
    if (one.word == word) return one.value;
  }
  return std::nullopt;
}

std::optional<std::uint32_t> number(std::string_view word, std::uint32_t most) {
  int base = 10;
  if (word.starts_with("0x")) {
    base = 16;
    word.remove_prefix(2);
  }
  std::uint32_t value = 0;
  const auto [end, wrong] = std::from_chars(word.data(), word.data() + word.size(), value, base);
  if (wrong != std::errc{} || end != word.data() + word.size() || value > most) return std::nullopt;
  return value;
}

template <std::size_t N>
std::optional<std::uint32_t> named_or_number(const std::array<Named, N>& all, std::string_view word,
                                             std::uint32_t most) {
  const auto value = named(all, word);
  return value ? value : number(word, most);
}

/// The words of a text, one after another, and what is wrong with them.
class Words {
 public:
  explicit Words(std::string_view text) {
    while (!text.empty()) {
      const auto begin = text.find_first_not_of(" \t");
      if (begin == std::string_view::npos) break;
      text.remove_prefix(begin);
      const auto length = text.find_first_of(" \t");
      words_.push_back(text.substr(0, length));
      text.remove_prefix(words_.back().size());
    }
  }
  [[nodiscard]] bool at_end() const { return at_ == words_.size(); }
  [[nodiscard]] std::string_view peek() const { return at_end() ? std::string_view{} : words_[at_]; }
  std::string_view next() { return at_end() ? std::string_view{} : words_[at_++]; }

  /// Reads what stands behind `word` into `target`.
  template <typename Target, typename Read>
  void value(std::string_view word, Target& target, Read&& read) {
    if (at_end()) return wrong(fmt::format("'{}' needs a value behind it", word));
    const auto text = next();
    if (auto got = read(text)) {
      target = static_cast<Target>(*got);  // NOLINT(bugprone-optional-value-conversion): of numbers, too
    } else {
      wrong(fmt::format("'{}' is nothing that '{}' takes", text, word));
    }
  }
  void wrong(std::string message) {
    if (problem_.empty()) problem_ = std::move(message);
  }
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  std::vector<std::string_view> words_;
  std::size_t at_ = 0;
  std::string problem_;
};

auto any_text(std::string_view word) { return std::optional<std::string>(word); }
auto up_to(std::uint32_t most) {
  return [most](std::string_view word) { return number(word, most); };
}
template <std::size_t N>
auto one_of(const std::array<Named, N>& all, std::uint32_t most) {
  return [&all, most](std::string_view word) { return named_or_number(all, word, most); };
}

constexpr std::uint32_t any_number = 0xffffffff;
constexpr std::uint32_t one_byte = 0xff;

std::uint8_t kernel_family(Family family) { return family == Family::ipv4 ? AF_INET : AF_INET6; }

void read_gateway(Words& words, std::string_view word, std::optional<Address>& gateway) {
  if (words.peek() == "inet" || words.peek() == "inet6") words.next();
  words.value(word, gateway, Address::parse);
}

/// A word of the last of several ways. False where it is one of the route.
bool read_next_hop_word(Words& words, std::string_view word, NextHop& hop) {
  constexpr std::uint32_t most_weight = 256;
  if (word == "via") {
    read_gateway(words, word, hop.gateway);
  } else if (word == "dev") {
    words.value(word, hop.device, any_text);
  } else if (word == "weight") {
    words.value(word, hop.weight, up_to(most_weight));
    if (hop.weight == 0) words.wrong("a weight is 1 to 256");
  } else if (word == "onlink") {
    hop.on_link = true;
  } else {
    return false;
  }
  return true;
}

void read_route_word(Words& words, std::string_view word, RouteText& route) {
  if (word == "nexthop") {
    route.next_hops.emplace_back();
  } else if (word == "or") {
    if (route.next_hops.empty()) {
      route.next_hops.push_back({.gateway = std::exchange(route.gateway, std::nullopt),
                                 .device = std::exchange(route.device, ""),
                                 .on_link = std::exchange(route.on_link, false)});
    }
    route.next_hops.emplace_back();
    if (words.peek() == "via") words.next();
    read_gateway(words, word, route.next_hops.back().gateway);
  } else if (!route.next_hops.empty() && read_next_hop_word(words, word, route.next_hops.back())) {
    return;
  } else if (word == "via" || word == "gw") {
    read_gateway(words, word, route.gateway);
  } else if (word == "dev" || word == "oif") {
    words.value(word, route.device, any_text);
  } else if (word == "src") {
    words.value(word, route.source, Address::parse);
  } else if (word == "table") {
    words.value(word, route.table, one_of(tables, any_number));
  } else if (word == "metric" || word == "priority" || word == "preference") {
    words.value(word, route.metric, up_to(any_number));
  } else if (word == "scope") {
    words.value(word, route.scope, one_of(scopes, one_byte));
  } else if (word == "proto" || word == "protocol") {
    words.value(word, route.protocol, one_of(route_protocols, one_byte));
  } else if (word == "tos" || word == "dsfield") {
    words.value(word, route.tos, up_to(one_byte));
  } else if (word == "mtu") {
    words.value(word, route.mtu, up_to(65535));
  } else if (word == "onlink") {
    route.on_link = true;
  } else {
    words.wrong(
        fmt::format("'{}' is not a word of routes here; valid: via, dev, src, table, metric, scope, proto, tos, "
                    "mtu, onlink, nexthop",
                    word));
  }
}

void read_rule_word(Words& words, std::string_view word, RuleText& rule) {
  if (word == "from") {
    if (words.peek() == "all") {
      words.next();
    } else {
      words.value(word, rule.from, Prefix::parse);
    }
  } else if (word == "to") {
    words.value(word, rule.to, Prefix::parse);
  } else if (word == "table" || word == "lookup") {
    words.value(word, rule.table, one_of(tables, any_number));
  } else if (word == "priority" || word == "pref" || word == "preference" || word == "order") {
    words.value(word, rule.priority, up_to(any_number));
  } else if (word == "fwmark") {
    std::string text;
    words.value(word, text, any_text);
    const auto slash = text.find('/');
    const auto mark = number(std::string_view(text).substr(0, slash), any_number);
    const auto mask = slash == std::string::npos ? std::optional(any_number)
                                                 : number(std::string_view(text).substr(slash + 1), any_number);
    if (!mark || !mask) words.wrong(fmt::format("'{}' is no mark such as 7 or 7/0xff", text));
    rule.mark = mark.value_or(0);
    rule.mask = mask.value_or(0);
  } else if (word == "iif" || word == "dev") {
    words.value(word, rule.incoming, any_text);
  } else if (word == "oif") {
    words.value(word, rule.outgoing, any_text);
  } else if (word == "ipproto") {
    words.value(word, rule.protocol, one_of(ip_protocols, one_byte));
  } else if (word == "tos" || word == "dsfield") {
    words.value(word, rule.tos, up_to(one_byte));
  } else if (word == "not") {
    rule.inverted = true;
  } else if (const auto action = named(rule_actions, word)) {
    rule.action = static_cast<std::uint8_t>(*action);
  } else {
    words.wrong(
        fmt::format("'{}' is not a word of rules here; valid: from, to, table, priority, fwmark, iif, oif, "
                    "ipproto, tos, not, blackhole, unreachable, prohibit",
                    word));
  }
}

std::uint8_t default_scope(const RouteText& route) {
  if (route.scope) return *route.scope;
  const bool by_gateway =
      route.gateway || std::ranges::any_of(route.next_hops, [](const NextHop& hop) { return hop.gateway.has_value(); });
  const bool direct = route.type == RTN_UNICAST && !by_gateway && route.destination.address.is_ipv4();
  return direct ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
}

void append_next_hop(NetlinkRequest& request, const NextHop& hop) {
  rtnexthop header{};
  const std::size_t address_length = hop.gateway ? address_bytes(*hop.gateway).size() : 0;
  header.rtnh_len = static_cast<std::uint16_t>(sizeof header + (hop.gateway ? RTA_LENGTH(address_length) : 0));
  header.rtnh_flags = hop.on_link ? RTNH_F_ONLINK : 0;
  header.rtnh_hops = static_cast<std::uint8_t>(hop.weight - 1);
  header.rtnh_ifindex = static_cast<int>(hop.device_index);
  request.header(header);
  if (hop.gateway) request.attribute(RTA_GATEWAY, *hop.gateway);
}

NetlinkRequest route_request(std::uint16_t type, std::uint16_t flags, const RouteText& route,
                             std::uint32_t device_index) {
  rtmsg header{};
  header.rtm_family = kernel_family(route.destination.address.family());
  header.rtm_dst_len = route.destination.length;
  header.rtm_tos = route.tos;
  header.rtm_protocol = route.protocol;
  header.rtm_scope = default_scope(route);
  header.rtm_type = route.type;
  header.rtm_flags = route.on_link ? RTNH_F_ONLINK : 0;
  NetlinkRequest request(type, flags);
  request.header(header).attribute(RTA_TABLE, route.table);
  if (route.destination.length > 0) request.attribute(RTA_DST, route.destination.address);
  if (route.gateway) request.attribute(RTA_GATEWAY, *route.gateway);
  if (route.source) request.attribute(RTA_PREFSRC, *route.source);
  if (device_index != 0) request.attribute(RTA_OIF, device_index);
  if (route.metric != 0) request.attribute(RTA_PRIORITY, route.metric);
  if (!route.next_hops.empty()) {
    request.nested(RTA_MULTIPATH, [&](NetlinkRequest& hops) {
      for (const NextHop& hop : route.next_hops) append_next_hop(hops, hop);
    });
  }
  if (route.mtu != 0) {
    request.nested(RTA_METRICS, [&](NetlinkRequest& metrics) { metrics.attribute(RTAX_MTU, route.mtu); });
  }
  return request;
}

NetlinkRequest rule_request(std::uint16_t type, std::uint16_t flags, const RuleText& rule) {
  fib_rule_hdr header{};
  header.family = kernel_family(rule.family);
  header.action = rule.action;
  header.tos = rule.tos;
  header.flags = rule.inverted ? FIB_RULE_INVERT : 0;
  header.src_len = rule.from ? rule.from->length : 0;
  header.dst_len = rule.to ? rule.to->length : 0;
  NetlinkRequest request(type, flags);
  request.header(header);
  if (rule.action == FR_ACT_TO_TBL) request.attribute(FRA_TABLE, rule.table);
  if (rule.priority != 0) request.attribute(FRA_PRIORITY, rule.priority);
  if (rule.from) request.attribute(FRA_SRC, rule.from->address);
  if (rule.to) request.attribute(FRA_DST, rule.to->address);
  if (rule.mask != 0) request.attribute(FRA_FWMARK, rule.mark).attribute(FRA_FWMASK, rule.mask);
  if (!rule.incoming.empty()) request.attribute(FRA_IIFNAME, std::string_view(rule.incoming));
  if (!rule.outgoing.empty()) request.attribute(FRA_OIFNAME, std::string_view(rule.outgoing));
  if (rule.protocol != 0) request.attribute(FRA_IP_PROTO, bytes_of(rule.protocol));
  return request;
}

Result<void> check_way(const RouteText& route, const std::optional<Address>& gateway, const std::string& device) {
  if (gateway && gateway->family() != route.destination.address.family()) {
    return fail(fmt::format("the gateway {} is not of the destination's family", gateway->to_string()), EINVAL);
  }
  if (route.type == RTN_UNICAST && !gateway && device.empty()) {
    return fail("the route has neither 'via' nor 'dev'", EINVAL);
  }
  return {};
}

Result<void> check_ways(const RouteText& route) {
  if (route.next_hops.empty()) return check_way(route, route.gateway, route.device);
  if (route.gateway || !route.device.empty()) {
    return fail("'via' and 'dev' stand in front of 'nexthop'; each way has its own", EINVAL);
  }
  for (const NextHop& hop : route.next_hops) {
    if (auto right = check_way(route, hop.gateway, hop.device); !right) return right;
  }
  return {};
}

}  // namespace

Result<RouteText> parse_route_text(std::string_view text, Family family) {
  Words words(text);
  RouteText route;
  if (const auto type = named(route_types, words.peek())) {
    route.type = static_cast<std::uint8_t>(*type);
    words.next();
  }
  if (words.peek() == "to") words.next();
  const std::string_view destination = words.next();
  const auto prefix = Prefix::parse(destination);
  if (prefix) {
    route.destination = *prefix;
  } else if (destination != "default") {
    return fail(fmt::format("'{}' is no destination; a route begins with a prefix such as 10.9.0.0/16, or 'default'",
                            destination),
                EINVAL);
  }
  while (!words.at_end() && words.problem().empty()) read_route_word(words, words.next(), route);
  if (!words.problem().empty()) return fail(words.problem(), EINVAL);
  const auto& gateway = route.next_hops.empty() ? route.gateway : route.next_hops.front().gateway;
  if (!prefix) route.destination = {Address::any(gateway ? gateway->family() : family), 0};
  if (auto right = check_ways(route); !right) return std::unexpected(right.error());
  return route;
}

NetlinkRequest put_route_request(const RouteText& route, std::uint32_t device_index) {
  return route_request(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, route, device_index);
}

NetlinkRequest restore_route_request(const RouteText& route, std::uint32_t device_index) {
  return route_request(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, route, device_index);
}

NetlinkRequest remove_route_request(const RouteText& route, std::uint32_t device_index) {
  return route_request(RTM_DELROUTE, 0, route, device_index);
}

Result<RuleText> parse_rule_text(std::string_view text, Family family) {
  Words words(text);
  RuleText rule{.family = family};
  while (!words.at_end() && words.problem().empty()) read_rule_word(words, words.next(), rule);
  if (!words.problem().empty()) return fail(words.problem(), EINVAL);
  if (rule.from) rule.family = rule.from->address.family();
  if (rule.to) rule.family = rule.to->address.family();
  if (rule.from && rule.to && rule.from->address.family() != rule.to->address.family()) {
    return fail("'from' and 'to' are of different families", EINVAL);
  }
  if (rule.action == FR_ACT_TO_TBL && rule.table == 0) {
    return fail("the rule names neither a table nor blackhole, unreachable or prohibit", EINVAL);
  }
  return rule;
}

NetlinkRequest put_rule_request(const RuleText& rule) {
  return rule_request(RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, rule);
}

NetlinkRequest remove_rule_request(const RuleText& rule) { return rule_request(RTM_DELRULE, 0, rule); }

}  // namespace ballast::net
