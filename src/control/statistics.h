// What listings show of the director's counters: rates, and counts since the last `zero`.
#pragma once

#include <compare>
#include <map>
#include <optional>
#include <vector>

#include "cluster/model.h"
#include "control/api.h"
#include "control/estimator.h"
#include "director/director.h"

namespace ballast::control {

/// Whose counters: a service's, or those of one of its servers.
struct CounterPlace {
  cluster::ServiceKey key;
  std::optional<net::Endpoint> server;
  friend auto operator<=>(const CounterPlace&, const CounterPlace&) = default;
};

/// The counters at the last `zero`, which listings subtract.
struct Baseline {
  CounterPlace place;
  Stats stats;
  friend bool operator==(const Baseline&, const Baseline&) = default;
};

class Statistics {
 public:
  /// Follows exactly the services and servers in `loads`; the rates of new ones begin at 0.
  void track(const std::vector<director::ServiceLoad>& loads);

  /// To be called every Estimator::interval.
  void step(const std::vector<director::ServiceLoad>& loads);

  /// Listings count from now on: for one service and its servers, or for all.
  void zero(const std::vector<director::ServiceLoad>& loads, const std::optional<cluster::ServiceKey>& key);

  /// Drops the baselines of services that `cluster` does not have. Those of servers stay while their service does, for
  /// a server that is deleted and added again keeps its counters.
  void retain(const cluster::Cluster& cluster);

  /// One view for each service of `cluster`, in its order; servers in the order of `loads`.
  [[nodiscard]] std::vector<ServiceView> views(const cluster::Cluster& cluster,
                                               const std::vector<director::ServiceLoad>& loads) const;

  /// All services together, those that are gone included. What a service counted after its last step before it went is
  /// not in it.
  [[nodiscard]] Totals totals(const std::vector<director::ServiceLoad>& loads) const;

  [[nodiscard]] std::vector<Baseline> baselines() const;
  void restore(const std::vector<Baseline>& baselines);

 private:
  void step(const CounterPlace& place, const Stats& counted);
  /// What a service counted since its last step.
  [[nodiscard]] Stats fresh(const CounterPlace& place, const Stats& counted) const;
  [[nodiscard]] Stats since_zero(const CounterPlace& place, const Stats& counted) const;
  [[nodiscard]] Stats rates(const CounterPlace& place) const;

  std::map<CounterPlace, Estimator> estimators_;
  std::map<CounterPlace, Stats> baselines_;
  Stats total_;  ///< of all services, up to their last steps
  Estimator total_rates_;
  bool begun_ = false;  ///< services were followed before
};

}  // namespace ballast::control
