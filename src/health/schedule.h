// When checks are due. Pure: time and chance are parameters.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "cluster/health_check.h"

namespace ballast::health {

using CheckId = std::uint64_t;
using SteadyTime = std::chrono::steady_clock::time_point;

class Schedule {
 public:
  /// Makes a check due at a time, in the place of any other time.
  void set(CheckId id, SteadyTime at);
  void remove(CheckId id);
  /// The check that is due first, if it is due at `now`; it is not scheduled any more then.
  std::optional<CheckId> take(SteadyTime now);
  /// When the next one is due.
  [[nodiscard]] std::optional<SteadyTime> next() const;
  [[nodiscard]] std::size_t size() const { return times_.size(); }

 private:
  std::set<std::pair<SteadyTime, CheckId>> order_;
  std::map<CheckId, SteadyTime> times_;
};

/// How long the first run of a check waits: `chance` (0 to 1) of HealthCheck::warmup, or where that is not given of a
/// millisecond for each of the `new_checks` that begin with it, at most the interval: about a thousand a second.
std::chrono::milliseconds first_wait(const cluster::HealthCheck& check, std::size_t new_checks, double chance);

/// How long the next run waits after the last began: the interval, 5 % more or less as `chance` (0 to 1) has it, so
/// that checks do not fall into step.
std::chrono::milliseconds next_wait(const cluster::HealthCheck& check, bool changing, double chance);

}  // namespace ballast::health
