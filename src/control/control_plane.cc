#include "control/control_plane.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "control/version.h"

namespace ballast::control {
namespace {

using cluster::Cluster;
using cluster::ServiceKey;

constexpr std::chrono::seconds watch_interval{1};

/// Up to this many services and servers every change is saved before it is answered; above, within a tick, so that
/// restoring a large table does not write it over and over.
constexpr std::size_t saved_at_once = 256;

std::size_t size_of(const Cluster& cluster) {
  std::size_t size = cluster.services.size();
  for (const auto& service : cluster.services) size += service.servers.size();
  return size;
}

Error no_such_service(const ServiceKey& key) { return {fmt::format("no service {}", to_string(key)), ESRCH}; }

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

Result<std::unique_ptr<ControlPlane>> ControlPlane::start(Sources sources, Clock::time_point now) {
  std::unique_ptr<ControlPlane> plane(new ControlPlane(std::move(sources), now));
  auto saved = load_state(plane->sources_.state_file);
  if (!saved) return std::unexpected(saved.error());
  auto wanted = plane->desired(saved->commands);
  if (!wanted) return std::unexpected(wanted.error());
  auto opened = plane->sources_.open_director(wanted->cluster.director);
  if (!opened) return std::unexpected(opened.error());

  plane->director_ = std::move(*opened);
  plane->command_timeouts_ = saved->commands.timeouts;
  plane->statistics_.restore(saved->baselines);
  for (const auto& note : wanted->notes) log::notice("{}", note);
  if (auto applied = plane->director_->apply(wanted->cluster); !applied) return std::unexpected(applied.error());
  if (auto applied = plane->virtual_routers_.apply(wanted->cluster.vrrp); !applied) {
    return std::unexpected(applied.error());
  }
  plane->current_ = std::move(wanted->cluster);
  plane->statistics_.retain(plane->current_);
  plane->statistics_.track(plane->director_->services());
  plane->next_estimate_ = now + Estimator::interval;
  plane->next_watch_ = now;
  plane->announce_shortcomings();
  plane->save();
  return plane;
}

Result<Desired> ControlPlane::desired(const CommandState& commands) const {
  Cluster file;
  if (!sources_.configuration.empty()) {
    auto read = sources_.read_configuration(sources_.configuration);
    if (!read) return std::unexpected(read.error());
    file = std::move(*read);
  }
  return combine(std::move(file), commands);
}

Result<void> ControlPlane::install(Cluster next) {
  auto applied = director_->apply(next);
  if (applied) applied = virtual_routers_.apply(next.vrrp);
  if (!applied) {
    if (auto restored = director_->apply(current_); !restored) {
      log::error("going back to the state before the change that failed: {}", restored.error().message);
    }
    return applied;
  }
  current_ = std::move(next);
  statistics_.retain(current_);
  untracked_ = true;
  announce_shortcomings();
  return {};
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
  auto wanted = desired({services_of_commands(current_), command_timeouts_});
  if (!wanted) return std::unexpected(wanted.error());
  std::string changed = describe_change(current_, wanted->cluster);
  if (auto installed = install(std::move(wanted->cluster)); !installed) return std::unexpected(installed.error());
  save_when_small();
  for (const auto& note : wanted->notes) log::notice("{}", note);
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
  return status;
}

void ControlPlane::tick(Clock::time_point now) {
  now_ = now;
  if (stopped_) return;
  director_->tick();
  virtual_routers_.tell_director(!director_->interfaces().empty());
  if (std::exchange(untracked_, false)) statistics_.track(director_->services());
  if (now >= next_estimate_) {
    next_estimate_ = std::max(next_estimate_ + Estimator::interval, now);
    statistics_.step(director_->services());
  }
  if (now >= next_watch_) {
    next_watch_ = now + watch_interval;
    if (const std::string line = watch_.look(director_->counters()); !line.empty()) log::warning("{}", line);
  }
  if (unsaved_) save();
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

void ControlPlane::announce_shortcomings() {
  std::set<std::string> lines;
  for (auto& line : shortcomings(current_)) {
    if (!announced_.contains(line)) log::warning("{}", line);
    lines.insert(std::move(line));
  }
  announced_ = std::move(lines);
}

void ControlPlane::save() {
  const SavedState state{{services_of_commands(current_), command_timeouts_}, statistics_.baselines()};
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
