// What the results of one check come to. Pure: the time is a parameter.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "cluster/health_check.h"
#include "health/check_once.h"

namespace ballast::health {

using WallTime = std::chrono::system_clock::time_point;

enum class Standing : std::uint8_t {
  untested,  ///< no result yet
  up,
  down
};
std::string_view to_string(Standing standing);

/// A result, and when it came.
struct TimedResult {
  WallTime at;
  CheckResult result;
};

/// What a check came to at some moment.
struct StandingChange {
  WallTime at;
  Standing standing = Standing::untested;
  std::string reason;
};

class CheckState {
 public:
  /// How many changes are remembered.
  static constexpr std::size_t history_most = 8;

  /// `assumed_up`: counts as up before the first result.
  CheckState(const cluster::HealthCheck& check, bool assumed_up, WallTime now)
      : assumed_up_(assumed_up), gates_(check.weight == 0), since_(now) {}

  /// Takes a result in. The first one decides, unless the check counts as up before it; from then on it takes `rise`
  /// successes in a row to come up, `fall` failures to go down. True where up(), weight() or weight_difference() is
  /// another one.
  bool observe(const cluster::HealthCheck& check, const CheckResult& result, WallTime now);

  /// Whether the server may have traffic as far as this check goes. A check with HealthCheck::weight never says no.
  [[nodiscard]] bool up() const { return gates_ ? is_up() : true; }
  /// The weight that the last success told of, in the place of the configured one.
  [[nodiscard]] std::optional<std::uint32_t> weight() const { return weight_; }
  /// What the check adds to the server's weight.
  [[nodiscard]] std::int64_t weight_difference() const { return weight_difference_; }

  /// On its way to something else, or untested: HealthCheck::changing_interval applies.
  [[nodiscard]] bool changing() const;

  [[nodiscard]] Standing standing() const { return standing_; }
  [[nodiscard]] bool assumed_up() const { return standing_ == Standing::untested && assumed_up_; }
  [[nodiscard]] WallTime since() const { return since_; }
  [[nodiscard]] const std::optional<TimedResult>& last() const { return last_; }
  [[nodiscard]] const std::deque<StandingChange>& history() const { return history_; }  ///< oldest first
  [[nodiscard]] std::uint64_t successes() const { return successes_; }
  [[nodiscard]] std::uint64_t failures() const { return failures_; }
  [[nodiscard]] std::uint32_t in_a_row() const { return in_a_row_; }  ///< results like the last one
  /// The last result was a success after failures that did not take it down.
  [[nodiscard]] bool recovered() const { return recovered_; }

 private:
  [[nodiscard]] bool is_up() const { return standing_ == Standing::up || assumed_up(); }
  void count(bool success);
  void change_to(Standing standing, const std::string& reason, WallTime now);
  void take_weight(const cluster::HealthCheck& check, const CheckResult& result);

  bool assumed_up_;
  bool gates_;
  Standing standing_ = Standing::untested;
  WallTime since_;
  bool last_success_ = false;
  std::uint32_t in_a_row_ = 0;
  bool recovered_ = false;
  std::uint64_t successes_ = 0;
  std::uint64_t failures_ = 0;
  std::optional<std::uint32_t> weight_;
  std::int64_t weight_difference_ = 0;
  std::optional<TimedResult> last_;
  std::deque<StandingChange> history_;
};

}  // namespace ballast::health
