// What virtual servers, their real servers and the checkers hand down: each overrides what is above it.
#pragma once

#include "config/keepalived/document.h"
#include "config/keepalived/keywords.h"

namespace ballast::config::keepalived {

/// When checks run and what their results count for.
struct Timing {
  std::optional<std::chrono::milliseconds> delay_loop;
  std::optional<std::chrono::milliseconds> connect_timeout;
  std::optional<std::chrono::milliseconds> delay_before_retry;
  std::optional<std::chrono::milliseconds> warmup;
  std::optional<std::uint32_t> retry;
  std::optional<bool> alpha;
  std::optional<bool> log_all_failures;

  /// What is not set is taken from `above`.
  void inherit(const Timing& above);
};

/// Reads one of the keywords of Timing. False where the node is none.
bool read_timing(Timing& timing, const Node& node, Context& context);
/// Their names, for the nearest to an unknown one.
std::span<const std::string_view> timing_keywords();

/// NAT, DR or TUN [type ipip|gue port N|gre [nocsum|csum|remcsum]].
struct Forwarding {
  cluster::ForwardingMethod method = cluster::ForwardingMethod::nat;
  cluster::Tunnel tunnel;
};
std::optional<Forwarding> read_forwarding(const Node& node, Context& context);

/// What a checker has from its real server and the file.
struct CheckerSurroundings {
  Timing timing;  ///< the real server's, with the virtual server's in it
  std::string virtual_host;
  const Document& document;
};

/// True for the keyword of a checker.
bool is_checker(std::string_view keyword);
std::span<const std::string_view> checker_keywords();
/// The checks of a checker's block: one, several (SMTP_CHECK with hosts), or none where it cannot be acted on.
std::vector<cluster::HealthCheck> read_checker(const Node& block, const CheckerSurroundings& surroundings,
                                               Context& context);

/// A block of type HTTP_GET or SSL_GET into `check`.
void read_http_checker(cluster::HealthCheck& check, Timing& timing, const Node& block,
                       const CheckerSurroundings& surroundings, Context& context);

/// Reads connect_ip and its kin. False where the node is none.
bool read_connection(cluster::HealthCheck& check, const Node& node, Context& context);
std::span<const std::string_view> connection_keywords();

}  // namespace ballast::config::keepalived
