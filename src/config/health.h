// How real servers are watched, in the native configuration: checks, fallback, quorum, alerts.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cluster/model.h"
#include "config/value.h"

namespace ballast::config {

/// Reads `check:`, a word ("tcp", "none"), a map, or a list of those. Those with problems are left out.
std::vector<cluster::HealthCheck> read_checks(const Value& value);
/// What read_checks() reads: "none", "tcp", "{type: http, path: \"/up\"}", "[tcp, {type: icmp}]".
std::string checks_text(const std::vector<cluster::HealthCheck>& checks);

/// What a pool, a service or a server says of how its servers are watched; what it does not say, the next one outside
/// does.
struct Watching {
  std::optional<std::vector<cluster::HealthCheck>> checks;
  std::optional<cluster::OnFailure> on_failure;
  std::optional<std::string> up_command;
  std::optional<std::string> down_command;
  std::optional<std::string> command_user;
  bool disabled = false;  ///< servers only

  /// With what `outer` says where this one is silent.
  [[nodiscard]] Watching within(const Watching& outer) const;
  [[nodiscard]] cluster::ServerHealth health() const;
};
Watching read_watching(const Fields& fields);
/// ", check: tcp, on_failure: quiescent": what a server has to say that is not as its service has it.
std::string watching_text(const cluster::ServerHealth& health, const cluster::ServerHealth& common);
/// The same of a service or pool, a "key: value" each.
std::vector<std::string> watching_lines(const cluster::ServerHealth& health);

/// What a pool or a service says of itself as a whole, but for its fallback, which is a server.
struct ServiceCare {
  std::optional<std::string> fallback_command;
  std::optional<cluster::Quorum> quorum;
  std::optional<std::vector<cluster::MailAlert>> alerts;
  std::optional<std::string> maintenance_directory;

  [[nodiscard]] ServiceCare within(const ServiceCare& outer) const;
  void give_to(cluster::VirtualService& service) const;
};
ServiceCare read_care(const Fields& fields);
/// Reads `alerts:`, one or a list: an address, or a map.
std::vector<cluster::MailAlert> read_alerts(const Value& value);
/// What read_alerts() reads.
std::string alerts_text(const std::vector<cluster::MailAlert>& alerts);
/// "key: value" of everything that is not the default.
std::vector<std::string> care_lines(const cluster::VirtualService& service);

}  // namespace ballast::config
