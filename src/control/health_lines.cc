#include "control/health_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "cluster/effective.h"

namespace ballast::control {
namespace {

using cluster::RealServer;
using cluster::VirtualService;

/// "10.0.0.1:80", "fwmark 7"
std::string name_of(const cluster::ServiceKey& key) {
  const auto* address = std::get_if<cluster::AddressKey>(&key);
  return address != nullptr ? address->endpoint.to_string() : to_string(key);
}

class ServiceLines {
 public:
  ServiceLines(const VirtualService& before, const VirtualService& after, const cluster::ServiceVerdict& verdict)
      : before_(before), after_(after), verdict_(verdict), fallback_(fallback_of(after)) {}

  /// In ldirectord's order: a fallback goes behind the server that it gives way to.
  void append_to(std::vector<std::string>& lines) {
    append_deleted(lines, true);
    for (const auto& server : after_.servers) {
      const auto* old = find(before_, server);
      if (old == nullptr) {
        lines.push_back(line("Added", server, true));
      } else if (old->weight != server.weight) {
        lines.push_back(line(server.weight == 0 ? "Quiescent" : "Restored", server, true));
      }
    }
    append_deleted(lines, false);
  }

 private:
  void append_deleted(std::vector<std::string>& lines, bool real) const {
    for (const auto& server : before_.servers) {
      const bool is_real = verdict_.servers.contains(server.endpoint);
      if (is_real == real && find(after_, server) == nullptr) lines.push_back(line("Deleted", server, false));
    }
  }

  static const RealServer* find(const VirtualService& service, const RealServer& server) {
    const auto found = std::ranges::find(service.servers, server.endpoint, &RealServer::endpoint);
    return found == service.servers.end() ? nullptr : &*found;
  }

  std::string line(std::string_view verb, const RealServer& server, bool has_weight) const {
    const auto known = verdict_.servers.find(server.endpoint);
    const bool is_real = known != verdict_.servers.end();
    std::string text = fmt::format("{} {} server: {} ({})", verb, is_real ? "real" : "fallback",
                                   server.endpoint.to_string(), name_of(after_.key));
    if (has_weight) text += fmt::format(" (Weight set to {})", server.weight);
    if (is_real && !verdict_.up && known->second.up && fallback_) return text + ": gives way to the fallback";
    if (is_real && !known->second.reason.empty()) text += ": " + known->second.reason;
    return text;
  }

  const VirtualService& before_;
  const VirtualService& after_;
  const cluster::ServiceVerdict& verdict_;
  std::optional<RealServer> fallback_;
};

}  // namespace

std::vector<std::string> health_lines(const cluster::Cluster& before, const cluster::Cluster& after,
                                      const cluster::Health& health) {
  std::map<cluster::ServiceKey, const VirtualService*> old;
  for (const auto& service : before.services) old.emplace(service.key, &service);
  std::vector<std::string> lines;
  for (const auto& service : after.services) {
    const auto found = old.find(service.key);
    const auto verdict = health.find(service.key);
    if (found == old.end() || verdict == health.end() || found->second->servers == service.servers) continue;
    ServiceLines(*found->second, service, verdict->second).append_to(lines);
  }
  return lines;
}

}  // namespace ballast::control
