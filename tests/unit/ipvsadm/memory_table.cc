#include "memory_table.h"

#include <algorithm>
#include <utility>

#include "cluster/edit.h"

namespace ballast::ipvsadm {
namespace {

/// Of the machine on which the recordings were made.
const std::set<std::string> modules = {"rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh",
                                       "sh", "sed", "nq", "fo",  "ovf",  "mh",    "none"};
const std::set<std::string> engines = {"", "sip"};
const std::set<std::string> interfaces = {"lo", "dir0", "dir1"};

/// What ip_vs fills in for an Ethernet interface.
SyncDaemon with_defaults(SyncDaemon daemon) {
  if (!daemon.group) daemon.group = net::Address::parse("224.0.0.81");
  if (daemon.longest_message == 0) daemon.longest_message = daemon.group->is_ipv4() ? 1472 : 1452;
  if (daemon.port == 0) daemon.port = 8848;
  if (daemon.ttl == 0) daemon.ttl = 1;
  return daemon;
}

}  // namespace

Result<void> MemoryTable::open() {
  if (closed) return std::unexpected(*closed);
  return {};
}

control::ServiceView MemoryTable::view_of(const cluster::VirtualService& service) const {
  control::ServiceView view;
  view.service = service;
  view.service.servers.clear();
  for (auto server = service.servers.rbegin(); server != service.servers.rend(); ++server) {
    view.servers.emplace_back().server = *server;
  }
  return view;
}

Result<std::vector<control::ServiceView>> MemoryTable::services() {
  std::vector<control::ServiceView> views;
  views.reserve(cluster.services.size());
  for (const auto& service : cluster.services) views.push_back(view_of(service));
  return views;
}

Result<control::ServiceView> MemoryTable::service(const cluster::ServiceKey& key) {
  const auto* found = cluster::find_service(cluster, key);
  if (found == nullptr) return fail("no such service", ESRCH);
  return view_of(*found);
}

Result<void> MemoryTable::connections(const std::function<void(const control::ConnectionView&)>& visit) {
  std::ranges::for_each(open_connections, visit);
  return {};
}

Result<cluster::Timeouts> MemoryTable::timeouts() { return cluster.director.timeouts; }

Result<void> MemoryTable::edit_with_all_modules(const cluster::VirtualService& service,
                                                Result<void> (*edit)(cluster::Cluster&,
                                                                     const cluster::VirtualService&)) {
  auto known = service;
  known.scheduler = modules.contains(service.scheduler) ? "wlc" : "";
  if (engines.contains(service.persistence_engine)) known.persistence_engine.clear();
  if (auto edited = edit(cluster, known); !edited) return edited;
  auto* made = cluster::find_service(cluster, service.key);
  made->scheduler = service.scheduler;
  made->persistence_engine = service.persistence_engine;
  return {};
}

Result<void> MemoryTable::add_service(const cluster::VirtualService& service) {
  return done(edit_with_all_modules(service, cluster::add_service));
}

Result<void> MemoryTable::edit_service(const cluster::VirtualService& service) {
  return done(edit_with_all_modules(service, cluster::edit_service));
}

Result<void> MemoryTable::delete_service(const cluster::ServiceKey& key) {
  return done(cluster::delete_service(cluster, key));
}

Result<void> MemoryTable::add_server(const cluster::ServiceKey& key, const cluster::RealServer& server) {
  return done(cluster::add_server(cluster, key, server));
}

Result<void> MemoryTable::edit_server(const cluster::ServiceKey& key, const cluster::RealServer& server) {
  return done(cluster::edit_server(cluster, key, server));
}

Result<void> MemoryTable::delete_server(const cluster::ServiceKey& key, const net::Endpoint& endpoint) {
  return done(cluster::delete_server(cluster, key, endpoint));
}

Result<void> MemoryTable::clear() {
  cluster::clear(cluster);
  return done({});
}

Result<void> MemoryTable::zero(const std::optional<cluster::ServiceKey>& key) {
  if (key && cluster::find_service(cluster, *key) == nullptr) return done(fail("no such service", ESRCH));
  return done({});
}

Result<void> MemoryTable::set_timeouts(const cluster::Timeouts& timeouts) {
  return done(cluster::set_timeouts(cluster, timeouts));
}

Result<void> MemoryTable::done(Result<void> result) {
  if (!noted_) return result;
  noted_->push_back(std::move(result));
  return {};
}

Result<std::vector<Result<void>>> MemoryTable::commit() { return *std::exchange(noted_, std::nullopt); }

Result<std::vector<SyncDaemon>> MemoryTable::sync_daemons() {
  std::ranges::sort(daemons_, {}, &SyncDaemon::role);
  return daemons_;
}

Result<void> MemoryTable::start_sync_daemon(const SyncDaemon& daemon) {
  if (std::ranges::find(daemons_, daemon.role, &SyncDaemon::role) != daemons_.end()) return fail("it runs", EEXIST);
  if (!interfaces.contains(daemon.interface)) return fail("no such interface", ENODEV);
  daemons_.push_back(with_defaults(daemon));
  return {};
}

Result<void> MemoryTable::stop_sync_daemon(SyncRole role) {
  const auto stopped = std::erase_if(daemons_, [&](const SyncDaemon& daemon) { return daemon.role == role; });
  if (stopped == 0) return fail("none runs", ESRCH);
  return {};
}

}  // namespace ballast::ipvsadm
