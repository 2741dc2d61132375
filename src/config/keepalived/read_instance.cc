#include <algorithm>

#include "config/keepalived/authentication.h"
#include "config/keepalived/document.h"
#include "config/keepalived/network.h"
#include "config/keepalived/vrrp_parts.h"
#include "config/vrrp.h"

namespace ballast::config::keepalived {
namespace {

using cluster::VrrpInstance;

constexpr std::string_view no_linkbeat = "netlink tells of links";

constexpr auto unused = std::to_array<Unused>({
    {"track_bfd", "there is no BFD"},
    {"vrf", "write the interface"},
    {"use_vmac_addr", "only the instance's own interface has a virtual MAC"},
    {"use_ipvlan", "use_vmac gives a virtual MAC"},
    {"native_ipv6", "the first address says the family"},
    {"dont_track_primary", "a virtual router whose interface is down is faulty"},
    {"unicast_fault_no_peer", "without peers advertisements are multicast"},
    {"old_unicast_checksum", "both kinds of checksum are accepted"},
    {"no_virtual_ipaddress", "a virtual router may be without addresses"},
    {"promote_secondaries", "set net.ipv4.conf.IF.promote_secondaries"},
    {"linkbeat_use_polling", no_linkbeat},
    {"skip_check_adv_addr", "addresses of every advertisement are compared"},
    {"strict_mode", "advertisements are as the RFC has them wherever the other settings let them"},
    {"debug", "use 'ballast run --log-level debug'"},
    {"lvs_sync_daemon_interface", "use lvs_sync_daemon in global_defs"},
    {"garp_extra_if", "every address is announced on its own interface"},
    {"vmac_garp_intvl", "every address is announced on its own interface"},
    {"timer_expired_backup", "addresses have a lifetime, which a daemon that hangs does not renew"},
    {"thread_timer_expired", "addresses have a lifetime, which a daemon that hangs does not renew"},
    {"owner_ignore_adverts", "an address owner looks at advertisements"},
    {"kernel_rx_buf_size", "receive buffers are chosen by the program"},
});

template <typename T>
T number_or(const Node& node, Context& context, std::int64_t least, std::int64_t most, T otherwise) {
  return static_cast<T>(number_of(node, context, least, most).value_or(otherwise));
}

/// Only priority 255 makes keepalived start as master: settle_preemption() says what else it takes from the state.
void read_state(VrrpInstance&, const Node& node, Context& context) {
  const auto state = text_of(node, context);
  if (!state) return;
  if (*state != "MASTER" && *state != "BACKUP") {
    context.report.error(node.at, fmt::format("state is MASTER or BACKUP, not {}", quoted(*state)));
  }
}

/// use_vmac [INTERFACE] [MAC]
void read_virtual_mac(VrrpInstance& instance, const Node& node, Context& context) {
  instance.virtual_mac = true;
  for (std::size_t i = 1; i < node.size(); ++i) {
    if (node.word(i).contains(':')) {
      instance.mac = std::string(node.word(i));
    } else {
      instance.virtual_mac_interface = interface_of(node, context, i).value_or("");
    }
  }
}

/// IP [min_ttl N] [max_ttl N]
void read_peer(VrrpInstance& instance, const Node& line, Context& context) {
  const auto address = net::Address::parse(line.keyword());
  if (!address) return context.report.error(line.at, fmt::format("{} is no address", quoted(line.keyword())));
  cluster::VrrpPeer peer{.address = *address};
  for (std::size_t i = 1; i < line.size(); i += 2) {
    const auto ttl = number_of(line, context, 0, 255, i + 1);
    if (!ttl) return;
    if (line.word(i) != "min_ttl" && line.word(i) != "max_ttl") {
      return context.report.error(line.at, fmt::format("{} is neither min_ttl nor max_ttl", quoted(line.word(i))));
    }
    (line.word(i) == "min_ttl" ? peer.least_ttl : peer.greatest_ttl) = static_cast<std::uint8_t>(*ttl);
    instance.check_source = true;
  }
  instance.peers.push_back(peer);
}

void read_addresses(std::vector<cluster::VirtualAddress>& addresses, const Node& block, Context& context) {
  for (const Node& line : block.children) {
    if (auto address = read_address_line(line, context)) addresses.push_back(std::move(*address));
  }
}

constexpr auto own_keywords = std::to_array<Keyword<VrrpInstance>>({
    {"state", read_state},
    {"interface",
     [](VrrpInstance& v, const Node& node, Context& x) { v.interface = interface_of(node, x).value_or(""); }},
    {"version",
     [](VrrpInstance& v, const Node& node, Context& x) { v.version = number_or<std::uint8_t>(node, x, 2, 3, v.version); }},
    {"virtual_router_id",
     [](VrrpInstance& v, const Node& node, Context& x) {
       v.router_id = number_or<std::uint8_t>(node, x, 1, 255, 1);
     }},
    {"priority",
     [](VrrpInstance& v, const Node& node, Context& x) {
       v.priority = number_or<std::uint8_t>(node, x, 1, 255, v.priority);
     }},
    {"advert_int",
     [](VrrpInstance& v, const Node& node, Context& x) { v.interval = milliseconds_of(node, x).value_or(v.interval); }},
    {"down_timer_adverts",
     [](VrrpInstance& v, const Node& node, Context& x) {
       v.missed_advertisements = number_or<std::uint32_t>(node, x, 1, 100, v.missed_advertisements);
     }},
    {"nopreempt", [](VrrpInstance& v, const Node&, Context&) { v.preempt = false; }},
    {"preempt", [](VrrpInstance& v, const Node&, Context&) { v.preempt = true; }},
    {"preempt_delay",
     [](VrrpInstance& v, const Node& node, Context& x) {
       v.preempt_delay = milliseconds_of(node, x).value_or(v.preempt_delay);
     }},
    {"accept", [](VrrpInstance& v, const Node&, Context&) { v.accept = true; }},
    {"no_accept", [](VrrpInstance& v, const Node&, Context&) { v.accept = false; }},
    {"use_vmac", read_virtual_mac},
    {"vmac_xmit_base", [](VrrpInstance& v, const Node&, Context&) { v.advertise_from_interface = true; }},
    {"mcast_src_ip", [](VrrpInstance& v, const Node& node, Context& x) { v.source = address_of(node, x); }},
    {"unicast_src_ip", [](VrrpInstance& v, const Node& node, Context& x) { v.source = address_of(node, x); }},
    {"track_src_ip", [](VrrpInstance& v, const Node&, Context&) { v.track_source = true; }},
    {"mcast_dst_ip", [](VrrpInstance& v, const Node& node, Context& x) { v.multicast_group = address_of(node, x); }},
    {"unicast_peer",
     [](VrrpInstance& v, const Node& node, Context& x) {
       for (const Node& line : node.children) read_peer(v, line, x);
     }},
    {"unicast_ttl",
     [](VrrpInstance& v, const Node& node, Context& x) {
       v.unicast_ttl = number_or<std::uint8_t>(node, x, 0, 255, v.unicast_ttl);
     }},
    {"check_unicast_src", [](VrrpInstance& v, const Node&, Context&) { v.check_source = true; }},
    {"v3_checksum_as_v2",
     [](VrrpInstance& v, const Node& node, Context& x) {
       const bool as_v2 = boolean_of(node, x).value_or(false);
       v.v3_checksum = as_v2 ? cluster::V3Checksum::rfc9568 : cluster::V3Checksum::rfc5798;
     }},
    {"authentication", [](VrrpInstance& v, const Node& node, Context& x) { read_password(v.security, node, x); }},
    {"auth_hmac", [](VrrpInstance& v, const Node& node, Context& x) { read_hmac(v.security, node, x); }},
    {"virtual_ipaddress",
     [](VrrpInstance& v, const Node& node, Context& x) { read_addresses(v.addresses, node, x); }},
    {"virtual_ipaddress_excluded",
     [](VrrpInstance& v, const Node& node, Context& x) { read_addresses(v.excluded_addresses, node, x); }},
    {"virtual_routes",
     [](VrrpInstance& v, const Node& node, Context& x) {
       for (const Node& line : node.children) {
         if (auto route = read_route_line(line, x)) v.routes.push_back(std::move(*route));
       }
     }},
    {"virtual_rules",
     [](VrrpInstance& v, const Node& node, Context& x) {
       for (const Node& line : node.children) {
         if (auto rule = read_rule_line(line, x)) v.rules.push_back(std::move(*rule));
       }
     }},
    {"notify_master_rx_lower_pri",
     [](VrrpInstance& v, const Node& node, Context& x) {
       set_command(v.notify.master_receives_lower_priority, v.notify.user, node, x);
     }},
    {"garp_master_delay",
     [](VrrpInstance& v, const Node& node, Context& x) {
       v.announce.delay = milliseconds_of(node, x).value_or(v.announce.delay);
     }},
    {"garp_master_repeat",
     [](VrrpInstance& v, const Node& node, Context& x) {
       v.announce.repeat = v.announce.delayed_repeat = number_or<std::uint32_t>(node, x, 0, 1000, v.announce.repeat);
     }},
    {"garp_master_refresh",
     [](VrrpInstance& v, const Node& node, Context& x) {
       v.announce.refresh = milliseconds_of(node, x).value_or(v.announce.refresh);
     }},
    {"garp_master_refresh_repeat",
     [](VrrpInstance& v, const Node& node, Context& x) {
       v.announce.refresh_repeat = number_or<std::uint32_t>(node, x, 0, 1000, v.announce.refresh_repeat);
     }},
    {"garp_lower_prio_delay",
     [](VrrpInstance& v, const Node& node, Context& x) {
       v.announce.lower_priority_delay = milliseconds_of(node, x).value_or(v.announce.lower_priority_delay);
     }},
    {"garp_lower_prio_repeat",
     [](VrrpInstance& v, const Node& node, Context& x) {
       v.announce.lower_priority_repeat = number_or<std::uint32_t>(node, x, 0, 1000, v.announce.lower_priority_repeat);
     }},
    {"lower_prio_no_advert",
     [](VrrpInstance& v, const Node& node, Context& x) {
       v.lower_priority_no_advertisement = boolean_of(node, x).value_or(false);
     }},
    {"higher_prio_send_advert",
     [](VrrpInstance& v, const Node& node, Context& x) {
       v.higher_priority_send_advertisement = boolean_of(node, x).value_or(false);
     }},
});

std::vector<Keyword<VrrpInstance>> all_keywords() {
  std::vector<Keyword<VrrpInstance>> all(own_keywords.begin(), own_keywords.end());
  const auto& common = common_vrrp_keywords<VrrpInstance>;
  all.insert(all.end(), common.begin(), common.end());
  return all;
}

VrrpInstance with_defaults(const Globals& globals) {
  VrrpInstance instance;
  instance.version = globals.version;
  instance.missed_advertisements = globals.down_timer_adverts;
  instance.check_source = globals.check_source;
  instance.v3_checksum = globals.checksum_as_v2 ? cluster::V3Checksum::rfc9568 : cluster::V3Checksum::rfc5798;
  instance.notify.user = globals.script_user;
  instance.notify.priority_changes = globals.priority_changes;
  instance.notify.mail = globals.mail_vrrp.value_or(globals.mail_all.value_or(false));
  instance.announce = globals.announce;
  instance.announce.lower_priority_repeat = globals.lower_priority_repeat.value_or(globals.announce.repeat);
  instance.announce.lower_priority_delay = globals.lower_priority_delay.value_or(globals.announce.delay);
  instance.lower_priority_no_advertisement = globals.lower_priority_no_advertisement || globals.strict;
  instance.higher_priority_send_advertisement = globals.higher_priority_send_advertisement;
  instance.start_delay = globals.startup_delay;
  return instance;
}

/// The MAC in full: the VRID is the last of its bytes where only five are said.
void settle_mac(std::string& text, std::uint8_t router_id, const Place& at, Context& context) {
  if (std::ranges::count(text, ':') == 4) text += fmt::format(":{:02x}", router_id);
  if (const auto mac = net::parse_mac(text)) {
    text = net::to_string(*mac);
  } else {
    context.report.error(at, fmt::format("{} is not a MAC address such as 02:00:00:00:00:01", quoted(text)));
  }
}

/// Adapts what keepalived adapts, with a warning, and reports what cannot be.
void settle(VrrpInstance& instance, const Globals& globals, const Place& at, Context& context) {
  const auto warn = [&](std::string message) { context.report.warning(at, std::move(message)); };
  if (instance.router_id == 0) {
    context.report.error(at, fmt::format("vrrp_instance {} has no virtual_router_id", quoted(instance.name)));
  }
  if (instance.mac) settle_mac(*instance.mac, instance.router_id, at, context);
  if (instance.interface.empty()) {
    instance.interface = globals.default_interface;
    warn(fmt::format("no interface: {} is taken", quoted(instance.interface)));
  }
  const auto of_family = [&](const auto& one) { return one.address.family() == instance.family; };
  if (!instance.addresses.empty()) {
    instance.family = instance.addresses.front().address.family();
    if (!std::ranges::all_of(instance.addresses, of_family)) {
      context.report.error(at,
                           "virtual_ipaddress has IPv4 and IPv6 addresses; move one kind to "
                           "virtual_ipaddress_excluded");
    }
  } else if (!instance.peers.empty()) {
    instance.family = instance.peers.front().address.family();
  }
  if (instance.family == net::Family::ipv6) instance.version = 3;
  if (!instance.multicast_group) {
    instance.multicast_group = instance.family == net::Family::ipv6 ? globals.group6 : globals.group4;
  }
}

/// nopreempt and preempt_delay are for those that start as backups: keepalived clears them elsewhere.
void settle_preemption(VrrpInstance& instance, const Node& block, Context& context) {
  const bool master = std::ranges::any_of(
      block.children, [](const Node& node) { return node.keyword() == "state" && node.word(1) == "MASTER"; });
  if (!master || (instance.preempt && instance.preempt_delay.count() == 0)) return;
  context.report.warning(block.at, "nopreempt and preempt_delay need state BACKUP; they are left out");
  instance.preempt = true;
  instance.preempt_delay = {};
}

/// advert_int: VRRP 2 has whole seconds, VRRP 3 hundredths up to 40.95 s.
void settle_interval(VrrpInstance& instance, const Place& at, Context& context) {
  using std::chrono::milliseconds;
  constexpr milliseconds longest2{255'000};
  constexpr milliseconds longest3{40'950};
  const milliseconds unit{instance.version == 2 ? 1000 : 10};
  const milliseconds longest = instance.version == 2 ? longest2 : longest3;
  const milliseconds wanted = instance.interval;
  instance.interval = std::clamp((wanted + unit / 2) / unit * unit, unit, longest);
  if (instance.interval == wanted) return;
  context.report.warning(
      at, fmt::format("advert_int of {} ms is taken as {} ms: version {} has steps of {} ms up to {}", wanted.count(),
                      instance.interval.count(), instance.version, unit.count(), longest.count()));
}

}  // namespace

void read_instance(Document& document, const Node& block, Context& context) {
  const auto name = defined_name(document, "instance", block, context);
  if (!name) return;
  VrrpInstance instance = with_defaults(document.globals);
  instance.name = *name;
  read_block<VrrpInstance>(all_keywords(), unused, instance, block, "of a vrrp_instance", context);
  settle(instance, document.globals, block.at, context);
  settle_preemption(instance, block, context);
  settle_interval(instance, block.at, context);
  settle_authentication(instance, block.at, context);
  const std::string where = fmt::format("{} VRID {} {}", instance.interface, instance.router_id,
                                        instance.family == net::Family::ipv4 ? "IPv4" : "IPv6");
  if (instance.peers.empty()) define(document, "virtual router", where, block.at, context);
  for (const auto& address : addresses_on_interfaces(instance)) {
    define(document, "virtual address", address, block.at, context);
  }
  document.vrrp.instances.push_back(std::move(instance));
}

}  // namespace ballast::config::keepalived
