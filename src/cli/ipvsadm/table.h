// The table of services that commands look at and change.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "base/error.h"
#include "cli/ipvsadm/sync_daemon.h"
#include "cluster/model.h"
#include "control/api.h"

namespace ballast::ipvsadm {

/// Changes are refused with the errno of ip_vs in Error::code (cluster/edit.h).
class IpvsTable {
 public:
  virtual ~IpvsTable() = default;

  /// Makes sure that there is a table to talk to. Called before anything else is asked, more than once.
  virtual Result<void> open() = 0;

  /// All services, in no particular order; their servers newest first.
  virtual Result<std::vector<control::ServiceView>> services() = 0;
  /// ESRCH: no such service.
  virtual Result<control::ServiceView> service(const cluster::ServiceKey& key) = 0;
  /// Calls `visit` for every connection.
  virtual Result<void> connections(const std::function<void(const control::ConnectionView&)>& visit) = 0;
  virtual Result<cluster::Timeouts> timeouts() = 0;

  virtual Result<void> add_service(const cluster::VirtualService& service) = 0;
  virtual Result<void> edit_service(const cluster::VirtualService& service) = 0;
  virtual Result<void> delete_service(const cluster::ServiceKey& key) = 0;
  virtual Result<void> add_server(const cluster::ServiceKey& key, const cluster::RealServer& server) = 0;
  virtual Result<void> edit_server(const cluster::ServiceKey& key, const cluster::RealServer& server) = 0;
  virtual Result<void> delete_server(const cluster::ServiceKey& key, const net::Endpoint& endpoint) = 0;
  virtual Result<void> clear() = 0;
  /// Sets the counters of one service, or of all, to zero. ESRCH: no such service.
  virtual Result<void> zero(const std::optional<cluster::ServiceKey>& key) = 0;
  /// Timeouts of 0 stay as they are.
  virtual Result<void> set_timeouts(const cluster::Timeouts& timeouts) = 0;

  /// From here to commit(), changes (those above) are noted down and not made: each is taken as if it went well.
  virtual void begin() = 0;
  /// Makes the changes noted since begin() in one step, leaving out those that are refused: what became of each. Error:
  /// nothing has changed.
  virtual Result<std::vector<Result<void>>> commit() = 0;

  /// At most one for each role, master first.
  virtual Result<std::vector<SyncDaemon>> sync_daemons() = 0;
  /// EEXIST: one of that role runs. ENOPROTOOPT: this table has no connection synchronisation.
  virtual Result<void> start_sync_daemon(const SyncDaemon& daemon) = 0;
  /// ESRCH: none of that role runs.
  virtual Result<void> stop_sync_daemon(SyncRole role) = 0;
};

}  // namespace ballast::ipvsadm
