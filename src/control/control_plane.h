// What the daemon knows and decides, without its event loop: the desired state, what is known of the servers, and the
// one road by which both change.
//
// Configuration file, command and reload each make a new Cluster from a copy; the director is brought to what that and
// the health of the servers come to; only when that succeeded is it the current one and saved for the next daemon. A
// change of health alone takes the same road.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "cluster/model.h"
#include "config/reading.h"
#include "control/api.h"
#include "control/counter_watch.h"
#include "control/desired.h"
#include "control/draft.h"
#include "control/state_file.h"
#include "control/statistics.h"
#include "control/virtual_routers.h"
#include "director/director.h"
#include "health/monitor.h"
#include "health/notice.h"
#include "health/service_ways.h"
#include "sync/synchronizer.h"

namespace ballast::control {

struct ConnectionPage {
  std::vector<ConnectionView> connections;
  std::optional<std::uint32_t> cursor;  ///< where to go on; absent at the end of the table
};

class ControlPlane {
 public:
  using Clock = std::chrono::steady_clock;

  /// Where things come from.
  struct Sources {
    std::string instance;
    std::string configuration;  ///< the files that read_configuration() reads, for people; empty: none
    std::string state_file;
    std::function<Result<config::Reading>()> read_configuration;
    std::function<Result<std::unique_ptr<director::Director>>(const cluster::DirectorSettings&)> open_director;
    VirtualRouters::Open open_vrrp{};  ///< called when the first instance is configured
    /// Makes the plane that tells other directors of this table; may be empty.
    std::function<std::unique_ptr<sync::Synchronizer>(sync::Table)> open_sync{};
    /// Is told what a change of health means for commands and mail. Must not change this. May be empty.
    std::function<void(const cluster::Cluster& desired, const std::vector<health::Notice>&)> tell{};
    /// Is told what happened to virtual routers. May be empty.
    std::function<void(const cluster::VrrpSettings& desired, const std::vector<vrrp::Event>&)> tell_of_routers{};
  };

  /// Reads the configuration and the saved state, opens the director and brings it to both. After an Error nothing was
  /// changed that director::Director does not say.
  static Result<std::unique_ptr<ControlPlane>> start(Sources sources, Clock::time_point now);

  /// The one road for change: `edit` alters a copy of the desired state, which then becomes the current one. An Error
  /// of `edit` or of the director leaves everything as it was.
  Result<void> change(const std::function<Result<void>(Draft&)>& edit);

  /// What `edit` would come to. Changes nothing.
  [[nodiscard]] Result<cluster::Cluster> preview(const std::function<Result<void>(Draft&)>& edit) const;

  /// Reads the configuration again. Gives what changed, as a line. An Error (which says where in the file) changes
  /// nothing.
  Result<std::string> reload();

  /// Views of one service or of all. ESRCH: no such service.
  [[nodiscard]] Result<std::vector<ServiceView>> services(const std::optional<cluster::ServiceKey>& key) const;

  [[nodiscard]] Totals totals() const { return statistics_.totals(director_->services()); }

  /// Gives a report about a real server to the schedulers. How many servers it is about. ENOENT: none.
  Result<std::size_t> report(const director::ServerReport& report);

  /// Looks at up to `limit` connections of the table from `cursor` on and gives those that match.
  [[nodiscard]] ConnectionPage connections(const ConnectionFilter& filter, std::uint32_t cursor,
                                           std::uint32_t limit) const;

  [[nodiscard]] std::vector<CounterView> counters() const;
  [[nodiscard]] Status status() const;
  [[nodiscard]] HealthView health() const;
  [[nodiscard]] SyncView sync() const;
  /// What is desired.
  [[nodiscard]] const cluster::Cluster& current() const { return current_; }
  /// How the configuration files themselves are to be treated, as they said when they were read last.
  [[nodiscard]] const std::vector<config::FileWishes>& wishes() const { return wishes_; }
  [[nodiscard]] VirtualRouters& virtual_routers() { return virtual_routers_; }

  /// The checks of the current state, for whoever runs them and lists maintenance directories.
  [[nodiscard]] health::Monitor& monitor() { return monitor_; }
  /// How checks reach real servers by their services' own way. Can be kept for longer than this.
  [[nodiscard]] std::shared_ptr<const health::ServiceWays> service_ways() const;
  /// Puts into force what the monitor came to know, if the last time is 100 ms ago; tick() does so too.
  void follow_health(Clock::time_point now);

  /// To be called about every 100 ms.
  void tick(Clock::time_point now);

  /// Takes the packet path down and forgets what commands asked for. The daemon is to end when stopped() is true.
  Result<void> stop();
  [[nodiscard]] bool stopped() const { return stopped_; }

  /// Saves what is not saved yet, and hands over the addresses that VRRP holds. The packet path goes on.
  void leave();

 private:
  ControlPlane(Sources sources, Clock::time_point now);

  [[nodiscard]] Result<config::Reading> read() const;
  void adopt(const config::Reading& reading);
  Result<void> install(cluster::Cluster next);
  Result<void> install_health();
  Result<void> apply_sync(const cluster::SyncSettings& settings);
  void follow_routers();
  [[nodiscard]] sync::Table table_for_sync();
  void look_at_director();
  void announce();
  void save();
  void save_when_small();

  Sources sources_;
  std::shared_ptr<director::Director> director_;
  std::unique_ptr<sync::Synchronizer> synchronizer_;
  VirtualRouters virtual_routers_;
  std::set<std::string> active_routers_;  ///< instances of VRRP
  cluster::Cluster current_;
  health::Monitor monitor_;
  cluster::Health health_;      ///< what effective_ was made from
  cluster::Cluster effective_;  ///< what the director was handed
  cluster::Timeouts command_timeouts_ = CommandState{}.timeouts;
  Statistics statistics_;
  CounterWatch watch_;
  std::optional<std::string> defect_;  ///< of the director
  std::vector<std::string> warnings_;  ///< of the configuration files
  std::vector<config::FileWishes> wishes_;
  std::set<std::string> announced_;
  Clock::time_point now_;
  Clock::time_point started_;
  Clock::time_point next_estimate_;
  Clock::time_point next_watch_;
  Clock::time_point next_health_;
  bool unfollowed_ = true;  ///< the director was not handed what is known of the servers, or refused it
  bool untracked_ = false;  ///< services or servers changed since statistics_ was told
  bool unsaved_ = false;
  bool stopped_ = false;
};

}  // namespace ballast::control
