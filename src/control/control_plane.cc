#include "control/control_plane.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <random>
#include <set>
#include <utility>

#include "base/log.h"
#include "cluster/effective.h"
#include "control/health_lines.h"
#include "control/health_views.h"
#include "control/synchronization.h"
#include "control/version.h"

namespace ballast::control {
namespace {

using cluster::Cluster;
using cluster::ServiceKey;

constexpr std::chrono::seconds watch_interval{1};

/// Changes of health that come together are put into force together.
constexpr std::chrono::milliseconds health_interval{100};
/// Putting them into force is at most one part of so many of the daemon's time.
constexpr int health_share = 4;
/// The director refused; most likely it will again.
constexpr std::chrono::seconds health_retry{5};

/// Up to this many services and servers every change is saved before it is answered; above, within a tick, so that
/// restoring a large table does not write it over and over.
constexpr std::size_t saved_at_once = 256;

std::size_t size_of(const Cluster& cluster) {
  std::size_t size = cluster.services.size();
  for (const auto& service : cluster.services) size += service.servers.size();
  return size;
}

Error no_such_service(const ServiceKey& key) { return {fmt::format("no service {}", to_string(key)), ESRCH}; }

health::Now now_for_checks(ControlPlane::Clock::time_point now) { return {now, std::chrono::system_clock::now()}; }

/// The servers that get connections in a packet path that was taken over.
std::set<health::ServerPlace> running_in(const director::Director& director) {
  std::set<health::ServerPlace> running;
  for (const auto& service : director.services()) {
    for (const auto& load : service.servers) {
      if (load.server.weight > 0) running.emplace(service.key, load.server.endpoint);
    }
  }
  return running;
}

ConnectionView view_of(const director::Connection& connection) {
  return {.protocol = connection.protocol,
          .client = connection.client,
          .virtual_address = connection.virtual_address,
          .server = connection.server,
          .state = std::string(director::state_name(connection)),
          .expires_seconds = connection.expires_milliseconds / 1000,
          .forward = connection.forward};
}

}  // namespace

ControlPlane::ControlPlane(Sources sources, Clock::time_point now)
    : sources_(std::move(sources)),
      virtual_routers_(sources_.open_vrrp),
      monitor_(std::random_device()()),
      now_(now),
      started_(now) {}

Result<std::unique_ptr<ControlPlane>> ControlPlane::start(Sources sources, Clock::time_point now) {
  std::unique_ptr<ControlPlane> plane(new ControlPlane(std::move(sources), now));
  auto saved = load_state(plane->sources_.state_file);
  if (!saved) return std::unexpected(saved.error());
  auto reading = plane->read();
  if (!reading) return std::unexpected(reading.error());
  Desired wanted = combine(std::move(reading->cluster), saved->commands);
  auto opened = plane->sources_.open_director(wanted.cluster.director);
  if (!opened) return std::unexpected(opened.error());

  plane->director_ = std::move(*opened);
  plane->command_timeouts_ = saved->commands.timeouts;
  plane->statistics_.restore(saved->baselines);
  for (const auto& note : wanted.notes) log::notice("{}", note);
  plane->current_ = std::move(wanted.cluster);
  plane->director_->serve_ways(cluster::has_checks_by_own_way(plane->current_));
  plane->adopt(*reading);
  plane->monitor_.apply(plane->current_, running_in(*plane->director_), now_for_checks(now));
  if (auto applied = plane->install_health(); !applied) return std::unexpected(applied.error());
  if (auto applied = plane->virtual_routers_.apply(plane->current_.vrrp); !applied) {
    return std::unexpected(applied.error());
  }
  if (plane->sources_.open_sync) plane->synchronizer_ = plane->sources_.open_sync(plane->table_for_sync());
  if (auto applied = plane->apply_sync(plane->current_.sync); !applied) return std::unexpected(applied.error());
  plane->statistics_.retain(plane->current_);
  plane->statistics_.track(plane->director_->services());
  plane->next_estimate_ = now + Estimator::interval;
  plane->next_watch_ = now;
  plane->announce();
  plane->save();
  return plane;
}

Result<config::Reading> ControlPlane::read() const {
  if (sources_.configuration.empty()) return {};
  return sources_.read_configuration();
}

void ControlPlane::adopt(const config::Reading& reading) {
  wishes_ = reading.wishes;
  warnings_.clear();
  for (const auto& warning : reading.warnings) warnings_.push_back(to_string(warning));
}

Result<void> ControlPlane::install(Cluster next) {
  health::Monitor monitor = monitor_;
  monitor.apply(next, {}, now_for_checks(now_));
  Cluster effective = cluster::effective(next, monitor.health());
  auto applied = director_->apply(effective);
  if (applied) applied = apply_sync(next.sync);
  if (applied) virtual_routers_.tell_services(next, monitor.health());
  if (applied) applied = virtual_routers_.apply(next.vrrp);
  if (!applied) {
    auto restored = director_->apply(effective_);
    if (restored && synchronizer_ != nullptr) restored = synchronizer_->apply(current_.sync);
    if (!restored) {
      log::error("going back to the state before the change that failed: {}", restored.error().message);
    }
    return applied;
  }
  current_ = std::move(next);
  director_->serve_ways(cluster::has_checks_by_own_way(current_));
  monitor_ = std::move(monitor);
  effective_ = std::move(effective);
  if (synchronizer_ != nullptr) synchronizer_->servers_changed();
  const auto before = std::exchange(health_, monitor_.health());
  if (sources_.tell) sources_.tell(current_, health::notices(current_, before, health_));
  statistics_.retain(current_);
  untracked_ = true;
  announce();
  return {};
}

Result<void> ControlPlane::apply_sync(const cluster::SyncSettings& settings) {
  if (synchronizer_ == nullptr) return {};
  return synchronizer_->apply(with_roles(settings, active_routers_));
}

void ControlPlane::follow_routers() {
  const auto events = virtual_routers_.take_events();
  if (events.empty()) return;
  for (const auto& event : events) {
    if (event.of_group || event.kind == vrrp::Event::Kind::priority) continue;
    const bool is_state = event.kind == vrrp::Event::Kind::state || event.kind == vrrp::Event::Kind::lower_priority;
    if (is_state && event.state == vrrp::State::active) {
      active_routers_.insert(event.name);
    } else {
      active_routers_.erase(event.name);
    }
  }
  if (auto applied = apply_sync(current_.sync); !applied) {
    log::error("synchronization does not follow VRRP: {}", applied.error().message);
  }
  if (sources_.tell_of_routers) sources_.tell_of_routers(current_.vrrp, events);
}

Result<void> ControlPlane::install_health() {
  Cluster effective = cluster::effective(current_, monitor_.health());
  if (unfollowed_ || effective != effective_) {
    if (auto applied = director_->apply(effective); !applied) return applied;
  }
  virtual_routers_.tell_services(current_, monitor_.health());
  for (const auto& line : health_lines(effective_, effective, monitor_.health())) log::notice("{}", line);
  effective_ = std::move(effective);
  if (synchronizer_ != nullptr) synchronizer_->servers_changed();
  const auto before = std::exchange(health_, monitor_.health());
  if (sources_.tell) sources_.tell(current_, health::notices(current_, before, health_));
  untracked_ = true;
  unfollowed_ = false;
  return {};
}

void ControlPlane::follow_health(Clock::time_point now) {
  if (stopped_ || now < next_health_ || !(monitor_.has_news() || unfollowed_)) return;
  const auto began = Clock::now();
  const auto installed = install_health();
  next_health_ = now + std::max<Clock::duration>(health_interval, health_share * (Clock::now() - began));
  if (!installed) {
    unfollowed_ = true;
    log::error("what is known of the servers is not in force yet, the next try is in {} s: {}", health_retry.count(),
               installed.error().message);
    next_health_ = now + health_retry;
  }
}

Result<void> ControlPlane::change(const std::function<Result<void>(Draft&)>& edit) {
  Draft draft{current_, command_timeouts_, {}};
  if (auto edited = edit(draft); !edited) return edited;
  std::swap(command_timeouts_, draft.command_timeouts);
  if (draft.cluster != current_) {
    if (auto installed = install(std::move(draft.cluster)); !installed) {
      command_timeouts_ = draft.command_timeouts;
      return installed;
    }
  }
  for (const auto& key : draft.zeroed) statistics_.zero(director_->services(), key);
  save_when_small();
  return {};
}

Result<Cluster> ControlPlane::preview(const std::function<Result<void>(Draft&)>& edit) const {
  Draft draft{current_, command_timeouts_, {}};
  if (auto edited = edit(draft); !edited) return std::unexpected(std::move(edited.error()));
  return std::move(draft.cluster);
}

Result<std::string> ControlPlane::reload() {
  if (sources_.configuration.empty()) {
    return fail("nothing to reload: the daemon was started without a configuration file (ballast run -c FILE)", EINVAL);
  }
  auto reading = read();
  if (!reading) return std::unexpected(reading.error());
  Desired wanted = combine(std::move(reading->cluster),
                           {services_of_commands(current_), command_timeouts_, kernel_sync_of_commands(current_)});
  std::string changed = describe_change(current_, wanted.cluster);
  if (auto installed = install(std::move(wanted.cluster)); !installed) return std::unexpected(installed.error());
  adopt(*reading);
  announce();
  save_when_small();
  for (const auto& note : wanted.notes) log::notice("{}", note);
  return changed;
}

Result<std::vector<ServiceView>> ControlPlane::services(const std::optional<ServiceKey>& key) const {
  if (!key) return statistics_.views(current_, director_->services());
  const auto* service = cluster::find_service(current_, *key);
  if (service == nullptr) return std::unexpected(no_such_service(*key));
  Cluster only;
  only.services.push_back(*service);
  return statistics_.views(only, director_->services());
}

Result<std::size_t> ControlPlane::report(const director::ServerReport& report) {
  const std::size_t told = director_->report(report);
  if (told > 0) return told;
  const std::string port = report.port ? fmt::format(" with port {}", *report.port) : "";
  return fail(fmt::format("no service has a real server {}{}", report.address.to_string(), port), ENOENT);
}

ConnectionPage ControlPlane::connections(const ConnectionFilter& filter, std::uint32_t cursor,
                                         std::uint32_t limit) const {
  ConnectionPage page;
  page.cursor = director_->connections(cursor, limit, [&](const director::Connection& connection) {
    ConnectionView view = view_of(connection);
    if (filter.matches(view)) page.connections.push_back(std::move(view));
  });
  return page;
}

std::vector<CounterView> ControlPlane::counters() const {
  std::vector<CounterView> views;
  for (const auto& counter : director_->counters()) {
    views.push_back({std::string(counter.name), std::string(counter.help), counter.value, counter.drop});
  }
  return views;
}

Status ControlPlane::status() const {
  const auto growth = director_->growth().value_or(director::Growth{});
  Status status{.version = std::string(version()),
                .instance = sources_.instance,
                .pid = static_cast<std::uint32_t>(::getpid()),
                .configuration = sources_.configuration,
                .uptime_seconds = std::chrono::duration_cast<std::chrono::seconds>(now_ - started_).count(),
                .adopted = director_->adopted(),
                .interfaces = {},
                .connections = director_->connection_count(),
                .connections_max = director_->connection_capacity(),
                .connections_growing_to = growth.connections,
                .connections_moved_percent = growth.percent,
                .services = static_cast<std::uint32_t>(current_.services.size()),
                .servers = static_cast<std::uint32_t>(size_of(current_) - current_.services.size())};
  for (const auto& attached : director_->interfaces()) {
    status.interfaces.push_back({attached.name, attached.hook, attached.reason});
  }
  for (const auto& instance : virtual_routers_.status().instances) {
    status.vrrp.push_back({instance.name, instance.state, instance.priority});
  }
  status.checks = static_cast<std::uint32_t>(monitor_.size());
  count_down(health_, status);
  return status;
}

SyncView ControlPlane::sync() const {
  return sync_view(synchronizer_ != nullptr ? synchronizer_->state() : sync::State{});
}

sync::Table ControlPlane::table_for_sync() {
  director::Director& director = *director_;
  return {.walk = [&director](std::uint32_t cursor, std::uint32_t limit,
                              const sync::Visit& visit) { return director.connections(cursor, limit, visit); },
          .keep_changes = [&director](bool keep) { director.keep_changes(keep); },
          .changes = [&director](const sync::Visit& visit) { return director.changes(visit); },
          .admit =
              [&director](std::span<const cluster::Connection> connections) {
                const auto admitted = director.admit(connections);
                return sync::Taken{.taken = std::uint64_t{admitted.entered} + admitted.renewed,
                                   .refused = std::uint64_t{admitted.refused} + admitted.unknown,
                                   .unknown = admitted.unknown};
              }};
}

std::shared_ptr<const health::ServiceWays> ControlPlane::service_ways() const {
  using cluster::ServiceWay;
  const std::weak_ptr<director::Director> director = director_;
  return std::make_shared<const health::ServiceWays>(
      health::ServiceWays{.open = [director](const ServiceWay& way) -> Result<void> {
                            const auto held = director.lock();
                            return held ? held->open_way(way) : fail("the daemon ends");
                          },
                          .was_used =
                              [director](const ServiceWay& way) {
                                const auto held = director.lock();
                                return held != nullptr && held->way_was_used(way);
                              },
                          .close =
                              [director](const ServiceWay& way) {
                                if (const auto held = director.lock()) held->close_way(way);
                              }});
}

HealthView ControlPlane::health() const { return health_view(current_, health_, monitor_.reports()); }

void ControlPlane::tick(Clock::time_point now) {
  now_ = now;
  if (stopped_) return;
  director_->tick();
  follow_routers();
  follow_health(now);
  if (std::exchange(untracked_, false)) statistics_.track(director_->services());
  if (now >= next_estimate_) {
    next_estimate_ = std::max(next_estimate_ + Estimator::interval, now);
    statistics_.step(director_->services());
  }
  if (now >= next_watch_) {
    next_watch_ = now + watch_interval;
    if (const std::string line = watch_.look(director_->counters()); !line.empty()) log::warning("{}", line);
    look_at_director();
  }
  if (unsaved_) save();
}

void ControlPlane::look_at_director() {
  const auto before = std::exchange(defect_, director_->defect());
  if (defect_ && defect_ != before) log::error("packets are not balanced: {}", *defect_);
  if (before && !defect_) log::notice("packets are balanced again");
  virtual_routers_.tell_director(!defect_);
}

Result<void> ControlPlane::stop() {
  virtual_routers_.leave();  // others take over before packets are refused here
  if (auto removed = director_->remove(); !removed) return removed;
  stopped_ = true;
  unsaved_ = false;
  if (::unlink(sources_.state_file.c_str()) != 0 && errno != ENOENT) {
    log::error("{}: {}: remove it, else the next daemon brings back what commands made", sources_.state_file,
               std::strerror(errno));
  }
  return {};
}

void ControlPlane::leave() {
  virtual_routers_.leave();
  if (unsaved_) save();
}

void ControlPlane::announce() {
  std::set<std::string> lines;
  std::vector<std::string> found = shortcomings(current_);
  found.insert(found.begin(), warnings_.begin(), warnings_.end());
  for (auto& line : found) {
    if (!announced_.contains(line)) log::warning("{}", line);
    lines.insert(std::move(line));
  }
  announced_ = std::move(lines);
}

void ControlPlane::save() {
  const SavedState state{{services_of_commands(current_), command_timeouts_, kernel_sync_of_commands(current_)},
                         statistics_.baselines()};
  if (auto saved = save_state(sources_.state_file, state); !saved) {
    log::error("what commands made is not saved and ends with this daemon: {}", saved.error().message);
  }
  unsaved_ = false;
}

void ControlPlane::save_when_small() {
  unsaved_ = true;
  if (size_of(current_) <= saved_at_once) save();
}

}  // namespace ballast::control
