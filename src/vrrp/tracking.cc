#include "vrrp/tracking.h"

#include <algorithm>

namespace ballast::vrrp {
namespace {

using cluster::Track;
using Kind = cluster::Track::Kind;

struct Definition {
  std::int32_t weight = 0;
  bool reverse = false;
};

template <typename T>
Definition definition_in(const std::vector<T>& all, const std::string& name) {
  const auto found = std::ranges::find(all, name, &T::name);
  return found == all.end() ? Definition{} : Definition{.weight = found->weight, .reverse = found->reverse};
}

Definition definition_of(const Track& track, const cluster::VrrpSettings& settings) {
  if (track.kind == Kind::script) return definition_in(settings.scripts, track.name);
  if (track.kind == Kind::file) return definition_in(settings.files, track.name);
  if (track.kind == Kind::process) return definition_in(settings.processes, track.name);
  return {};
}

}  // namespace

bool Observations::set(Kind kind, const std::string& name, const Observation& observation) {
  const auto [known, added] = known_.try_emplace({kind, name}, observation);
  if (added) return true;
  return std::exchange(known->second, observation) != observation;
}

Observation Observations::get(Kind kind, const std::string& name) const {
  const auto known = known_.find({kind, name});
  if (known != known_.end()) return known->second;
  return {.good = kind == Kind::check || kind == Kind::director || kind == Kind::file};
}

std::vector<Tracked> resolve(const std::vector<Track>& tracks, const cluster::VrrpSettings& settings,
                             const Observations& observations) {
  std::vector<Tracked> all;
  for (const Track& track : tracks) {
    const Definition definition = definition_of(track, settings);
    all.push_back({.kind = track.kind,
                   .name = track.name,
                   .weight = track.weight.value_or(definition.weight),
                   .reverse = track.reverse != definition.reverse,
                   .observation = observations.get(track.kind, track.name)});
  }
  return all;
}

std::vector<Tracked> tracked_by(const cluster::VrrpInstance& instance, const cluster::VrrpSyncGroup* group,
                                const cluster::VrrpSettings& settings, const Observations& observations) {
  std::vector<Tracked> all = resolve(instance.tracks, settings, observations);
  if (group == nullptr) return all;
  if (group->track_with_weights) {
    std::ranges::move(resolve(group->tracks, settings, observations), std::back_inserter(all));
    return all;
  }
  for (Tracked& tracked : all) tracked.weight = 0;
  return all;
}

const cluster::VrrpSyncGroup* group_with(const cluster::VrrpSettings& settings, const std::string& instance) {
  for (const auto& group : settings.groups) {
    if (std::ranges::find(group.instances, instance) != group.instances.end()) return &group;
  }
  return nullptr;
}

}  // namespace ballast::vrrp
