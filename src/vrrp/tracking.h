// What an instance or a group tracks, resolved: definitions, weights, and what is known. Pure.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "cluster/vrrp.h"
#include "vrrp/priority.h"

namespace ballast::vrrp {

class Observations {
 public:
  /// True where that is news.
  bool set(cluster::Track::Kind kind, const std::string& name, const Observation& observation);
  /// What is known. Scripts, processes and interfaces that nothing is known of yet are bad, so that nobody takes an
  /// address before the first look; checks and the director are good.
  [[nodiscard]] Observation get(cluster::Track::Kind kind, const std::string& name) const;

 private:
  std::map<std::pair<cluster::Track::Kind, std::string>, Observation> known_;
};

/// `tracks` with the weights that they or what they name have.
std::vector<Tracked> resolve(const std::vector<cluster::Track>& tracks, const cluster::VrrpSettings& settings,
                             const Observations& observations);

/// What an instance tracks. In a sync group without weights its things count as faults only.
std::vector<Tracked> tracked_by(const cluster::VrrpInstance& instance, const cluster::VrrpSyncGroup* group,
                                const cluster::VrrpSettings& settings, const Observations& observations);

/// The group that has the instance, or nullptr.
const cluster::VrrpSyncGroup* group_with(const cluster::VrrpSettings& settings, const std::string& instance);

}  // namespace ballast::vrrp
