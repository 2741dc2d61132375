// A table in memory that behaves as ip_vs with all of its modules: what recordings of the real command are replayed
// against.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cli/ipvsadm/table.h"

namespace ballast::ipvsadm {

class MemoryTable final : public IpvsTable {
 public:
  Result<void> open() override;
  Result<std::vector<control::ServiceView>> services() override;
  Result<control::ServiceView> service(const cluster::ServiceKey& key) override;
  Result<void> connections(const std::function<void(const control::ConnectionView&)>& visit) override;
  Result<cluster::Timeouts> timeouts() override;
  Result<void> add_service(const cluster::VirtualService& service) override;
  Result<void> edit_service(const cluster::VirtualService& service) override;
  Result<void> delete_service(const cluster::ServiceKey& key) override;
  Result<void> add_server(const cluster::ServiceKey& key, const cluster::RealServer& server) override;
  Result<void> edit_server(const cluster::ServiceKey& key, const cluster::RealServer& server) override;
  Result<void> delete_server(const cluster::ServiceKey& key, const net::Endpoint& endpoint) override;
  Result<void> clear() override;
  Result<void> zero(const std::optional<cluster::ServiceKey>& key) override;
  Result<void> set_timeouts(const cluster::Timeouts& timeouts) override;
  void begin() override { noted_.emplace(); }
  Result<std::vector<Result<void>>> commit() override;
  Result<std::vector<SyncDaemon>> sync_daemons() override;
  Result<void> start_sync_daemon(const SyncDaemon& daemon) override;
  Result<void> stop_sync_daemon(SyncRole role) override;

  /// Services and servers without numbers: what adding and editing has come to.
  cluster::Cluster cluster;
  /// What connections() lists.
  std::vector<control::ConnectionView> open_connections;
  /// Where set: why there is no table to talk to.
  std::optional<Error> closed;

 private:
  /// Edits with a scheduler and an engine that this build knows, and puts the wanted ones in place if that went well.
  Result<void> edit_with_all_modules(const cluster::VirtualService& service,
                                     Result<void> (*edit)(cluster::Cluster&, const cluster::VirtualService&));
  [[nodiscard]] control::ServiceView view_of(const cluster::VirtualService& service) const;

  /// Gives the result of a change, or notes it between begin() and commit().
  Result<void> done(Result<void> result);

  std::vector<SyncDaemon> daemons_;
  std::optional<std::vector<Result<void>>> noted_;  ///< results since begin(): a test sees no step in between
};

}  // namespace ballast::ipvsadm
