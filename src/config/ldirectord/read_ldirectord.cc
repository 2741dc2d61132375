#include <fmt/format.h>

#include <algorithm>
#include <exception>

#include "config/ldirectord/checks.h"
#include "config/ldirectord/keywords.h"
#include "config/ldirectord/ldirectord.h"
#include "config/scalars.h"
#include "config/service_set.h"

namespace ballast::config {
namespace ldirectord {
namespace {

using cluster::VirtualService;

/// The virtual service's own fallback, else the file's.
const std::optional<Fallback>& fallback_of(const Virtual& virtual_service, const Globals& globals) {
  const bool ipv4 = virtual_service.family == net::Family::ipv4;
  const auto& own = ipv4 ? virtual_service.fallback : virtual_service.fallback6;
  return own ? own : ipv4 ? globals.fallback : globals.fallback6;
}

std::optional<cluster::RealServer> fallback_server(const Virtual& virtual_service,
                                                   const std::optional<Fallback>& fallback, Context& context) {
  if (!fallback) return std::nullopt;
  const auto address = address_of(fallback->host, virtual_service.family, fallback->at, context);
  const auto* key = std::get_if<cluster::AddressKey>(&*virtual_service.key);
  const auto port = fallback->port.empty()
                        ? std::optional<std::uint16_t>(key == nullptr ? std::uint16_t{0} : key->endpoint.port)
                        : port_of(fallback->port, virtual_service.protocol, fallback->at, context);
  if (!address || !port) return std::nullopt;
  return cluster::RealServer{
      .endpoint = {.address = *address, .port = *port}, .forward = fallback->forward, .tunnel = {}};
}

std::optional<cluster::MailAlert> alert_of(const Virtual& virtual_service, const Globals& globals) {
  const auto to = virtual_service.mail_to ? virtual_service.mail_to : globals.mail_to;
  const bool wanted = virtual_service.mail_while_running.value_or(globals.mail_while_running.value_or(true));
  if (!to || to->empty() || !wanted) return std::nullopt;
  return cluster::MailAlert{
      .to = *to,
      .from = globals.mail_from,
      .server = virtual_service.mail_server.value_or(globals.mail_server.value_or("")),
      .helo = {},
      .repeat = virtual_service.mail_repeat.value_or(globals.mail_repeat.value_or(std::chrono::seconds(0)))};
}

void read_scheduler_flags(const Virtual& virtual_service, VirtualService& service, Context& context) {
  for (const std::string& name : list_of(virtual_service.scheduler_flags)) {
    const auto flag = parse_scheduler_flag(name, service.scheduler);
    if (flag) {
      service.scheduler_flags |= *flag;
    } else {
      context.report.error(virtual_service.at, fmt::format("schedflags: {}", flag.error().message));
    }
  }
}

void read_persistence(const Virtual& virtual_service, VirtualService& service, Context& context) {
  if (!virtual_service.persistent) {
    if (!virtual_service.netmask.empty()) {
      context.report.warning(virtual_service.netmask_at, "netmask without persistent has no effect");
    }
    return;
  }
  service.persistence.emplace();
  service.persistence->timeout = *virtual_service.persistent;
  if (virtual_service.family == net::Family::ipv6) service.persistence->netmask = 128;
  if (virtual_service.netmask.empty()) return;
  const auto mask = parse_netmask(virtual_service.netmask, virtual_service.family);
  if (mask) {
    service.persistence->netmask = *mask;
  } else {
    context.report.error(virtual_service.netmask_at, fmt::format("netmask: {}", mask.error().message));
  }
}

PlacedService placed_service(const Virtual& virtual_service, const Globals& globals, Context& context) {
  PlacedService placed{.service = {}, .at = virtual_service.at, .servers_at = {}};
  VirtualService& service = placed.service;
  service.key = *virtual_service.key;
  service.scheduler = virtual_service.scheduler;
  read_scheduler_flags(virtual_service, service, context);
  read_persistence(virtual_service, service, context);
  service.one_packet = virtual_service.one_packet && virtual_service.protocol == cluster::Protocol::udp;
  const auto& fallback = fallback_of(virtual_service, globals);
  service.fallback = fallback_server(virtual_service, fallback, context);
  if (fallback) placed.fallback_at = fallback->at;
  service.fallback_command = virtual_service.fallback_command.value_or(globals.fallback_command.value_or(""));
  if (auto alert = alert_of(virtual_service, globals)) service.alerts.push_back(std::move(*alert));
  service.maintenance_directory = globals.maintenance_directory;
  service.origin = cluster::Origin::file;
  for (const Real& real : virtual_service.reals) {
    service.servers.push_back({.endpoint = {.address = real.address, .port = real.port},
                               .forward = real.forward,
                               .tunnel = {},
                               .weight = real.weight,
                               .upper_threshold = real.upper_threshold,
                               .lower_threshold = real.lower_threshold,
                               .health = health_of(virtual_service, real, globals, context)});
    placed.servers_at.push_back(real.at);
  }
  warn_about_checks(virtual_service, context);
  if (virtual_service.check_interval && !globals.fork) {
    context.report.warning(virtual_service.at, "checkinterval of a virtual service is not acted on with fork=no");
  }
  return placed;
}

Reading read(std::string_view text, const std::shared_ptr<const std::string>& file, Report& report,
             const Names& names) {
  Context context{report, names};
  const Lines lines = split(text, file, report);
  Globals globals;
  for (const Setting& setting : lines.globals) read_global(globals, setting, context);
  ServiceSet services(report);
  for (const Block& block : lines.blocks) {
    if (report.full()) break;
    const Virtual virtual_service = read_virtual(block, context);
    // One whose address is wrong is told of already, and has no key to be compared with others'.
    if (virtual_service.key) services.add(placed_service(virtual_service, globals, context));
  }
  Reading reading;
  reading.cluster.services = services.take_services();
  reading.service_places = services.take_places();
  if (globals.autoreload || !globals.callback.empty()) {
    reading.wishes.push_back({.path = *file, .follow = globals.autoreload, .callback = globals.callback});
  }
  return reading;
}

}  // namespace
}  // namespace ldirectord

std::expected<Reading, std::vector<Problem>> read_ldirectord(std::string_view text, const std::string& file_name,
                                                             const Names& names) {
  const auto file = std::make_shared<const std::string>(file_name);
  try {
    Report report;
    Reading reading = ldirectord::read(text, file, report, names);
    if (report.has_errors()) return std::unexpected(report.errors());
    reading.warnings = report.warnings();
    reading.files = {file_name};
    return reading;
  } catch (const std::exception& error) {
    const Problem problem{.file = file_name, .at = {}, .message = fmt::format("cannot be read: {}", error.what())};
    return std::unexpected(std::vector<Problem>{problem});
  }
}

}  // namespace ballast::config
