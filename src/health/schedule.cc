#include "health/schedule.h"

#include <algorithm>
#include <cmath>

namespace ballast::health {
namespace {

using std::chrono::milliseconds;

milliseconds part_of(milliseconds whole, double part) {
  return milliseconds(std::llround(static_cast<double>(whole.count()) * part));
}

}  // namespace

void Schedule::set(CheckId id, SteadyTime at) {
  remove(id);
  order_.emplace(at, id);
  times_.emplace(id, at);
}

void Schedule::remove(CheckId id) {
  const auto known = times_.find(id);
  if (known == times_.end()) return;
  order_.erase({known->second, id});
  times_.erase(known);
}

std::optional<CheckId> Schedule::take(SteadyTime now) {
  if (order_.empty() || order_.begin()->first > now) return {};
  const CheckId id = order_.begin()->second;
  remove(id);
  return id;
}

std::optional<SteadyTime> Schedule::next() const {
  if (order_.empty()) return {};
  return order_.begin()->first;
}

milliseconds first_wait(const cluster::HealthCheck& check, std::size_t new_checks, double chance) {
  const auto spread = std::min(milliseconds(static_cast<std::int64_t>(new_checks)), check.interval);
  return part_of(check.warmup.value_or(spread), chance);
}

milliseconds next_wait(const cluster::HealthCheck& check, bool changing, double chance) {
  constexpr double jitter = 0.05;
  const bool fast = changing && check.changing_interval.count() > 0;
  return part_of(fast ? check.changing_interval : check.interval, 1 - jitter + 2 * jitter * chance);
}

}  // namespace ballast::health
