// The table of a running daemon, by way of its control interface.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <optional>
#include <string>
#include <string_view>

#include "cli/ipvsadm/table.h"
#include "control/client.h"

namespace ballast::ipvsadm {

/// Connects at the first open(), so that what needs no daemon works without one.
/// The daemon has no connection synchronisation yet: it is answered as ip_vs does where it is not compiled in.
class ClientTable final : public IpvsTable {
 public:
  /// `option`: the instance to talk to; empty: the one of this environment and network namespace (base/instance.h).
  explicit ClientTable(std::string option = {}) : option_(std::move(option)) {}

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

 private:
  Result<boost::json::value> ask(std::string_view operation, boost::json::object arguments = {});
  Result<void> change(std::string_view operation, boost::json::object arguments = {});

  std::string option_;
  std::optional<control::Client> client_;
  std::optional<boost::json::array> noted_;  ///< requests since begin()
};

}  // namespace ballast::ipvsadm
