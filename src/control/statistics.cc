#include "control/statistics.h"

#include <set>
#include <utility>

namespace ballast::control {
namespace {

using director::ServerLoad;
using director::ServiceLoad;

Stats stats_of(const director::Stats& stats) {
  return {.connections = stats.connections,
          .packets_in = stats.packets_in,
          .packets_out = stats.packets_out,
          .bytes_in = stats.bytes_in,
          .bytes_out = stats.bytes_out};
}

constexpr std::uint64_t Stats::* members[] = {&Stats::connections, &Stats::packets_in, &Stats::packets_out,
                                              &Stats::bytes_in, &Stats::bytes_out};

/// A counter below its baseline has begun anew since.
bool began_anew(const Stats& counted, const Stats& baseline) {
  for (const auto member : members) {
    if (counted.*member < baseline.*member) return true;
  }
  return false;
}

Stats& operator+=(Stats& total, const Stats& more) {
  for (const auto member : members) total.*member += more.*member;
  return total;
}

/// Calls visit(place, counters) for the service and each of its servers.
template <typename Visit>
void for_each(const ServiceLoad& load, Visit&& visit) {
  visit(CounterPlace{load.key, std::nullopt}, stats_of(load.stats));
  for (const ServerLoad& server : load.servers) {
    visit(CounterPlace{load.key, server.server.endpoint}, stats_of(server.stats));
  }
}

}  // namespace

void Statistics::track(const std::vector<ServiceLoad>& loads) {
  std::map<CounterPlace, Estimator> followed;
  for (const ServiceLoad& load : loads) {
    for_each(load, [&](const CounterPlace& place, const Stats& counted) {
      const auto known = estimators_.find(place);
      if (!begun_ && !place.server) total_ += since_zero(place, counted);
      followed.emplace(place, known == estimators_.end() ? Estimator(counted) : known->second);
    });
  }
  estimators_ = std::move(followed);
  if (!std::exchange(begun_, true)) total_rates_.clear(total_);
}

void Statistics::step(const std::vector<ServiceLoad>& loads) {
  for (const ServiceLoad& load : loads) {
    for_each(load, [&](const CounterPlace& place, const Stats& counted) { step(place, counted); });
  }
  total_rates_.step(total_);
}

void Statistics::step(const CounterPlace& place, const Stats& counted) {
  total_ += fresh(place, counted);
  if (const auto estimator = estimators_.find(place); estimator != estimators_.end()) estimator->second.step(counted);
  const auto baseline = baselines_.find(place);
  if (baseline != baselines_.end() && began_anew(counted, baseline->second)) baselines_.erase(baseline);
}

void Statistics::zero(const std::vector<ServiceLoad>& loads, const std::optional<cluster::ServiceKey>& key) {
  for (const ServiceLoad& load : loads) {
    if (key && load.key != *key) continue;
    for_each(load, [&](const CounterPlace& place, const Stats& counted) {
      total_ += fresh(place, counted);
      baselines_.insert_or_assign(place, counted);
      estimators_.insert_or_assign(place, Estimator(counted));
    });
  }
  if (key) return;
  total_ = {};
  total_rates_.clear({});
}

Stats Statistics::fresh(const CounterPlace& place, const Stats& counted) const {
  const auto estimator = estimators_.find(place);
  if (place.server || estimator == estimators_.end()) return {};
  const Stats& last = estimator->second.last();
  Stats since;
  for (const auto member : members)
    since.*member = counted.*member - (counted.*member >= last.*member ? last.*member : 0);
  return since;
}

Totals Statistics::totals(const std::vector<ServiceLoad>& loads) const {
  Totals totals{total_, total_rates_.rates()};
  for (const ServiceLoad& load : loads) totals.stats += fresh({load.key, std::nullopt}, stats_of(load.stats));
  return totals;
}

void Statistics::retain(const cluster::Cluster& cluster) {
  if (baselines_.empty()) return;
  std::set<cluster::ServiceKey> keys;
  for (const auto& service : cluster.services) keys.insert(service.key);
  std::erase_if(baselines_, [&](const auto& baseline) { return !keys.contains(baseline.first.key); });
}

Stats Statistics::since_zero(const CounterPlace& place, const Stats& counted) const {
  const auto baseline = baselines_.find(place);
  if (baseline == baselines_.end() || began_anew(counted, baseline->second)) return counted;
  Stats since;
  for (const auto member : members) since.*member = counted.*member - baseline->second.*member;
  return since;
}

Stats Statistics::rates(const CounterPlace& place) const {
  const auto estimator = estimators_.find(place);
  return estimator == estimators_.end() ? Stats{} : estimator->second.rates();
}

std::vector<ServiceView> Statistics::views(const cluster::Cluster& cluster,
                                           const std::vector<ServiceLoad>& loads) const {
  std::map<cluster::ServiceKey, const ServiceLoad*> by_key;
  for (const ServiceLoad& load : loads) by_key.emplace(load.key, &load);
  std::vector<ServiceView> views;
  views.reserve(cluster.services.size());
  for (const auto& service : cluster.services) {
    ServiceView& view = views.emplace_back();
    view.service = service;
    view.service.servers.clear();
    const auto load = by_key.find(service.key);
    if (load == by_key.end()) continue;
    const CounterPlace place{service.key, std::nullopt};
    view.stats = since_zero(place, stats_of(load->second->stats));
    view.rates = rates(place);
    for (const ServerLoad& server : load->second->servers) {
      const CounterPlace at{service.key, server.server.endpoint};
      view.servers.push_back({.server = server.server,
                              .active = server.active,
                              .inactive = server.inactive,
                              .persistent = server.persistent,
                              .stats = since_zero(at, stats_of(server.stats)),
                              .rates = rates(at)});
    }
  }
  return views;
}

std::vector<Baseline> Statistics::baselines() const {
  std::vector<Baseline> all;
  all.reserve(baselines_.size());
  for (const auto& [place, stats] : baselines_) all.push_back({place, stats});
  return all;
}

void Statistics::restore(const std::vector<Baseline>& baselines) {
  baselines_.clear();
  for (const Baseline& baseline : baselines) baselines_.insert_or_assign(baseline.place, baseline.stats);
}

}  // namespace ballast::control
