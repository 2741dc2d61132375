// The switches of the command line, and how words become switches: the rules of popt, which the real command uses.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ballast::ipvsadm {

enum class Switch : std::uint8_t {
  // commands: one of them must be the first switch
  add_service,
  edit_service,
  delete_service,
  clear,
  list,
  add_server,
  edit_server,
  delete_server,
  set,
  start_daemon,
  stop_daemon,
  restore,
  save,
  zero,
  help,
  version,
  // options
  tcp_service,
  udp_service,
  sctp_service,
  fwmark_service,
  ipv6,
  scheduler,
  engine,
  persistent,
  netmask,
  real_server,
  masquerading,
  ipip,
  gatewaying,
  tunnel_type,
  tunnel_port,
  tunnel_nocsum,
  tunnel_csum,
  tunnel_remcsum,
  weight,
  upper_threshold,
  lower_threshold,
  numeric,
  connection,
  multicast_interface,
  multicast_group,
  multicast_port,
  multicast_ttl,
  syncid,
  sync_maxlen,
  timeout,
  daemon,
  stats,
  rate,
  thresholds,
  persistent_connections,
  tunnel_info,
  nosort,
  sort,
  exact,
  one_packet,
  scheduler_flags,
};

/// Takes the words after the program's name apart, from left to right:
/// "-Lnc" are three switches; "-w5", "-w=5", "-w 5", "--weight=5", "--weight 5" give a value; long names may not be
/// shortened; the value of --persistent may be missing, and is, where the next word begins with '-'; "--" ends the
/// switches; "-" and words that begin otherwise are no switches.
class SwitchScanner {
 public:
  /// `words` must outlive the scanner.
  explicit SwitchScanner(std::span<const std::string> words) : words_(words) {}

  struct Found {
    Switch id;
    std::optional<std::string> value;
  };
  /// What is wrong with last_word(): "unknown option", "missing argument", "option does not take an argument".
  struct Wrong {
    std::string_view reason;
  };
  struct End {};
  std::variant<Found, Wrong, End> next();

  /// The word that was read last, which is the one to name in a message.
  [[nodiscard]] const std::string& last_word() const { return words_[position_ - 1]; }
  /// The words that are no switches, complete after End.
  [[nodiscard]] const std::vector<std::string>& others() const { return others_; }

 private:
  std::variant<Found, Wrong, End> next_long(std::string_view text);
  std::variant<Found, Wrong, End> next_short();
  /// The next word as a value. nullopt: there is none, or `optional` and it begins with '-'.
  std::optional<std::string> take_word(bool optional);

  std::span<const std::string> words_;
  std::size_t position_ = 0;
  std::string_view bundle_;  ///< letters of the last word that are still to be read
  bool only_others_ = false;
  std::vector<std::string> others_;
};

}  // namespace ballast::ipvsadm
