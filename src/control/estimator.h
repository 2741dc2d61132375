// Rates per second, as ip_vs estimates them: an exponentially weighted mean over 2-second steps in fixed point.
#pragma once

#include <chrono>
#include <cstdint>

#include "control/api.h"

namespace ballast::control {

/// The rates of one set of counters. Every step adds a quarter of the difference between the rate of the last interval
/// and the mean (net/netfilter/ipvs/ip_vs_est.c), so that `ipvsadm --rate` shows the numbers that people know.
class Estimator {
 public:
  static constexpr std::chrono::seconds interval{2};

  /// Counts from `stats` on: what was counted before gives no rate.
  explicit Estimator(const Stats& stats = {}) : last_(stats) {}

  /// Takes in the counters after one more interval. A counter that fell has begun anew and counts from 0.
  void step(const Stats& stats);

  /// Forgets the rates and counts from `stats` on.
  void clear(const Stats& stats) { *this = Estimator(stats); }

  /// The counters at the last step.
  [[nodiscard]] const Stats& last() const { return last_; }

  /// Connections, packets and bytes per second.
  [[nodiscard]] Stats rates() const;

 private:
  Stats last_;
  Stats mean_;  ///< scaled by 2^10 (connections, packets) or 2^5 (bytes)
};

}  // namespace ballast::control
