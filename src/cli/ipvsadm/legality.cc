#include "cli/ipvsadm/legality.h"

#include <fmt/format.h>

#include <array>

namespace ballast::ipvsadm {
namespace {

constexpr std::array<std::string_view, option_count> option_names = {
    "numeric",
    "connection",
    "service-address",
    "scheduler",
    "persistent",
    "netmask",
    "real-server",
    "forwarding-method",
    "weight",
    "u-threshold",
    "l-threshold",
    "mcast-interface",
    "timeout",
    "daemon",
    "stats",
    "rate",
    "thresholds",
    "persistent-conn",
    "nosort",
    "syncid",
    "exact",
    "ops",
    "pe",
    "sched-flags",
    "mcast-group",
    "mcast-port",
    "mcast-ttl",
    "sync-maxlen",
    "tun-info",
    "tun-type",
    "tun-port",
    "tun-nocsum",
    "tun-csum",
    "tun-remcsum",
};

/// What goes with a command or a tunnel type; an option in none of the sets is illegal.
struct Rule {
  OptionSet required;
  OptionSet optional;
  OptionSet exclusive;  ///< at most one of these
};

constexpr Rule service_rule{{Option::service},
                            {Option::scheduler, Option::persistent, Option::netmask, Option::one_packet, Option::engine,
                             Option::scheduler_flags},
                            {}};
constexpr Rule server_rule{
    {Option::service, Option::server},
    {Option::forward, Option::weight, Option::upper_threshold, Option::lower_threshold, Option::tunnel_type,
     Option::tunnel_port, Option::tunnel_nocsum, Option::tunnel_csum, Option::tunnel_remcsum},
    {}};
constexpr Rule list_rule{
    {},
    {Option::numeric, Option::stats, Option::rate, Option::thresholds, Option::persistent_connections, Option::nosort,
     Option::syncid, Option::exact, Option::tunnel_info},
    {Option::connection, Option::service, Option::timeout, Option::daemon}};
constexpr Rule start_daemon_rule{{},
                                 {Option::multicast_interface, Option::syncid, Option::multicast_group,
                                  Option::multicast_port, Option::multicast_ttl, Option::sync_maxlen},
                                 {}};

Rule rule_of(Verb verb) {
  switch (verb) {
    case Verb::add_service:
    case Verb::edit_service:
      return service_rule;
    case Verb::delete_service:
      return {{Option::service}, {}, {}};
    case Verb::list:
      return list_rule;
    case Verb::add_server:
    case Verb::edit_server:
      return server_rule;
    case Verb::delete_server:
      return {{Option::service, Option::server}, {}, {}};
    case Verb::start_daemon:
      return start_daemon_rule;
    case Verb::stop_daemon:
      return {{}, {Option::syncid}, {}};
    case Verb::save:
      return {{}, {Option::numeric}, {}};
    case Verb::zero:
      return {{}, {Option::service}, {}};
    case Verb::flush:
    case Verb::set_timeouts:
    case Verb::restore:
    case Verb::help:
    case Verb::version:
      return {};
  }
  return {};
}

std::string_view name(Verb verb) {
  switch (verb) {
    case Verb::add_service:
      return "add-service";
    case Verb::edit_service:
      return "edit-service";
    case Verb::delete_service:
      return "delete-service";
    case Verb::flush:
      return "flush";
    case Verb::list:
      return "list";
    case Verb::add_server:
      return "add-server";
    case Verb::delete_server:
      return "delete-server";
    case Verb::edit_server:
      return "edit-server";
    case Verb::set_timeouts:
      return "set";
    case Verb::start_daemon:
      return "start-daemon";
    case Verb::stop_daemon:
      return "stop-daemon";
    case Verb::restore:
      return "restore";
    case Verb::save:
      return "save";
    case Verb::zero:
      return "zero";
    case Verb::help:
      return "help";
    case Verb::version:
      return "version";
  }
  return "";
}

Rule rule_of(cluster::TunnelType type) {
  constexpr OptionSet checksums{Option::tunnel_nocsum, Option::tunnel_csum, Option::tunnel_remcsum};
  switch (type) {
    case cluster::TunnelType::ipip:
      return {};
    case cluster::TunnelType::gue:
      return {{Option::tunnel_port}, {}, checksums};
    case cluster::TunnelType::gre:
      return {{}, {}, {Option::tunnel_nocsum, Option::tunnel_csum}};
  }
  return {};
}

std::string_view name(cluster::TunnelType type) {
  switch (type) {
    case cluster::TunnelType::ipip:
      return "ipip";
    case cluster::TunnelType::gue:
      return "gue";
    case cluster::TunnelType::gre:
      return "gre";
  }
  return "";
}

/// Looks at the options from `first` to the last. `owner` is "'list' command" or the like.
std::optional<std::string> find_illegal(const Rule& rule, OptionSet options, Option first, std::string_view owner) {
  std::optional<Option> exclusive;
  for (auto i = static_cast<std::size_t>(first); i < option_count; ++i) {
    const auto option = static_cast<Option>(i);
    if (!options.has(option)) {
      if (!rule.required.has(option)) continue;
      return fmt::format("You need to supply the '{}' option for the {}", name(option), owner);
    }
    if (rule.required.has(option) || rule.optional.has(option)) continue;
    if (!rule.exclusive.has(option)) return fmt::format("Illegal '{}' option with the {}", name(option), owner);
    if (exclusive) {
      return fmt::format("The option '{}' conflicts with the '{}' option in the {}", name(option), name(*exclusive),
                         owner);
    }
    exclusive = option;
  }
  return std::nullopt;
}

}  // namespace

std::string_view name(Option option) { return option_names[static_cast<std::size_t>(option)]; }

std::optional<std::string> find_illegal(Verb verb, OptionSet options) {
  return find_illegal(rule_of(verb), options, Option::numeric, fmt::format("'{}' command", name(verb)));
}

std::optional<std::string> find_illegal(cluster::TunnelType type, OptionSet options) {
  return find_illegal(rule_of(type), options, Option::tunnel_port, fmt::format("'{}' tunnel type", name(type)));
}

}  // namespace ballast::ipvsadm
