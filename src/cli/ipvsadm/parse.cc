#include "cli/ipvsadm/parse.h"

#include <fmt/format.h>

#include <limits>
#include <optional>
#include <utility>
#include <variant>

#include "cli/ipvsadm/switches.h"
#include "cli/ipvsadm/values.h"

namespace ballast::ipvsadm {
namespace {

using cluster::ForwardingMethod;
using cluster::Protocol;
using cluster::TunnelChecksum;
using cluster::TunnelType;
using net::Family;

constexpr std::size_t longest_scheduler_name = 15;
constexpr std::size_t longest_interface_name = 15;
constexpr int exit_code_of_popt = 255;

/// Nothing, or why the line is refused.
using Check = std::optional<Refusal>;

Refusal usage(std::string message) { return {std::move(message)}; }

std::optional<Verb> verb_of(Switch id) {
  switch (id) {
    case Switch::add_service:
      return Verb::add_service;
    case Switch::edit_service:
      return Verb::edit_service;
    case Switch::delete_service:
      return Verb::delete_service;
    case Switch::clear:
      return Verb::flush;
    case Switch::list:
      return Verb::list;
    case Switch::add_server:
      return Verb::add_server;
    case Switch::edit_server:
      return Verb::edit_server;
    case Switch::delete_server:
      return Verb::delete_server;
    case Switch::set:
      return Verb::set_timeouts;
    case Switch::start_daemon:
      return Verb::start_daemon;
    case Switch::stop_daemon:
      return Verb::stop_daemon;
    case Switch::restore:
      return Verb::restore;
    case Switch::save:
      return Verb::save;
    case Switch::zero:
      return Verb::zero;
    case Switch::help:
      return Verb::help;
    case Switch::version:
      return Verb::version;
    default:
      return std::nullopt;
  }
}

class Parser {
 public:
  Parser(std::span<const std::string> words, const Names& names)
      : program_(words[0]), scanner_(words.subspan(1)), names_(names) {}

  std::expected<Command, Refusal> run() {
    if (auto refused = read_command()) return std::unexpected(*std::move(refused));
    if (command_.verb == Verb::help || command_.verb == Verb::version) return command_;
    for (auto step : {&Parser::read_options, &Parser::read_others, &Parser::apply_scheduler_flags,
                      &Parser::check_legality, &Parser::finish_service, &Parser::finish_server, &Parser::finish_list}) {
      if (auto refused = (this->*step)()) return std::unexpected(*std::move(refused));
    }
    return command_;
  }

 private:
  Check read_command() {
    const auto step = scanner_.next();
    const auto* found = std::get_if<SwitchScanner::Found>(&step);
    const auto verb = found == nullptr ? std::nullopt : verb_of(found->id);
    if (!verb) return try_help(program_);
    command_.verb = *verb;
    if (*verb != Verb::start_daemon && *verb != Verb::stop_daemon) return {};
    if (*found->value == "master") {
      command_.sync_daemon.role = SyncRole::master;
    } else if (*found->value == "backup") {
      command_.sync_daemon.role = SyncRole::backup;
    } else {
      return usage(*verb == Verb::start_daemon ? "illegal start-daemon parameter specified"
                                               : "illegal start_daemon specified");
    }
    return {};
  }

  Check read_options() {
    while (true) {
      const auto step = scanner_.next();
      if (std::holds_alternative<SwitchScanner::End>(step)) return {};
      if (const auto* wrong = std::get_if<SwitchScanner::Wrong>(&step)) {
        return Refusal{fmt::format("{}: {}", scanner_.last_word(), wrong->reason), exit_code_of_popt, false};
      }
      const auto& found = std::get<SwitchScanner::Found>(step);
      if (auto refused = take(found.id, found.value)) return refused;
    }
  }

  /// The words that are no switches: the values of --set, and nothing else.
  Check read_others() {
    const auto& others = scanner_.others();
    std::size_t used = 0;
    if (command_.verb == Verb::set_timeouts) {
      if (others.size() < 3) return usage("--set option requires 3 timeout values");
      auto& timeouts = command_.timeouts;
      for (auto* timeout : {&timeouts.tcp, &timeouts.tcp_fin, &timeouts.udp}) {
        if (auto refused = read_timeout(others[used], 0, *timeout)) return refused;
        ++used;
      }
    }
    if (used < others.size()) return usage("unexpected argument " + others[used]);
    return {};
  }

  Check take(Switch id, const std::optional<std::string>& value) {
    switch (id) {
      case Switch::tcp_service:
        return take_service(Protocol::tcp, *value);
      case Switch::udp_service:
        return take_service(Protocol::udp, *value);
      case Switch::sctp_service:
        return take_service(Protocol::sctp, *value);
      case Switch::fwmark_service:
        return take_mark(*value);
      case Switch::ipv6:
        return take_ipv6();
      case Switch::scheduler:
        return take_text(Option::scheduler, *value, longest_scheduler_name, scheduler_);
      case Switch::engine:
        return take_text(Option::engine, *value, longest_scheduler_name, command_.service.persistence_engine);
      case Switch::persistent:
        return take_persistence(value);
      case Switch::netmask:
        return take_netmask(*value);
      case Switch::one_packet:
        return take_flag(Option::one_packet, command_.service.one_packet);
      case Switch::scheduler_flags:
        return take_text(Option::scheduler_flags, *value, std::string::npos, scheduler_flags_);
      case Switch::real_server:
        return take_server(*value);
      case Switch::masquerading:
        return take_forward(ForwardingMethod::nat);
      case Switch::ipip:
        return take_forward(ForwardingMethod::tunnel);
      case Switch::gatewaying:
        return take_forward(ForwardingMethod::route);
      case Switch::weight:
        return take_count(Option::weight, *value, "illegal weight specified", command_.server.weight);
      case Switch::upper_threshold:
        return take_count(Option::upper_threshold, *value, "illegal u_threshold specified",
                          command_.server.upper_threshold);
      case Switch::lower_threshold:
        return take_count(Option::lower_threshold, *value, "illegal l_threshold specified",
                          command_.server.lower_threshold);
      case Switch::tunnel_type:
        return take_tunnel_type(*value);
      case Switch::tunnel_port:
        return take_number(Option::tunnel_port, *value, 1, 65535, "illegal tunnel port specified",
                           command_.server.tunnel.port);
      case Switch::tunnel_nocsum:
        return take_checksum(Option::tunnel_nocsum, TunnelChecksum::none);
      case Switch::tunnel_csum:
        return take_checksum(Option::tunnel_csum, TunnelChecksum::full);
      case Switch::tunnel_remcsum:
        return take_checksum(Option::tunnel_remcsum, TunnelChecksum::remote);
      case Switch::numeric:
        return take_flag(Option::numeric, command_.format.numeric);
      case Switch::exact:
        return take_flag(Option::exact, command_.format.exact);
      case Switch::connection:
        return claim(Option::connection);
      case Switch::timeout:
        return claim(Option::timeout);
      case Switch::daemon:
        return claim(Option::daemon);
      case Switch::stats:
        return claim(Option::stats);
      case Switch::rate:
        return claim(Option::rate);
      case Switch::thresholds:
        return claim(Option::thresholds);
      case Switch::persistent_connections:
        return claim(Option::persistent_connections);
      case Switch::tunnel_info:
        return claim(Option::tunnel_info);
      case Switch::nosort:
        return claim(Option::nosort);
      case Switch::sort:
        return {};
      default:
        return take_daemon_option(id, value);
    }
  }

  Check take_daemon_option(Switch id, const std::optional<std::string>& value) {
    auto& daemon = command_.sync_daemon;
    switch (id) {
      case Switch::multicast_interface:
        return take_text(Option::multicast_interface, *value, longest_interface_name, daemon.interface);
      case Switch::syncid:
        return take_number(Option::syncid, *value, 0, 255, "illegal syncid specified", daemon.id);
      case Switch::multicast_group:
        return take_group(*value);
      case Switch::multicast_port:
        return take_number(Option::multicast_port, *value, 1, 65535, "illegal mcast-port specified", daemon.port);
      case Switch::multicast_ttl:
        return take_number(Option::multicast_ttl, *value, 1, 255, "illegal mcast-ttl specified", daemon.ttl);
      case Switch::sync_maxlen:
        return take_number(Option::sync_maxlen, *value, 1, 65507, "illegal sync-maxlen specified",
                           daemon.longest_message);
      default:
        return usage(fmt::format("invalid option `{}'", scanner_.last_word()));
    }
  }

  /// Notes that the line has the option; only once is allowed.
  Check claim(Option option) {
    if (options_.has(option)) return usage(fmt::format("multiple '{}' options specified", name(option)));
    options_.insert(option);
    return {};
  }

  Check take_flag(Option option, bool& flag) {
    flag = true;
    return claim(option);
  }

  Check take_text(Option option, const std::string& value, std::size_t longest, std::string& text) {
    text = value.substr(0, longest);
    return claim(option);
  }

  template <typename T>
  Check take_number(Option option, const std::string& value, long least, long most, const char* message, T& number) {
    if (auto refused = claim(option)) return refused;
    const auto read = read_number(value, least, most);
    if (!read) return usage(message);
    number = static_cast<T>(*read);
    return {};
  }

  Check take_count(Option option, const std::string& value, const char* message, std::uint32_t& count) {
    return take_number(option, value, 0, std::numeric_limits<std::int32_t>::max(), message, count);
  }

  Check take_service(Protocol protocol, const std::string& value) {
    if (auto refused = claim(Option::service)) return refused;
    const auto read = read_address(value, static_cast<std::uint8_t>(protocol), names_);
    if (!read) return usage("illegal virtual server address[:port] specified");
    protocol_ = static_cast<std::uint8_t>(protocol);
    family_ = read->address.family();
    if (family_ == Family::ipv6) netmask_ = 128;
    port_ = read->port.value_or(0);
    command_.service.key = cluster::AddressKey{protocol, {read->address, port_}};
    return {};
  }

  Check take_mark(const std::string& value) {
    if (auto refused = claim(Option::service)) return refused;
    const auto mark = read_mark(value);
    if (!mark) return usage(fmt::format("invalid fwmark value `{}' specified", value));
    protocol_ = static_cast<std::uint8_t>(Protocol::tcp);
    family_ = Family::ipv4;
    command_.service.key = cluster::MarkKey{*mark, Family::ipv4};
    return {};
  }

  Check take_ipv6() {
    auto* key = std::get_if<cluster::MarkKey>(&command_.service.key);
    if (key == nullptr) return usage("-6 used before -f\n");
    key->family = Family::ipv6;
    family_ = Family::ipv6;
    netmask_ = 128;
    return {};
  }

  Check take_persistence(const std::optional<std::string>& value) {
    if (auto refused = claim(Option::persistent)) return refused;
    persistence_.emplace();
    return value ? read_timeout(*value, 1, persistence_->timeout) : Check{};
  }

  static Check read_timeout(const std::string& value, long least, std::chrono::seconds& timeout) {
    const auto read = read_number(value, least, longest_timeout);
    if (!read) return usage(fmt::format("invalid timeout value `{}' specified", value));
    timeout = std::chrono::seconds(*read);
    return {};
  }

  /// What a netmask is depends on the family of the service as far as it is known by now.
  Check take_netmask(const std::string& value) {
    if (auto refused = claim(Option::netmask)) return refused;
    const auto read = family_ == Family::ipv6 ? read_prefix_length(value) : read_mask(value, names_);
    if (!read) {
      return usage(family_ == Family::ipv6 ? "illegal ipv6 netmask specified"
                                           : "illegal virtual server persistent mask specified");
    }
    netmask_ = *read;
    return {};
  }

  Check take_server(const std::string& value) {
    if (auto refused = claim(Option::server)) return refused;
    const auto read = read_address(value, protocol_, names_);
    if (!read) return usage("illegal real server address[:port] specified");
    command_.server.endpoint = {read->address, read->port.value_or(port_)};
    return {};
  }

  Check take_forward(ForwardingMethod method) {
    command_.server.forward = method;
    return claim(Option::forward);
  }

  Check take_tunnel_type(const std::string& value) {
    if (auto refused = claim(Option::tunnel_type)) return refused;
    auto& type = command_.server.tunnel.type;
    if (value == "ipip") {
      type = TunnelType::ipip;
    } else if (value == "gue") {
      type = TunnelType::gue;
    } else if (value == "gre") {
      type = TunnelType::gre;
    } else {
      return usage("illegal tunnel type specified");
    }
    return {};
  }

  Check take_checksum(Option option, TunnelChecksum checksum) {
    command_.server.tunnel.checksum = checksum;
    return claim(option);
  }

  Check take_group(const std::string& value) {
    if (auto refused = claim(Option::multicast_group)) return refused;
    auto read = read_group(value);
    if (!read) return usage(std::move(read.error()));
    command_.sync_daemon.group = *read;
    return {};
  }

  Check apply_scheduler_flags() {
    auto flags = read_scheduler_flags(scheduler_flags_, scheduler_);
    if (!flags) return usage(std::move(flags.error()));
    command_.service.scheduler_flags = *flags;
    return {};
  }

  Check check_legality() {
    if (auto message = find_illegal(command_.verb, options_)) return usage(*std::move(message));
    command_.has_service = options_.has(Option::service);
    return {};
  }

  Check finish_service() {
    auto& service = command_.service;
    if (command_.verb != Verb::add_service && command_.verb != Verb::edit_service) return {};
    const auto* key = std::get_if<cluster::AddressKey>(&service.key);
    if (key != nullptr && key->endpoint.port == 0 && !persistence_) {
      return usage("Zero port specified for non-persistent service");
    }
    if (key != nullptr && service.one_packet && key->protocol != Protocol::udp) {
      return usage("One-Packet Scheduling is only for UDP virtual services");
    }
    if (!scheduler_.empty()) service.scheduler = scheduler_;
    service.persistence = persistence_;
    if (service.persistence) service.persistence->netmask = netmask_;
    return {};
  }

  Check finish_server() {
    auto& server = command_.server;
    if (command_.verb != Verb::add_server && command_.verb != Verb::edit_server) return {};
    const bool tunnelled = server.forward == ForwardingMethod::tunnel;
    const bool of_mark = std::holds_alternative<cluster::MarkKey>(command_.service.key);
    if (server.forward != ForwardingMethod::nat && !of_mark) server.endpoint.port = port_;
    if (server.endpoint.address.family() != family_ && !tunnelled) {
      return usage("Different address family is allowed only for tunneling servers");
    }
    constexpr OptionSet tunnel_options{Option::tunnel_type, Option::tunnel_port, Option::tunnel_nocsum,
                                       Option::tunnel_csum, Option::tunnel_remcsum};
    if (!tunnelled && options_.has_any(tunnel_options)) return usage("Tunnel options conflict with forward method");
    if (!tunnelled) return {};
    if (auto message = find_illegal(server.tunnel.type, options_)) return usage(*std::move(message));
    return {};
  }

  Check finish_list() {
    if (command_.verb != Verb::list) return {};
    constexpr OptionSet not_services{Option::connection, Option::timeout, Option::daemon};
    constexpr OptionSet no_connections{Option::timeout, Option::daemon};
    if ((options_.has_any(not_services) && options_.has_any({Option::stats, Option::rate, Option::thresholds})) ||
        (options_.has_any(no_connections) && options_.has(Option::persistent_connections))) {
      return usage("options conflicts in the list command");
    }
    command_.subject = subject();
    command_.format.columns = columns();
    command_.format.sorted = !options_.has(Option::nosort);
    return {};
  }

  [[nodiscard]] ListSubject subject() const {
    if (options_.has(Option::connection)) return ListSubject::connections;
    if (options_.has(Option::service)) return ListSubject::service;
    if (options_.has(Option::timeout)) return ListSubject::timeouts;
    if (options_.has(Option::daemon)) return ListSubject::sync_daemons;
    return ListSubject::table;
  }

  [[nodiscard]] Columns columns() const {
    if (options_.has(Option::stats)) return Columns::stats;
    if (options_.has(Option::rate)) return Columns::rate;
    if (options_.has(Option::thresholds)) return Columns::thresholds;
    if (options_.has(Option::persistent_connections)) return Columns::persistent_connections;
    if (options_.has(Option::tunnel_info)) return Columns::tunnel_info;
    return Columns::plain;
  }

  const std::string& program_;
  SwitchScanner scanner_;
  const Names& names_;
  Command command_;
  OptionSet options_;

  // What the line said about the service so far; switches to the right are read in its light.
  std::optional<Family> family_;
  std::uint8_t protocol_ = 0;
  std::uint16_t port_ = 0;
  std::uint32_t netmask_ = 0xffffffff;
  std::string scheduler_;
  std::string scheduler_flags_;
  std::optional<cluster::Persistence> persistence_;
};

}  // namespace

Refusal try_help(const std::string& program) {
  return {fmt::format("Try `{} -h' or '{} --help' for more information.", program, program), exit_code_of_popt};
}

std::expected<Command, Refusal> parse(std::span<const std::string> words, const Names& names) {
  return Parser(words, names).run();
}

}  // namespace ballast::ipvsadm
