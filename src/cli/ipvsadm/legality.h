// Which options a command may have, must have, and may not have together.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "cluster/model.h"

namespace ballast::ipvsadm {

enum class Verb : std::uint8_t {
  add_service,
  edit_service,
  delete_service,
  flush,
  list,
  add_server,
  delete_server,
  edit_server,
  set_timeouts,
  start_daemon,
  stop_daemon,
  restore,
  save,
  zero,
  help,
  version,
};

/// What a switch stands for where legality is concerned, in the order in which the real command looks at them: with two
/// that are wrong, the first is reported.
enum class Option : std::uint8_t {
  numeric,
  connection,
  service,
  scheduler,
  persistent,
  netmask,
  server,
  forward,
  weight,
  upper_threshold,
  lower_threshold,
  multicast_interface,
  timeout,
  daemon,
  stats,
  rate,
  thresholds,
  persistent_connections,
  nosort,
  syncid,
  exact,
  one_packet,
  engine,
  scheduler_flags,
  multicast_group,
  multicast_port,
  multicast_ttl,
  sync_maxlen,
  tunnel_info,
  tunnel_type,
  tunnel_port,
  tunnel_nocsum,
  tunnel_csum,
  tunnel_remcsum,
};
inline constexpr std::size_t option_count = static_cast<std::size_t>(Option::tunnel_remcsum) + 1;

class OptionSet {
 public:
  OptionSet() = default;
  constexpr OptionSet(std::initializer_list<Option> options) {
    for (const auto option : options) bits_ |= bit(option);
  }
  void insert(Option option) { bits_ |= bit(option); }
  [[nodiscard]] constexpr bool has(Option option) const { return (bits_ & bit(option)) != 0; }
  [[nodiscard]] constexpr bool has_any(OptionSet other) const { return (bits_ & other.bits_) != 0; }

 private:
  static constexpr std::uint64_t bit(Option option) { return std::uint64_t{1} << static_cast<unsigned>(option); }
  std::uint64_t bits_ = 0;
};

/// "service-address", "real-server" ...
std::string_view name(Option option);

/// nullopt where `options` go with `verb`; else the message of the real command.
std::optional<std::string> find_illegal(Verb verb, OptionSet options);
/// The same for the tunnel options of a real server whose packets are tunnelled.
std::optional<std::string> find_illegal(cluster::TunnelType type, OptionSet options);

}  // namespace ballast::ipvsadm
