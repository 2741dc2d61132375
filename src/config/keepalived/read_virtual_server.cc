#include <algorithm>
#include <array>

#include "config/edit_distance.h"
#include "config/keepalived/virtual_server.h"
#include "config/scalars.h"

namespace ballast::config::keepalived {
namespace {

using cluster::AddressKey;
using cluster::MarkKey;
using cluster::VirtualService;

constexpr std::int64_t most_quorum = 0x7fffffff;
constexpr std::chrono::seconds default_persistence{360};

void read_scheduler(VirtualServer& server, const Node& node, Context& context) {
  const auto name = text_of(node, context);
  if (!name) return;
  const auto& known = cluster::scheduler_names();
  if (std::ranges::find(known, *name) == known.end()) {
    const std::vector<std::string_view> names(known.begin(), known.end());
    const std::string_view meant = nearest(*name, names);
    return context.report.error(node.at, fmt::format("there is no scheduler {}{}", quoted(*name),
                                                     meant.empty() ? "" : fmt::format("; did you mean '{}'?", meant)));
  }
  server.service.scheduler = *name;
}

void read_persistence_timeout(VirtualServer& server, const Node& node, Context& context) {
  constexpr std::int64_t most = std::int64_t{31} * 86400;
  server.persistence = default_persistence;
  if (node.size() > 1) {
    server.persistence = std::chrono::seconds(number_of(node, context, 1, most).value_or(default_persistence.count()));
  }
}

void read_protocol(VirtualServer& server, const Node& node, Context& context) {
  const auto name = text_of(node, context);
  if (!name) return;
  if (*name == "TCP") {
    server.protocol = cluster::Protocol::tcp;
  } else if (*name == "UDP") {
    server.protocol = cluster::Protocol::udp;
  } else if (*name == "SCTP") {
    server.protocol = cluster::Protocol::sctp;
  } else {
    context.report.error(node.at, fmt::format("protocol is TCP, UDP or SCTP, not {}", quoted(*name)));
  }
}

void read_family(VirtualServer& server, const Node& node, Context& context) {
  const auto name = text_of(node, context);
  if (!name) return;
  if (*name != "inet" && *name != "inet6") {
    return context.report.error(node.at, fmt::format("ip_family is inet or inet6, not {}", quoted(*name)));
  }
  server.family = *name == "inet" ? net::Family::ipv4 : net::Family::ipv6;
}

void read_sorry_server(VirtualServer& server, const Node& node, Context& context) {
  const auto address = address_of(node, context);
  const auto port = port_of(node, context, 2);
  if (address && port) server.sorry = net::Endpoint{.address = *address, .port = *port};
  server.sorry_at = node.at;
}

void add_flag(VirtualServer& server, const Node& node, Context&) { server.flags.push_back(node.keyword()); }

constexpr auto own_keywords = std::to_array<Keyword<VirtualServer>>({
    {"lvs_sched", read_scheduler},
    {"lb_algo", read_scheduler},
    {"lvs_method",
     [](VirtualServer& v, const Node& node, Context& x) {
       v.forwarding = read_forwarding(node, x).value_or(v.forwarding);
     }},
    {"lb_kind",
     [](VirtualServer& v, const Node& node, Context& x) {
       v.forwarding = read_forwarding(node, x).value_or(v.forwarding);
     }},
    {"flag-1", add_flag},
    {"flag-2", add_flag},
    {"flag-3", add_flag},
    {"sh-port", add_flag},
    {"sh-fallback", add_flag},
    {"mh-port", add_flag},
    {"mh-fallback", add_flag},
    {"ops", [](VirtualServer& v, const Node&, Context&) { v.one_packet = true; }},
    {"persistence_engine",
     [](VirtualServer& v, const Node& node, Context& x) {
       v.service.persistence_engine = text_of(node, x).value_or("");
     }},
    {"persistence_timeout", read_persistence_timeout},
    {"persistence_granularity",
     [](VirtualServer& v, const Node& node, Context& x) {
       v.granularity = text_of(node, x).value_or("");
       if (!v.persistence) v.persistence = default_persistence;
     }},
    {"protocol", read_protocol},
    {"ip_family", read_family},
    {"smtp_alert", [](VirtualServer& v, const Node& node, Context& x) { v.mail = boolean_of(node, x); }},
    {"virtualhost",
     [](VirtualServer& v, const Node& node, Context& x) { v.virtual_host = text_of(node, x).value_or(""); }},
    {"weight",
     [](VirtualServer& v, const Node& node, Context& x) {
       constexpr std::int64_t most = 65535;
       v.weight = static_cast<std::uint32_t>(number_of(node, x, 0, most).value_or(v.weight));
     }},
    {"quorum",
     [](VirtualServer& v, const Node& node, Context& x) {
       v.service.quorum.least = static_cast<std::uint32_t>(number_of(node, x, 1, most_quorum).value_or(1));
     }},
    {"hysteresis",
     [](VirtualServer& v, const Node& node, Context& x) {
       v.hysteresis_at = node.at;
       v.service.quorum.hysteresis = static_cast<std::uint32_t>(number_of(node, x, 0, most_quorum).value_or(0));
     }},
    {"quorum_up",
     [](VirtualServer& v, const Node& node, Context& x) {
       auto& quorum = v.service.quorum;
       set_command(quorum.up_command, quorum.command_user, node, x);
     }},
    {"quorum_down",
     [](VirtualServer& v, const Node& node, Context& x) {
       auto& quorum = v.service.quorum;
       set_command(quorum.down_command, quorum.command_user, node, x);
     }},
    {"sorry_server", read_sorry_server},
    {"sorry_server_lvs_method",
     [](VirtualServer& v, const Node& node, Context& x) { v.sorry_forwarding = read_forwarding(node, x); }},
    {"inhibit_on_failure",
     [](VirtualServer& v, const Node& node, Context& x) { v.inhibit = boolean_of(node, x).value_or(true); }},
    {"real_server", read_real_server},
});

constexpr auto unused = std::to_array<Unused>({
    {"hashed", "it means nothing since IPVS"},
    {"ha_suspend", "checks run whether the address is here or not"},
    {"omega", "commands do not run when the daemon ends, since services go on"},
    {"snmp_name", "there is no SNMP"},
    {"sorry_server_inhibit", "a sorry server is in the table only while it is needed"},
});

std::vector<Keyword<VirtualServer>> all_keywords() {
  std::vector<Keyword<VirtualServer>> all(own_keywords.begin(), own_keywords.end());
  for (const auto name : timing_keywords()) {
    all.push_back({name, [](VirtualServer& v, const Node& node, Context& x) { read_timing(v.timing, node, x); }});
  }
  return all;
}

/// The keys of a service: the first names it, the others are its further addresses.
using Keys = std::vector<cluster::ServiceKey>;

/// The services that a group's members come to: one for each family of its addresses, and one for each mark.
std::vector<Keys> keys_of_group(const ServerGroup& group, cluster::Protocol protocol) {
  std::vector<Keys> services;
  for (const net::Family family : {net::Family::ipv4, net::Family::ipv6}) {
    Keys keys;
    for (const auto& endpoint : group.endpoints) {
      if (endpoint.address.family() == family)
        keys.emplace_back(AddressKey{.protocol = protocol, .endpoint = endpoint});
    }
    if (!keys.empty()) services.push_back(std::move(keys));
  }
  for (const auto& mark : group.marks) services.push_back({mark});
  return services;
}

/// The family of a mark: that of its servers unless it is written.
net::Family family_of_mark(const VirtualServer& server) {
  if (server.family) return *server.family;
  const auto first =
      std::ranges::find_if(server.reals, [](const RealServer& real) { return real.address.has_value(); });
  return first == server.reals.end() ? net::Family::ipv4 : first->address->family();
}

/// What stands behind "virtual_server".
std::vector<Keys> read_keys(const VirtualServer& server, const Document& document, const Node& block,
                            Context& context) {
  constexpr std::int64_t most_mark = 0xffffffff;
  if (block.word(1) == "fwmark") {
    const auto mark = number_of(block, context, 1, most_mark, 2);
    if (!mark) return {};
    return {{MarkKey{.mark = static_cast<std::uint32_t>(*mark), .family = family_of_mark(server)}}};
  }
  if (block.word(1) == "group") {
    const auto name = text_of(block, context, 2);
    const auto group = name ? document.groups.find(*name) : document.groups.end();
    if (group != document.groups.end()) return keys_of_group(group->second, server.protocol);
    if (name) context.report.error(block.at, fmt::format("there is no virtual_server_group {}", quoted(*name)));
    return {};
  }
  const auto address = address_of(block, context);
  const auto port = port_of(block, context, 2);
  if (!address || !port) return {};
  return {{AddressKey{.protocol = server.protocol, .endpoint = {.address = *address, .port = *port}}}};
}

void set_flags(VirtualService& service, const VirtualServer& server, const Place& at, Context& context) {
  for (const std::string& name : server.flags) {
    const auto flag = parse_scheduler_flag(name, service.scheduler);
    if (flag) {
      service.scheduler_flags |= *flag;
    } else {
      context.report.error(at, flag.error().message);
    }
  }
}

void set_persistence(VirtualService& service, const VirtualServer& server, const Place& at, Context& context) {
  if (!server.persistence) return;
  const auto family = cluster::family_of(service.key);
  service.persistence.emplace();
  service.persistence->timeout = *server.persistence;
  if (family == net::Family::ipv6) service.persistence->netmask = 128;
  if (server.granularity.empty()) return;
  const auto mask = parse_netmask(server.granularity, family);
  if (mask) {
    service.persistence->netmask = *mask;
  } else {
    context.report.error(at, fmt::format("persistence_granularity: {}", mask.error().message));
  }
}

/// Mail goes out where there are addresses, unless it is switched off here or for all.
void set_alert(VirtualService& service, const VirtualServer& server, const Globals& globals) {
  const bool wanted = server.mail.value_or(globals.mail_checkers.value_or(globals.mail_all.value_or(true)));
  if (wanted && !globals.mail.to.empty()) service.alerts.push_back(globals.mail);
}

std::uint16_t port_of_key(const cluster::ServiceKey& key) {
  const auto* address = std::get_if<AddressKey>(&key);
  return address == nullptr ? std::uint16_t{0} : address->endpoint.port;
}

/// Commands without a user of their own run as that of all scripts. `T` has two commands and a user.
template <typename T>
void settle_user(T& commands, const Globals& globals) {
  const bool any = !commands.up_command.empty() || !commands.down_command.empty();
  if (any && commands.command_user.empty()) commands.command_user = globals.script_user;
}

/// The server, with port 0 where it is the service's.
cluster::RealServer server_of(const RealServer& real, const VirtualServer& server, const Document& document,
                              Context& context) {
  const net::Address address = real.address.value_or(net::Address{});
  Timing timing = real.timing;
  timing.inherit(server.timing);
  const Forwarding forwarding = real.forwarding.value_or(server.forwarding);
  cluster::RealServer result{.endpoint = {.address = address, .port = real.port},
                             .forward = forwarding.method,
                             .tunnel = forwarding.tunnel,
                             .weight = real.weight,
                             .upper_threshold = real.upper_threshold,
                             .lower_threshold = real.lower_threshold};
  const bool inhibit = real.inhibit.value_or(server.inhibit);
  result.health.on_failure = inhibit ? cluster::OnFailure::quiescent : cluster::OnFailure::remove;
  result.health.up_command = real.up_command;
  result.health.down_command = real.down_command;
  result.health.command_user = real.command_user;
  settle_user(result.health, document.globals);
  const CheckerSurroundings surroundings{
      .timing = timing,
      .virtual_host = real.virtual_host.empty() ? server.virtual_host : real.virtual_host,
      .document = document};
  for (const Node* checker : real.checkers) {
    auto checks = read_checker(*checker, surroundings, context);
    // Behind route, which loopback addresses are too, and tunnel the service's port stands for the server's; what is
    // checked is the written one.
    const bool keeps_port = forwarding.method != cluster::ForwardingMethod::nat || address.is_loopback();
    for (auto& check : checks) {
      if (check.port == 0 && keeps_port) check.port = real.port;
    }
    std::ranges::move(checks, std::back_inserter(result.health.checks));
  }
  return result;
}

/// A real server with where it stands.
struct PlacedServer {
  cluster::RealServer server;
  Place at;
};

/// Those whose address is right. Checkers of the others are read too, for what is wrong in them.
std::vector<PlacedServer> servers_of(const VirtualServer& server, const Document& document, Context& context) {
  std::vector<PlacedServer> servers;
  for (const RealServer& real : server.reals) {
    cluster::RealServer one = server_of(real, server, document, context);
    if (real.address) servers.push_back({.server = std::move(one), .at = real.at});
  }
  return servers;
}

void add_services(Document& document, const VirtualServer& server, const std::vector<Keys>& services, const Place& at,
                  Context& context) {
  const auto servers = servers_of(server, document, context);
  for (const Keys& keys : services) {
    PlacedService placed{.service = server.service, .at = at, .servers_at = {}};
    VirtualService& service = placed.service;
    service.key = keys.front();
    for (std::size_t i = 1; i < keys.size(); ++i) service.further_addresses.push_back(std::get<AddressKey>(keys[i]));
    service.origin = cluster::Origin::file;
    const auto* address = std::get_if<AddressKey>(&service.key);
    service.one_packet = server.one_packet && (address == nullptr || address->protocol == cluster::Protocol::udp);
    set_flags(service, server, at, context);
    set_persistence(service, server, at, context);
    set_alert(service, server, document.globals);
    settle_user(service.quorum, document.globals);
    const std::uint16_t port = keys.size() > 1 ? std::uint16_t{0} : port_of_key(service.key);
    for (const PlacedServer& one : servers) {
      service.servers.push_back(one.server);
      auto& endpoint = service.servers.back().endpoint;
      if (endpoint.port == 0) endpoint.port = port;
      placed.servers_at.push_back(one.at);
    }
    if (server.sorry) {
      placed.fallback_at = server.sorry_at;
      const Forwarding forwarding = server.sorry_forwarding.value_or(server.forwarding);
      service.fallback =
          cluster::RealServer{.endpoint = *server.sorry, .forward = forwarding.method, .tunnel = forwarding.tunnel};
      if (service.fallback->endpoint.port == 0) service.fallback->endpoint.port = port;
    }
    document.services.add(placed);
  }
}

/// keepalived makes a hysteresis less than the quorum, so that a service without servers is down.
void settle_quorum(VirtualServer& server, Context& context) {
  auto& quorum = server.service.quorum;
  if (quorum.hysteresis < quorum.least) return;
  context.report.warning(server.hysteresis_at,
                         fmt::format("hysteresis {} is taken as {}: it must be below the quorum ({})",
                                     quorum.hysteresis, quorum.least - 1, quorum.least));
  quorum.hysteresis = quorum.least - 1;
}

}  // namespace

void read_virtual_server(Document& document, const Node& block, Context& context) {
  VirtualServer server;
  read_block<VirtualServer>(all_keywords(), unused, server, block, "of a virtual_server", context);
  const bool by_mark = block.word(1) == "fwmark";
  const bool protocol_named = std::ranges::find(block.children, "protocol", &Node::keyword) != block.children.end();
  if (by_mark && protocol_named) context.report.warning(block.at, "protocol has no meaning for a firewall mark");
  settle_quorum(server, context);
  const auto services = read_keys(server, document, block, context);
  if (server.one_packet && server.protocol != cluster::Protocol::udp && !by_mark) {
    context.report.warning(block.at, "ops is for UDP; it is left out");
  }
  add_services(document, server, services, block.at, context);
}

}  // namespace ballast::config::keepalived
