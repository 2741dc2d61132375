// The services of a file as they are gathered, with the rules of ip_vs.
#pragma once

#include <map>
#include <vector>

#include "cluster/model.h"
#include "config/report.h"

namespace ballast::config {

/// A service with where it and its servers stand.
struct PlacedService {
  cluster::VirtualService service;
  Place at;
  std::vector<Place> servers_at;  ///< of each of service.servers
  Place fallback_at{};            ///< of service.fallback
};

/// Gathers services into a Cluster. What ip_vs would refuse is reported and left out. The rules of cluster/edit.h are
/// asked with a cluster of one service and one server at a time, so that the time grows with the size of the file only.
class ServiceSet {
 public:
  explicit ServiceSet(Report& report) : report_(report) {}

  /// Adds a service. NAT to a loopback address, where no packets arrive, becomes route where that keeps the port, and
  /// is an error elsewhere. Servers behind route and tunnel get its port, whatever port they were written with, which
  /// is warned of where packets have another one.
  void add(const PlacedService& placed);

  [[nodiscard]] std::vector<cluster::VirtualService> take_services() { return std::move(services_); }
  [[nodiscard]] std::vector<Place> take_places() { return std::move(places_); }

 private:
  struct Ports;

  bool claim_keys(const PlacedService& placed);
  cluster::RealServer reachable(cluster::RealServer server, const Ports& ports, const Place& at);
  cluster::RealServer with_port(const Ports& ports, cluster::RealServer server, const Place& at);
  void add_servers(const PlacedService& placed, const Ports& ports, cluster::Cluster& scratch,
                   cluster::VirtualService& service);

  Report& report_;
  std::vector<cluster::VirtualService> services_;
  std::vector<Place> places_;
  std::map<cluster::ServiceKey, Place> keys_;
  std::size_t server_count_ = 0;
};

}  // namespace ballast::config
