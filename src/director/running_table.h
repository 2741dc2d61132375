// The tables of services and real servers in the packet path's maps, and the changes that bring them to what is wanted.
//
// Everything the daemon must know after a restart is in the maps themselves: a table is read back from them. A server
// that is taken out keeps its place while connections refer to it and for two minutes more, as in ip_vs: configured
// again, it has its connections back, and its counters unless its service was taken out too.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "base/error.h"
#include "cluster/model.h"
#include "director/director.h"
#include "director/packet_path.h"
#include "director/repliers.h"
#include "director/service_keys.h"
#include "director/service_rings.h"

namespace ballast::director {

class RunningTable {
 public:
  using Clock = std::chrono::steady_clock;

  /// Reads the table that the maps hold.
  explicit RunningTable(PacketPath& path);

  /// Brings services, servers and timeouts to those of `wanted`. Changes nothing where it returns an error: ENOSPC, the
  /// maps are too small.
  Result<void> apply(const cluster::Cluster& wanted, Clock::time_point now);

  /// Forgets what nothing refers to any more; makes given-back rings usable.
  void collect(Clock::time_point now);

  /// Notes what is told of a real server, wherever it is configured. How many servers that are.
  std::size_t report(const ServerReport& report);

  /// Indexes of all configured servers.
  [[nodiscard]] std::vector<std::uint32_t> configured_servers() const;

  /// The index of the real server of a connection that another director has; nullopt where it is not configured here.
  [[nodiscard]] std::optional<std::uint32_t> server_of(const Connection& connection) const;

  /// The services that are configured.
  [[nodiscard]] std::vector<cluster::ServiceKey> configured_services() const;

  /// Load and counters of the services in `order`.
  [[nodiscard]] std::vector<ServiceLoad> loads(const std::vector<cluster::ServiceKey>& order) const;

 private:
  struct Server {
    std::uint32_t index = 0;
    net::Endpoint endpoint;
    bool configured = false;
    Clock::time_point removed_at;
  };
  struct Service {
    std::uint32_t index = 0;
    bool configured = false;
    std::vector<std::uint32_t> chunks;
    std::map<net::Endpoint, Server> servers;
  };

  void read_services();
  void read_servers(Service& service);
  [[nodiscard]] Result<void> check_room(const cluster::Cluster& wanted) const;

  Service& service_for(const cluster::VirtualService& wanted);
  void apply_service(const cluster::VirtualService& wanted);
  /// Adds and changes servers, and puts them in the wanted order. True where something changed.
  bool apply_servers(Service& service, const cluster::VirtualService& wanted);
  /// The servers that are not wanted any more. They do not count as configured from here on, but packets still reach
  /// them: see retire_server().
  static std::vector<Server*> take_out(Service& service, const cluster::VirtualService& wanted);
  void apply_timeouts(const cluster::Timeouts& timeouts);
  void apply_behaviour(const cluster::Behaviour& behaviour);
  Server& add_server(Service& service, const net::Endpoint& endpoint);
  bool write_server(const Server& server, const Service& service, const cluster::RealServer& wanted);
  void retire_server(Server& server, Clock::time_point now);
  void remove_service(Service& service, Clock::time_point now);
  void forget_server(Service& service, const Server& server);
  std::uint32_t new_chunk(Service& service);

  [[nodiscard]] std::vector<std::uint32_t> newest_first(const Service& service) const;

  [[nodiscard]] const Service* service_of(const Connection& connection) const;

  void update_flags();
  [[nodiscard]] Repliers::Endpoints nat_endpoints() const;

  PacketPath& path_;
  ServiceRings rings_;
  ServiceKeys keys_;
  Repliers repliers_;
  std::map<cluster::ServiceKey, Service> services_;
  std::set<std::uint32_t> free_services_;
  std::set<std::uint32_t> free_chunks_;
  std::uint32_t last_order_ = 0;
};

}  // namespace ballast::director
