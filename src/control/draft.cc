#include "control/draft.h"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "cluster/edit.h"

namespace ballast::control {
namespace {

using cluster::Cluster;
using cluster::Origin;
using cluster::VirtualService;

/// Whether commands could make this service and its servers.
Result<void> check(const VirtualService& service) {
  Cluster alone;
  if (auto added = cluster::add_service(alone, service); !added) return added;
  for (const auto& server : service.servers) {
    if (auto added = cluster::add_server(alone, service.key, server); !added) return added;
  }
  return {};
}

}  // namespace

Result<void> set_timeouts(Draft& draft, const cluster::Timeouts& timeouts) {
  if (auto set = cluster::set_timeouts(draft.cluster, timeouts); !set) return set;
  const auto take = [](std::chrono::seconds& kept, std::chrono::seconds set) {
    if (set.count() != 0) kept = set;
  };
  take(draft.command_timeouts.tcp, timeouts.tcp);
  take(draft.command_timeouts.tcp_fin, timeouts.tcp_fin);
  take(draft.command_timeouts.udp, timeouts.udp);
  return {};
}

Result<void> zero(Draft& draft, const std::optional<cluster::ServiceKey>& key) {
  if (key && cluster::find_service(std::as_const(draft.cluster), *key) == nullptr) {
    return fail(fmt::format("no service {}", to_string(*key)), ESRCH);
  }
  draft.zeroed.push_back(key);
  return {};
}

Result<void> replace_services(Draft& draft, const std::vector<VirtualService>& services) {
  std::map<cluster::ServiceKey, const VirtualService*> wanted;
  for (const auto& service : services) {
    if (auto checked = check(service); !checked) return checked;
    if (!wanted.emplace(service.key, &service).second) {
      return fail(fmt::format("service {}: is there twice", to_string(service.key)), EEXIST);
    }
  }
  std::vector<VirtualService> all;
  const auto take = [&all](const VirtualService& service, Origin origin) {
    all.push_back(service);
    all.back().origin = origin;
  };
  for (const auto& service : draft.cluster.services) {
    if (service.origin != Origin::file) continue;
    const auto instead = wanted.find(service.key);
    take(instead == wanted.end() ? service : *instead->second, Origin::file);
    if (instead != wanted.end()) wanted.erase(instead);
  }
  for (const auto& service : services) {
    if (wanted.contains(service.key)) take(service, Origin::command);
  }
  draft.cluster.services = std::move(all);
  return {};
}

}  // namespace ballast::control
