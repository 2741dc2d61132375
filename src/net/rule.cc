#include "net/rule.h"

#include <fmt/format.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "net/netlink.h"

namespace ballast::net {
namespace {

std::uint8_t address_family(Family family) { return family == Family::ipv4 ? AF_INET : AF_INET6; }
std::uint8_t address_bits(Family family) { return family == Family::ipv4 ? 32 : 128; }

/// What a rule has beside its conditions, and those that struct Rule can tell.
void read_attribute(const NetlinkAttribute& attribute, Rule& rule) {
  const auto number = read_value<std::uint32_t>(attribute.payload).value_or(0);
  switch (attribute.type) {
    case FRA_PRIORITY:
      rule.priority = number;
      break;
    case FRA_TABLE:
      rule.table = number;
      break;
    case FRA_FWMARK:
      rule.mark = number;
      break;
    case FRA_FWMASK:
      rule.other_conditions |= number != 0xffffffff && number != 0;
      break;
    case FRA_DST:
      rule.destination = read_address(attribute.payload);
      break;
    case FRA_IP_PROTO:
      rule.protocol = read_value<std::uint8_t>(attribute.payload).value_or(0);
      break;
    case FRA_IIFNAME:
      rule.incoming_interface = read_string(attribute.payload);
      break;
    case FRA_SRC:
    case FRA_OIFNAME:
    case FRA_TUN_ID:
    case FRA_UID_RANGE:
    case FRA_SPORT_RANGE:
    case FRA_DPORT_RANGE:
      rule.other_conditions = true;
      break;
    default:
      break;
  }
}

NetlinkRequest change_request(std::uint16_t type, std::uint16_t flags, const Rule& rule) {
  fib_rule_hdr header{};
  header.family = address_family(rule.family);
  header.action = FR_ACT_TO_TBL;
  if (rule.destination) header.dst_len = address_bits(rule.family);
  NetlinkRequest request(type, flags);
  request.header(header).attribute(FRA_PRIORITY, rule.priority).attribute(FRA_TABLE, rule.table);
  if (rule.mark != 0) request.attribute(FRA_FWMARK, rule.mark);
  if (rule.destination) request.attribute(FRA_DST, *rule.destination);
  if (rule.protocol != 0) request.attribute(FRA_IP_PROTO, std::as_bytes(std::span(&rule.protocol, 1)));
  if (!rule.incoming_interface.empty()) request.attribute(FRA_IIFNAME, rule.incoming_interface);
  return request;
}

Result<void> change(NetlinkRequest request, std::string_view what, const Rule& rule) {
  auto socket = NetlinkSocket::open(NETLINK_ROUTE);
  if (!socket) return std::unexpected(socket.error());
  const auto done = socket->request(std::move(request));
  if (done) return {};
  return fail(
      fmt::format("cannot {} the {} routing rule of priority {} for table {}: {}", what,
                  rule.family == Family::ipv4 ? "IPv4" : "IPv6", rule.priority, rule.table, done.error().message),
      done.error().code);
}

}  // namespace

std::vector<Rule> parse_rules(Bytes messages) {
  std::vector<Rule> all;
  while (const auto message = take_message(messages)) {
    if (message->type != RTM_NEWRULE) continue;
    Bytes rest = message->payload;
    const auto header = take_header<fib_rule_hdr>(rest);
    if (!header || header->action != FR_ACT_TO_TBL) continue;
    if (header->family != AF_INET && header->family != AF_INET6) continue;
    Rule rule;
    rule.family = header->family == AF_INET6 ? Family::ipv6 : Family::ipv4;
    rule.table = header->table;
    const bool network = header->dst_len != 0 && header->dst_len != address_bits(rule.family);
    rule.other_conditions = network || header->tos != 0 || (header->flags & FIB_RULE_INVERT) != 0;
    while (const auto attribute = take_attribute(rest)) read_attribute(*attribute, rule);
    all.push_back(std::move(rule));
  }
  return all;
}

Result<std::vector<Rule>> rules(Family family) {
  auto socket = NetlinkSocket::open(NETLINK_ROUTE);
  if (!socket) return std::unexpected(socket.error());
  fib_rule_hdr header{};
  header.family = address_family(family);
  const auto reply = socket->dump(NetlinkRequest(RTM_GETRULE).header(header));
  if (!reply) return fail("cannot list the routing rules: " + reply.error().message, reply.error().code);
  auto all = parse_rules(*reply);
  // A kernel without that family gives the rules of all others.
  std::erase_if(all, [&](const Rule& rule) { return rule.family != family; });
  return all;
}

Result<void> add_rule(const Rule& rule) { return change(change_request(RTM_NEWRULE, NLM_F_CREATE, rule), "add", rule); }

Result<void> delete_rule(const Rule& rule) { return change(change_request(RTM_DELRULE, 0, rule), "delete", rule); }

}  // namespace ballast::net
