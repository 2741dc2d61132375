#include "control/daemon.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/resource.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <csignal>
#include <fstream>
#include <memory>

#include "base/instance.h"
#include "base/log.h"
#include "control/autoreload.h"
#include "control/control_plane.h"
#include "control/followed_files.h"
#include "control/instance_lock.h"
#include "control/notifier.h"
#include "control/notify.h"
#include "control/operations.h"
#include "control/server.h"
#include "control/version.h"
#include "director/director.h"
#include "health/engine.h"
#include "health/maintenance_watch.h"

namespace ballast::control {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::milliseconds tick_interval{100};
constexpr rlim_t files_of_a_check = 2;
constexpr rlim_t files_of_all_else = 1024;
constexpr rlim_t least_checks = 64;
constexpr rlim_t most_checks = 8192;

/// Nice value of the thread that tells other directors and checks servers: both come late where a loaded machine lets
/// it wait.
constexpr int ahead_of_others = -10;

std::string state_file(const std::string& instance) { return runtime_directory(instance) + "/state.json"; }

Result<void> need_root() {
  if (::geteuid() == 0) return {};
  return fail("needs root (CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON): run it with sudo or as a system service", EPERM);
}

std::vector<std::string> list_of_paths(const std::vector<config::Source>& sources) {
  std::vector<std::string> paths;
  for (const auto& source : sources) paths.push_back(source.path);
  return paths;
}

Result<config::Reading> read_configuration(const DaemonOptions& options) {
  auto names = config::system_names();
  names.config_id = options.config_id;
  auto reading = config::read_sources(options.configuration, names);
  if (!reading) return std::unexpected(config::to_error(reading.error()));
  return std::move(*reading);
}

Result<std::unique_ptr<ControlPlane>> start_plane(const DaemonOptions& options, asio::io_context& context,
                                                  Notifier& notifier) {
  return ControlPlane::start(
      {.instance = options.instance,
       .configuration = fmt::format("{}", fmt::join(list_of_paths(options.configuration), ", ")),
       .state_file = state_file(options.instance),
       .read_configuration = [options] { return read_configuration(options); },
       .open_director =
           [instance = options.instance](const cluster::DirectorSettings& settings) {
             return director::Director::open(instance, settings);
           },
       .open_vrrp = vrrp::Plane::start,
       .open_sync =
           [&context](sync::Table table) { return std::make_unique<sync::Synchronizer>(context, std::move(table)); },
       .tell = [&notifier](const cluster::Cluster& desired,
                           const std::vector<health::Notice>& notices) { notifier.tell(desired, notices); },
       .tell_of_routers = [&notifier](const cluster::VrrpSettings& desired,
                                      const std::vector<vrrp::Event>& events) { notifier.tell(desired, events); }},
      ControlPlane::Clock::now());
}

/// Ticks, checks, signals and the end.
class Loop {
 public:
  Loop(asio::io_context& context, ControlPlane& plane, Notifier& notifier, std::size_t checks_at_once)
      : context_(context),
        plane_(plane),
        notifier_(notifier),
        timer_(context),
        signals_(context, SIGTERM, SIGINT, SIGHUP),
        engine_(context.get_executor(), plane.monitor(),
                {.run = [ways = plane.service_ways()](
                            health::CheckTarget target) { return health::check_once(std::move(target), ways); },
                 .most = {.checks = checks_at_once},
                 .news = [this] { follow_health(); }}),
        maintenance_(context.get_executor(), plane.monitor(), [this] { follow_health(); }) {
    wait_for_tick();
    wait_for_signal();
  }

  /// Reads the configuration again; the log tells what became of it.
  void reload() {
    notify_reloading();
    answer(plane_, R"({"op": "reload"})");
    notify_manager("READY=1");
  }

 private:
  void wait_for_tick() {
    timer_.expires_after(tick_interval);
    timer_.async_wait([this](const boost::system::error_code& wrong) {
      if (wrong) return;
      plane_.tick(ControlPlane::Clock::now());
      engine_.look();
      notifier_.tick();
      wait_for_tick();
    });
  }

  void follow_health() { plane_.follow_health(ControlPlane::Clock::now()); }

  void wait_for_signal() {
    signals_.async_wait([this](const boost::system::error_code& wrong, int signal) {
      if (wrong) return;
      if (signal != SIGHUP) return end(signal);
      reload();
      wait_for_signal();
    });
  }

  void end(int signal) {
    log::notice(
        "ending by SIG{}: the packet path goes on with every connection, and the next 'ballast run' takes it over "
        "('ballast stop' takes it down)",
        sigabbrev_np(signal));
    notify_manager("STOPPING=1");
    context_.stop();
  }

  asio::io_context& context_;
  ControlPlane& plane_;
  Notifier& notifier_;
  asio::steady_timer timer_;
  asio::signal_set signals_;
  health::Engine engine_;
  health::MaintenanceWatch maintenance_;
};

/// As many files as this process may have: each health check under way holds a socket or two. Gives how many checks may
/// be under way.
std::size_t raise_file_limit() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return least_checks;
  if (files.rlim_cur < files.rlim_max) {
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
  }
  const rlim_t left = files.rlim_cur - std::min(files.rlim_cur, files_of_all_else);
  return std::clamp(left / files_of_a_check, least_checks, most_checks);
}

/// Runs before what else this machine does, unless the operator said otherwise (nice, or Nice= of the service). Linux
/// compares nice values within a session and sessions among each other (sched(7), autogroups): a session of the
/// daemon's own, as that of a service, goes ahead too.
void raise_priority() {
  if (::getpriority(PRIO_PROCESS, 0) != 0) return;
  ::setpriority(PRIO_PROCESS, 0, ahead_of_others);
  if (::getsid(0) == ::getpid()) std::ofstream("/proc/self/autogroup") << ahead_of_others;
}

void log_ready(const DaemonOptions& options, const ControlPlane& plane) {
  const Status status = plane.status();
  log::notice("ballast {} ready: instance {}, services: {}, real servers: {}, {}", version(), options.instance,
              status.services, status.servers,
              status.adopted ? fmt::format("took over a running packet path, connections: {}", status.connections)
                             : "new packet path");
}

}  // namespace

Result<void> run_daemon(const DaemonOptions& options) {
  if (auto root = need_root(); !root) return root;
  const std::size_t checks_at_once = raise_file_limit();
  raise_priority();
  std::signal(SIGPIPE, SIG_IGN);  // whoever reads the log may go away
  auto lock = InstanceLock::take(options.instance);
  if (!lock) return std::unexpected(lock.error());
  asio::io_context context(1);
  Notifier notifier(context.get_executor());
  FollowedFiles files(list_of_paths(options.configuration));
  auto plane = start_plane(options, context, notifier);
  if (!plane) return std::unexpected(plane.error());

  Loop loop(context, **plane, notifier, checks_at_once);
  const Autoreload autoreload(context, **plane, std::move(files), [&loop] { loop.reload(); });
  auto server = Server::listen(context, control_socket(options.instance),
                               {.answer = [&](std::string_view line) { return answer(**plane, line); },
                                .answered =
                                    [&] {
                                      if ((*plane)->stopped()) context.stop();
                                    }});
  if (!server) return std::unexpected(server.error());

  log_ready(options, **plane);
  notify_manager("READY=1");
  context.run();
  (*plane)->leave();
  if ((*plane)->stopped()) {
    server->reset();
    lock->remove();
  }
  return {};
}

Result<bool> remove_left_behind(const std::string& instance) {
  if (auto root = need_root(); !root) return std::unexpected(root.error());
  auto lock = InstanceLock::take(instance);
  if (!lock) return std::unexpected(lock.error());
  auto found = director::Director::remove_left_behind(instance);
  if (!found) return found;
  for (const std::string& left : {state_file(instance), control_socket(instance)}) {
    if (::unlink(left.c_str()) != 0 && errno != ENOENT) return fail_errno(left);
  }
  lock->remove();
  return found;
}

}  // namespace ballast::control
