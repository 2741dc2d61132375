#include "control/desired.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <set>

#include "cluster/service_way.h"

namespace ballast::control {
namespace {

using cluster::Cluster;
using cluster::Origin;
using cluster::ServiceKey;
using cluster::VirtualService;

void override_timeout(std::chrono::seconds& timeout, std::chrono::seconds by_command, std::string_view name,
                      std::vector<std::string>& notes) {
  if (by_command.count() == 0 || by_command == timeout) return;
  notes.push_back(fmt::format("the {} timeout stays at {} s, as a command set it; the configuration says {} s", name,
                              by_command.count(), timeout.count()));
  timeout = by_command;
}

/// Where services stand among others does not change them; neither does who made them.
bool same(const VirtualService& a, const VirtualService& b) {
  VirtualService other = b;
  other.origin = a.origin;
  return a == other;
}

std::map<ServiceKey, const VirtualService*> by_key(const Cluster& cluster) {
  std::map<ServiceKey, const VirtualService*> services;
  for (const auto& service : cluster.services) services.emplace(service.key, &service);
  return services;
}

std::map<std::string, const cluster::VrrpInstance*> by_name(const Cluster& cluster) {
  std::map<std::string, const cluster::VrrpInstance*> instances;
  for (const auto& instance : cluster.vrrp.instances) instances.emplace(instance.name, &instance);
  return instances;
}

bool same_besides_instances(const cluster::VrrpSettings& a, const cluster::VrrpSettings& b) {
  cluster::VrrpSettings other = b;
  other.instances = a.instances;
  return a == other;
}

/// "2 services added, 1 changed, 1 removed", or nothing.
template <typename Things, typename Same>
std::string changes(std::string_view thing, const Things& before, const Things& after, Same same) {
  std::size_t added = 0;
  std::size_t changed = 0;
  for (const auto& [key, one] : after) {
    const auto old = before.find(key);
    added += old == before.end() ? 1 : 0;
    changed += old != before.end() && !same(*old->second, *one) ? 1 : 0;
  }
  const std::size_t removed = before.size() + added - after.size();
  std::string text;
  const auto say = [&](std::size_t count, std::string_view what) {
    if (count == 0) return;
    text += text.empty() ? fmt::format("{} {}{} {}", count, thing, count == 1 ? "" : "s", what)
                         : fmt::format(", {} {}", count, what);
  };
  say(added, "added");
  say(changed, "changed");
  say(removed, "removed");
  return text;
}

bool has_remote_checksum(const cluster::RealServer& server) {
  return server.forward == cluster::ForwardingMethod::tunnel &&
         server.tunnel.checksum == cluster::TunnelChecksum::remote;
}

/// A check asks for the service's own way, and there is none.
bool lacks_own_way(const VirtualService& service, const cluster::RealServer& server) {
  return server.forward != cluster::ForwardingMethod::nat && !cluster::has_own_way(service, server) &&
         std::ranges::any_of(server.health.checks, &cluster::HealthCheck::through_service);
}

}  // namespace

Desired combine(Cluster file, const CommandState& commands) {
  Desired desired{std::move(file), {}};
  for (auto& service : desired.cluster.services) service.origin = Origin::file;
  std::set<ServiceKey> in_file;
  for (const auto& service : desired.cluster.services) {
    for (const auto& key : keys_of(service)) in_file.insert(key);
  }
  std::vector<VirtualService> added;
  for (const auto& service : commands.services) {
    if (std::ranges::any_of(keys_of(service), [&](const auto& key) { return in_file.contains(key); })) {
      desired.notes.push_back(
          fmt::format("service {} of a command gives way to the one in the configuration", to_string(service.key)));
    } else {
      added.push_back(service);
      added.back().origin = Origin::command;
    }
  }
  std::ranges::move(added, std::back_inserter(desired.cluster.services));
  auto& timeouts = desired.cluster.director.timeouts;
  override_timeout(timeouts.tcp, commands.timeouts.tcp, "tcp", desired.notes);
  override_timeout(timeouts.tcp_fin, commands.timeouts.tcp_fin, "tcp_fin", desired.notes);
  override_timeout(timeouts.udp, commands.timeouts.udp, "udp", desired.notes);
  for (const auto& daemon : commands.kernel_sync) {
    const bool in_file_too = std::ranges::any_of(desired.cluster.sync.kernel, [&](const auto& one) {
      return (one.master && daemon.master) || (one.backup && daemon.backup);
    });
    if (!in_file_too) desired.cluster.sync.kernel.push_back(daemon);
  }
  return desired;
}

std::vector<VirtualService> services_of_commands(const Cluster& cluster) {
  std::vector<VirtualService> made;
  std::ranges::copy_if(cluster.services, std::back_inserter(made),
                       [](const VirtualService& service) { return service.origin == Origin::command; });
  return made;
}

std::string describe_change(const Cluster& before, const Cluster& after) {
  std::vector<std::string> parts = {changes("service", by_key(before), by_key(after), same),
                                    changes("virtual router", by_name(before), by_name(after), std::equal_to<>())};
  const auto note = [&](bool changed, std::string_view what) {
    if (changed) parts.push_back(fmt::format("{} changed", what));
  };
  note(!same_besides_instances(before.vrrp, after.vrrp), "VRRP settings");
  note(before.sync != after.sync, "synchronization");
  note(before.director != after.director, "director settings");
  std::erase(parts, "");
  return parts.empty() ? "nothing" : fmt::format("{}", fmt::join(parts, "; "));
}

std::vector<std::string> shortcomings(const Cluster& cluster) {
  std::vector<std::string> lines;
  for (const auto& service : cluster.services) {
    if (std::ranges::any_of(service.servers, has_remote_checksum)) {
      lines.push_back(fmt::format(
          "remote checksum offload of {} is kept and listed, but not yet acted on: its packets go out without "
          "an outer checksum",
          to_string(service.key)));
    }
    if (std::ranges::any_of(service.servers, [&](const auto& server) { return lacks_own_way(service, server); })) {
      lines.push_back(
          fmt::format("{}: through_service is for a service with an address of its servers' family; these "
                      "are asked by their own addresses",
                      to_string(service.key)));
    }
  }
  for (const auto& instance : cluster.vrrp.instances) {
    if (instance.notify.mail && cluster.vrrp.alerts.empty()) {
      lines.push_back(
          fmt::format("VRRP instance {}: no mail is sent about changes: vrrp has no alerts", instance.name));
    }
  }
  return lines;
}

}  // namespace ballast::control
