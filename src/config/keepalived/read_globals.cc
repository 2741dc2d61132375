#include <array>

#include "config/keepalived/document.h"
#include "config/keepalived/keywords.h"

namespace ballast::config::keepalived {
namespace {

constexpr std::string_view one_process =
    "there is one process, whose priority, memory and processors the service manager sets";
constexpr std::string_view no_firewall = "no netfilter rules are needed or made";
constexpr std::string_view no_snmp = "there is no SNMP; 'ballast metrics' has the figures";
constexpr std::string_view no_dbus = "there is no D-Bus; notify commands and the FIFO tell of changes";
constexpr std::string_view no_buffers = "receive buffers are chosen by the program";
constexpr std::string_view no_dumps = "'ballast status' and 'ballast metrics' show what runs";
constexpr std::string_view reloads = "'ballast reload' always reads everything first and changes nothing on an error";

constexpr auto unused = std::to_array<Unused>({
    {"process_names", one_process},
    {"process_name", one_process},
    {"vrrp_process_name", one_process},
    {"checker_process_name", one_process},
    {"lvs_process_name", one_process},
    {"bfd_process_name", one_process},
    {"vrrp_priority", one_process},
    {"checker_priority", one_process},
    {"bfd_priority", one_process},
    {"vrrp_no_swap", one_process},
    {"checker_no_swap", one_process},
    {"bfd_no_swap", one_process},
    {"vrrp_rt_priority", one_process},
    {"checker_rt_priority", one_process},
    {"bfd_rt_priority", one_process},
    {"vrrp_cpu_affinity", one_process},
    {"checker_cpu_affinity", one_process},
    {"bfd_cpu_affinity", one_process},
    {"vrrp_rlimit_rttime", one_process},
    {"vrrp_rlimit_rtime", one_process},
    {"checker_rlimit_rttime", one_process},
    {"checker_rlimit_rtime", one_process},
    {"bfd_rlimit_rttime", one_process},
    {"bfd_rlimit_rtime", one_process},
    {"max_auto_priority", one_process},
    {"min_auto_priority_delay", one_process},
    {"umask", one_process},
    {"set_supplementary_groups", one_process},
    {"startup_script", "use ExecStartPre= of the systemd unit"},
    {"startup_script_timeout", "use ExecStartPre= of the systemd unit"},
    {"shutdown_script", "use ExecStopPost= of the systemd unit"},
    {"shutdown_script_timeout", "use ExecStopPost= of the systemd unit"},
    {"smtp_connect_timeout", "mail has a timeout of its own"},
    {"no_email_faults", "mail tells of faults"},
    {"no_checker_emails", "mail tells of servers that come and go, not of single checks"},
    {"rs_init_notifies", "the first result of a server always counts as a change"},
    {"disable_local_igmp", no_firewall},
    {"vrrp_iptables", no_firewall},
    {"vrrp_ipsets", no_firewall},
    {"nftables", no_firewall},
    {"nftables_priority", no_firewall},
    {"nftables_counters", no_firewall},
    {"nftables_ifindex", no_firewall},
    {"nftables_ipvs", "a group is one service without marks"},
    {"nftables_ipvs_priority", "a group is one service without marks"},
    {"nftables_ipvs_start_fwmark", "a group is one service without marks"},
    {"lvs_flush", "there is no table of IPVS to flush"},
    {"lvs_flush_on_stop", "services go on when the daemon ends; 'ballast stop' takes them down"},
    {"lvs_flush_onstop", "services go on when the daemon ends; 'ballast stop' takes them down"},
    {"vrrp_garp_extra_if", "every address is announced on its own interface"},
    {"vrrp_vmac_garp_intvl", "every address is announced on its own interface"},
    {"vrrp_skip_check_adv_addr", "addresses of every advertisement are compared"},
    {"vrrp_owner_ignore_adverts", "an address owner looks at advertisements"},
    {"vrrp_delay_after_boot", "use vrrp_startup_delay"},
    {"fifo_write_vrrp_states_on_reload", "the FIFO gets changes only"},
    {"vrrp_notify_fifo_script", "use notify_fifo_script"},
    {"lvs_notify_fifo", "use notify_up, notify_down, quorum_up and quorum_down"},
    {"lvs_notify_fifo_script", "use notify_up, notify_down, quorum_up and quorum_down"},
    {"dynamic_interfaces", "interfaces may come and go at any time"},
    {"log_unknown_vrids", "advertisements of other virtual routers are counted"},
    {"vmac_prefix", "interfaces of virtual MACs are named vrrp.VRID"},
    {"vmac_addr_prefix", "interfaces of virtual MACs are named vrrp.VRID"},
    {"thread_timer_expired", "addresses have a lifetime, which a daemon that hangs does not renew"},
    {"timer_expired_backup", "addresses have a lifetime, which a daemon that hangs does not renew"},
    {"vrrp_netlink_cmd_rcv_bufs", no_buffers},
    {"vrrp_netlink_cmd_rcv_bufs_force", no_buffers},
    {"vrrp_netlink_monitor_rcv_bufs", no_buffers},
    {"vrrp_netlink_monitor_rcv_bufs_force", no_buffers},
    {"lvs_netlink_cmd_rcv_bufs", no_buffers},
    {"lvs_netlink_cmd_rcv_bufs_force", no_buffers},
    {"lvs_netlink_monitor_rcv_bufs", no_buffers},
    {"lvs_netlink_monitor_rcv_bufs_force", no_buffers},
    {"process_monitor_rcv_bufs", no_buffers},
    {"process_monitor_rcv_bufs_force", no_buffers},
    {"vrrp_rx_bufs_policy", no_buffers},
    {"vrrp_rx_bufs_multiplier", no_buffers},
    {"snmp_socket", no_snmp},
    {"enable_traps", no_snmp},
    {"enable_snmp_vrrp", no_snmp},
    {"enable_snmp_keepalived", no_snmp},
    {"enable_snmp_checker", no_snmp},
    {"enable_snmp_rfc", no_snmp},
    {"enable_snmp_rfcv2", no_snmp},
    {"enable_snmp_rfcv3", no_snmp},
    {"snmp_vs_stats_update_interval", no_snmp},
    {"snmp_rs_stats_update_interval", no_snmp},
    {"enable_dbus", no_dbus},
    {"dbus_service_name", no_dbus},
    {"dbus_no_interface_name", no_dbus},
    {"enable_script_security", "commands run as the user that is written, without a look at who may change them"},
    {"use_symlink_paths", "commands run by the path that is written"},
    {"reload_check_config", reloads},
    {"reload_time_file", "let a timer of systemd run 'ballast reload'"},
    {"reload_repeat", "let a timer of systemd run 'ballast reload'"},
    {"reload_file", reloads},
    {"config_save_dir", no_dumps},
    {"tmp_config_directory", "the text is kept in memory"},
    {"data_use_instance", no_dumps},
    {"json_version", no_dumps},
    {"state_dump_file", no_dumps},
    {"stats_dump_file", no_dumps},
    {"json_dump_file", no_dumps},
    {"iproute_usr_dir", "names of tables and protocols are those of /etc/iproute2"},
    {"iproute_etc_dir", "names of tables and protocols are those of /etc/iproute2"},
});

constexpr auto unused_outside = std::to_array<Unused>({
    {"net_namespace", "start the daemon in the namespace: ip netns exec NAME ballast run, or NetworkNamespacePath="},
    {"net_namespace_ipvs", "packets are forwarded in the daemon's own namespace"},
    {"namespace_with_ipsets", no_firewall},
    {"instance", "name the instance with BALLAST_INSTANCE or --instance"},
    {"use_pid_dir", "there is no file of the process id"},
    {"linkbeat_use_polling", "netlink tells of links"},
    {"child_wait_time", one_process},
    {"linkbeat_interfaces", "netlink tells of links"},
    {"track_group", "an address or route of its own does not make a virtual router faulty"},
    {"garp_group", "use vrrp_garp_interval and vrrp_gna_interval"},
    {"interface_up_down_delays", "a link that goes down counts at once"},
    {"bfd_instance", "there is no BFD"},
});

/// A repeat count.
std::optional<std::uint32_t> count_of(const Node& node, Context& context) {
  constexpr std::int64_t most = 1000;
  const auto number = number_of(node, context, 0, most);
  return number ? std::optional(static_cast<std::uint32_t>(*number)) : std::nullopt;
}

void read_mail_server(Globals& globals, const Node& node, Context& context) {
  const auto host = text_of(node, context);
  if (!host) return;
  const auto port = port_of(node, context, 2);
  globals.mail.server = *host;
  if (!port || *port == 0) return;
  const bool ipv6 = host->find(':') != std::string::npos;
  globals.mail.server = fmt::format("{}{}{}:{}", ipv6 ? "[" : "", *host, ipv6 ? "]" : "", *port);
}

void read_timeouts(Globals& globals, const Node& node, Context& context) {
  constexpr std::int64_t most = std::int64_t{31} * 86400;
  for (std::size_t i = 1; i < node.size(); i += 2) {
    const auto seconds = number_of(node, context, 1, most, i + 1);
    if (!seconds) return;
    if (node.word(i) == "tcp") {
      globals.timeouts.tcp = std::chrono::seconds(*seconds);
    } else if (node.word(i) == "tcpfin") {
      globals.timeouts.tcp_fin = std::chrono::seconds(*seconds);
    } else if (node.word(i) == "udp") {
      globals.timeouts.udp = std::chrono::seconds(*seconds);
    } else {
      return context.report.error(node.at,
                                  fmt::format("lvs_timeouts knows tcp, tcpfin and udp, not {}", quoted(node.word(i))));
    }
  }
}

/// lvs_sync_daemon IF [[inst] INSTANCE] [id N] [maxlen N] [port N] [ttl N] [group IP]
void read_sync_daemon(Globals& globals, const Node& node, Context& context) {
  const auto interface = interface_of(node, context);
  if (!interface) return;
  cluster::KernelSync sync{.master = true, .backup = true, .interface = *interface, .group = {}};
  for (std::size_t i = 2; i < node.size(); ++i) {
    const std::string_view word = node.word(i);
    const auto number = [&](std::int64_t least, std::int64_t most) {
      return number_of(node, context, least, most, ++i).value_or(least);
    };
    if (word == "id") {
      sync.id = static_cast<std::uint8_t>(number(0, 255));
    } else if (word == "maxlen") {
      sync.message_bytes = static_cast<std::uint16_t>(number(1, 65507));
    } else if (word == "port") {
      sync.port = static_cast<std::uint16_t>(number(1, 65535));
    } else if (word == "ttl") {
      sync.ttl = static_cast<std::uint8_t>(number(1, 255));
    } else if (word == "group") {
      sync.group = address_of(node, context, ++i);
    } else if (word == "inst" || i == 2) {
      if (word == "inst") ++i;
      sync.instance = node.word(i);
    } else {
      context.report.error(node.at, fmt::format("lvs_sync_daemon does not know {}", quoted(word)));
      return;
    }
  }
  globals.sync = sync;
  globals.sync_at = node.at;
}

void read_fifo(Globals& globals, const Node& node, Context& context) {
  globals.fifo = text_of(node, context).value_or("");
  if (node.size() <= 2) return;
  node.pass_over();
  context.report.warning(node.at, fmt::format("{}: the owner is not acted on", node.keyword()));
}

constexpr auto keywords = std::to_array<Keyword<Globals>>({
    {"router_id",
     [](Globals&, const Node& node, Context& context) {
       node.pass_over();
       context.report.warning(node.at, "router_id is not acted on: mail names the machine");
     }},
    {"notification_email",
     [](Globals& g, const Node& node, Context&) {
       for (const Node& one : node.children) g.mail.to.insert(g.mail.to.end(), one.words().begin(), one.words().end());
     }},
    {"notification_email_from",
     [](Globals& g, const Node& node, Context& x) { g.mail.from = text_of(node, x).value_or(""); }},
    {"smtp_server", read_mail_server},
    {"smtp_helo_name", [](Globals& g, const Node& node, Context& x) { g.mail.helo = text_of(node, x).value_or(""); }},
    {"smtp_alert", [](Globals& g, const Node& node, Context& x) { g.mail_all = boolean_of(node, x); }},
    {"smtp_alert_vrrp", [](Globals& g, const Node& node, Context& x) { g.mail_vrrp = boolean_of(node, x); }},
    {"smtp_alert_checker", [](Globals& g, const Node& node, Context& x) { g.mail_checkers = boolean_of(node, x); }},
    {"checker_log_all_failures",
     [](Globals& g, const Node& node, Context& x) { g.log_all_failures = boolean_of(node, x).value_or(false); }},
    {"default_interface",
     [](Globals& g, const Node& node, Context& x) {
       g.default_interface = interface_of(node, x).value_or(g.default_interface);
     }},
    {"script_user", [](Globals& g, const Node& node, Context&) { g.script_user = user_of(node, 1); }},
    {"lvs_timeouts", read_timeouts},
    {"lvs_sync_daemon", read_sync_daemon},
    {"vrrp_mcast_group4", [](Globals& g, const Node& node, Context& x) { g.group4 = address_of(node, x); }},
    {"vrrp_mcast_group6", [](Globals& g, const Node& node, Context& x) { g.group6 = address_of(node, x); }},
    {"vrrp_garp_master_delay",
     [](Globals& g, const Node& node, Context& x) {
       g.announce.delay = milliseconds_of(node, x).value_or(g.announce.delay);
     }},
    {"vrrp_garp_master_repeat",
     [](Globals& g, const Node& node, Context& x) {
       g.announce.repeat = count_of(node, x).value_or(g.announce.repeat);
       g.announce.delayed_repeat = g.announce.repeat;
     }},
    {"vrrp_garp_master_refresh",
     [](Globals& g, const Node& node, Context& x) {
       g.announce.refresh = milliseconds_of(node, x).value_or(g.announce.refresh);
     }},
    {"vrrp_garp_master_refresh_repeat",
     [](Globals& g, const Node& node, Context& x) {
       g.announce.refresh_repeat = count_of(node, x).value_or(g.announce.refresh_repeat);
     }},
    {"vrrp_garp_lower_prio_delay",
     [](Globals& g, const Node& node, Context& x) { g.lower_priority_delay = milliseconds_of(node, x); }},
    {"vrrp_garp_lower_prio_repeat",
     [](Globals& g, const Node& node, Context& x) { g.lower_priority_repeat = count_of(node, x); }},
    {"vrrp_garp_interval",
     [](Globals& g, const Node& node, Context& x) { g.announce.gap = timer_of(node, x).value_or(g.announce.gap); }},
    {"vrrp_gna_interval",
     [](Globals& g, const Node& node, Context& x) {
       g.announce.neighbour_gap = timer_of(node, x).value_or(g.announce.neighbour_gap);
     }},
    {"vrrp_min_garp",
     [](Globals& g, const Node& node, Context& x) {
       if (!boolean_of(node, x).value_or(false)) return;
       g.announce.repeat = 1;
       g.announce.delay = std::chrono::milliseconds(0);
     }},
    {"vrrp_down_timer_adverts",
     [](Globals& g, const Node& node, Context& x) {
       g.down_timer_adverts = static_cast<std::uint32_t>(number_of(node, x, 1, 100).value_or(g.down_timer_adverts));
     }},
    {"vrrp_lower_prio_no_advert",
     [](Globals& g, const Node& node, Context& x) {
       g.lower_priority_no_advertisement = boolean_of(node, x).value_or(false);
     }},
    {"vrrp_higher_prio_send_advert",
     [](Globals& g, const Node& node, Context& x) {
       g.higher_priority_send_advertisement = boolean_of(node, x).value_or(false);
     }},
    {"vrrp_version",
     [](Globals& g, const Node& node, Context& x) {
       g.version = static_cast<std::uint8_t>(number_of(node, x, 2, 3).value_or(g.version));
     }},
    {"vrrp_check_unicast_src", [](Globals& g, const Node&, Context&) { g.check_source = true; }},
    {"vrrp_strict", [](Globals& g, const Node&, Context&) { g.strict = true; }},
    {"vrrp_notify_priority_changes",
     [](Globals& g, const Node& node, Context& x) { g.priority_changes = boolean_of(node, x).value_or(false); }},
    {"v3_checksum_as_v2",
     [](Globals& g, const Node& node, Context& x) { g.checksum_as_v2 = boolean_of(node, x).value_or(false); }},
    {"vrrp_startup_delay",
     [](Globals& g, const Node& node, Context& x) {
       g.startup_delay = milliseconds_of(node, x).value_or(g.startup_delay);
     }},
    {"notify_fifo", read_fifo},
    {"vrrp_notify_fifo", read_fifo},
    {"notify_fifo_script",
     [](Globals& g, const Node& node, Context& x) { g.fifo_command = text_of(node, x).value_or(""); }},
    // What lines.cc has carried out already.
    {"include_check", [](Globals&, const Node& node, Context&) { node.pass_over(); }},
    {"random_seed", [](Globals&, const Node& node, Context&) { node.pass_over(); }},
});

}  // namespace

void read_globals(Globals& globals, const Node& block, Context& context) {
  read_block<Globals>(keywords, unused, globals, block, "of global_defs", context);
}

bool read_root_setting(const Node& node, Context& context) {
  for (const auto& one : unused_outside) {
    if (one.name != node.keyword()) continue;
    node.pass_over();
    context.report.warning(node.at, fmt::format("{} is not acted on: {}", one.name, one.reason));
    return true;
  }
  return false;
}

}  // namespace ballast::config::keepalived
