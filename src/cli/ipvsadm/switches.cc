#include "cli/ipvsadm/switches.h"

#include <algorithm>
#include <array>
#include <utility>

namespace ballast::ipvsadm {
namespace {

enum class Argument : std::uint8_t { none, required, optional };

struct Spec {
  Switch id;
  std::string_view long_name;
  char short_name;  ///< 0: none
  Argument argument;
};

constexpr std::array specs = {
    Spec{Switch::add_service, "add-service", 'A', Argument::none},
    Spec{Switch::edit_service, "edit-service", 'E', Argument::none},
    Spec{Switch::delete_service, "delete-service", 'D', Argument::none},
    Spec{Switch::clear, "clear", 'C', Argument::none},
    Spec{Switch::list, "list", 'L', Argument::none},
    Spec{Switch::list, "list", 'l', Argument::none},
    Spec{Switch::zero, "zero", 'Z', Argument::none},
    Spec{Switch::add_server, "add-server", 'a', Argument::none},
    Spec{Switch::edit_server, "edit-server", 'e', Argument::none},
    Spec{Switch::delete_server, "delete-server", 'd', Argument::none},
    Spec{Switch::set, "set", 0, Argument::none},
    Spec{Switch::start_daemon, "start-daemon", 0, Argument::required},
    Spec{Switch::stop_daemon, "stop-daemon", 0, Argument::required},
    Spec{Switch::restore, "restore", 'R', Argument::none},
    Spec{Switch::save, "save", 'S', Argument::none},
    Spec{Switch::help, "help", 'h', Argument::none},
    Spec{Switch::version, "version", 'v', Argument::none},
    Spec{Switch::tcp_service, "tcp-service", 't', Argument::required},
    Spec{Switch::udp_service, "udp-service", 'u', Argument::required},
    Spec{Switch::sctp_service, "sctp-service", 0, Argument::required},
    Spec{Switch::fwmark_service, "fwmark-service", 'f', Argument::required},
    Spec{Switch::ipv6, "ipv6", '6', Argument::none},
    Spec{Switch::scheduler, "scheduler", 's', Argument::required},
    Spec{Switch::engine, "pe", 0, Argument::required},
    Spec{Switch::persistent, "persistent", 'p', Argument::optional},
    Spec{Switch::netmask, "netmask", 'M', Argument::required},
    Spec{Switch::real_server, "real-server", 'r', Argument::required},
    Spec{Switch::masquerading, "masquerading", 'm', Argument::none},
    Spec{Switch::ipip, "ipip", 'i', Argument::none},
    Spec{Switch::gatewaying, "gatewaying", 'g', Argument::none},
    Spec{Switch::tunnel_type, "tun-type", 0, Argument::required},
    Spec{Switch::tunnel_port, "tun-port", 0, Argument::required},
    Spec{Switch::tunnel_nocsum, "tun-nocsum", 0, Argument::none},
    Spec{Switch::tunnel_csum, "tun-csum", 0, Argument::none},
    Spec{Switch::tunnel_remcsum, "tun-remcsum", 0, Argument::none},
    Spec{Switch::weight, "weight", 'w', Argument::required},
    Spec{Switch::upper_threshold, "u-threshold", 'x', Argument::required},
    Spec{Switch::lower_threshold, "l-threshold", 'y', Argument::required},
    Spec{Switch::numeric, "numeric", 'n', Argument::none},
    Spec{Switch::connection, "connection", 'c', Argument::none},
    Spec{Switch::multicast_interface, "mcast-interface", 0, Argument::required},
    Spec{Switch::multicast_group, "mcast-group", 0, Argument::required},
    Spec{Switch::multicast_port, "mcast-port", 0, Argument::required},
    Spec{Switch::multicast_ttl, "mcast-ttl", 0, Argument::required},
    Spec{Switch::syncid, "syncid", 0, Argument::required},
    Spec{Switch::sync_maxlen, "sync-maxlen", 0, Argument::required},
    Spec{Switch::timeout, "timeout", 0, Argument::none},
    Spec{Switch::daemon, "daemon", 0, Argument::none},
    Spec{Switch::stats, "stats", 0, Argument::none},
    Spec{Switch::rate, "rate", 0, Argument::none},
    Spec{Switch::thresholds, "thresholds", 0, Argument::none},
    Spec{Switch::persistent_connections, "persistent-conn", 0, Argument::none},
    Spec{Switch::tunnel_info, "tun-info", 0, Argument::none},
    Spec{Switch::nosort, "nosort", 0, Argument::none},
    Spec{Switch::sort, "sort", 0, Argument::none},
    Spec{Switch::exact, "exact", 'X', Argument::none},
    Spec{Switch::one_packet, "ops", 'o', Argument::none},
    Spec{Switch::scheduler_flags, "sched-flags", 'b', Argument::required},
};

const Spec* find_long(std::string_view name) {
  const auto* found = std::ranges::find(specs, name, &Spec::long_name);
  return found == specs.end() ? nullptr : found;
}

const Spec* find_short(char name) {
  const auto* found = name == 0 ? specs.end() : std::ranges::find(specs, name, &Spec::short_name);
  return found == specs.end() ? nullptr : found;
}

constexpr SwitchScanner::Wrong unknown{"unknown option"};
constexpr SwitchScanner::Wrong missing{"missing argument"};
constexpr SwitchScanner::Wrong unwanted{"option does not take an argument"};

}  // namespace

std::variant<SwitchScanner::Found, SwitchScanner::Wrong, SwitchScanner::End> SwitchScanner::next() {
  while (bundle_.empty()) {
    if (position_ == words_.size()) return End{};
    const std::string& word = words_[position_++];
    if (only_others_ || word.size() < 2 || word[0] != '-') {
      others_.push_back(word);
    } else if (word == "--") {
      only_others_ = true;
    } else if (word[1] == '-') {
      return next_long(std::string_view(word).substr(2));
    } else {
      bundle_ = std::string_view(word).substr(1);
    }
  }
  return next_short();
}

std::variant<SwitchScanner::Found, SwitchScanner::Wrong, SwitchScanner::End> SwitchScanner::next_long(
    std::string_view text) {
  const auto equals = text.find('=');
  const Spec* spec = find_long(text.substr(0, equals));
  if (spec == nullptr) return unknown;
  if (equals != std::string_view::npos) {
    if (spec->argument == Argument::none) return unwanted;
    return Found{spec->id, std::string(text.substr(equals + 1))};
  }
  if (spec->argument == Argument::none) return Found{spec->id, std::nullopt};
  auto value = take_word(spec->argument == Argument::optional);
  if (!value && spec->argument == Argument::required) return missing;
  return Found{spec->id, std::move(value)};
}

std::variant<SwitchScanner::Found, SwitchScanner::Wrong, SwitchScanner::End> SwitchScanner::next_short() {
  const Spec* spec = find_short(bundle_.front());
  if (spec == nullptr) return unknown;
  bundle_.remove_prefix(1);
  const bool assigned = bundle_.starts_with('=');
  if (assigned) bundle_.remove_prefix(1);
  if (spec->argument == Argument::none) {
    if (assigned) return unwanted;
    return Found{spec->id, std::nullopt};
  }
  if (assigned || !bundle_.empty()) return Found{spec->id, std::string(std::exchange(bundle_, {}))};
  auto value = take_word(spec->argument == Argument::optional);
  if (!value && spec->argument == Argument::required) return missing;
  return Found{spec->id, std::move(value)};
}

std::optional<std::string> SwitchScanner::take_word(bool optional) {
  if (position_ == words_.size()) return std::nullopt;
  if (optional && words_[position_].starts_with('-')) return std::nullopt;
  return words_[position_++];
}

}  // namespace ballast::ipvsadm
