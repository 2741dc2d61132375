#include "health/check_state.h"

#include <algorithm>

namespace ballast::health {

std::string_view to_string(Standing standing) {
  switch (standing) {
    case Standing::untested:
      return "untested";
    case Standing::up:
      return "up";
    case Standing::down:
      return "down";
  }
  return "?";
}

bool CheckState::observe(const cluster::HealthCheck& check, const CheckResult& result, WallTime now) {
  const bool was_up = up();
  const auto old_weight = weight_;
  const auto old_difference = weight_difference_;
  count(result.up);
  const bool decides = standing_ == Standing::untested && !assumed_up_;
  if (result.up && standing_ != Standing::up) {
    if (decides || assumed_up() || in_a_row_ >= check.rise) change_to(Standing::up, result.reason, now);
  } else if (!result.up && standing_ != Standing::down) {
    if (decides || in_a_row_ >= check.fall) change_to(Standing::down, result.reason, now);
  }
  take_weight(check, result);
  last_ = TimedResult{now, result};
  return was_up != up() || old_weight != weight_ || old_difference != weight_difference_;
}

bool CheckState::changing() const {
  if (standing_ == Standing::untested) return true;
  return last_success_ != (standing_ == Standing::up);
}

void CheckState::count(bool success) {
  recovered_ = success && !last_success_ && standing_ == Standing::up;
  in_a_row_ = success == last_success_ ? in_a_row_ + 1 : 1;
  last_success_ = success;
  ++(success ? successes_ : failures_);
}

void CheckState::change_to(Standing standing, const std::string& reason, WallTime now) {
  standing_ = standing;
  since_ = now;
  history_.push_back({now, standing, reason});
  if (history_.size() > history_most) history_.pop_front();
}

void CheckState::take_weight(const cluster::HealthCheck& check, const CheckResult& result) {
  const bool adds = check.weight_from_result && check.type == cluster::CheckType::file;
  if (adds && result.up) {
    weight_difference_ = std::int64_t{result.weight.value_or(0)} * (check.weight == 0 ? 1 : check.weight);
  } else if (check.weight != 0 && !adds) {
    const bool counts = standing_ == (check.weight > 0 ? Standing::up : Standing::down);
    weight_difference_ = counts ? check.weight : 0;
  } else if (check.weight_from_result && result.up) {
    weight_.reset();
    if (result.weight) weight_ = static_cast<std::uint32_t>(std::max(*result.weight, 0));
  }
}

}  // namespace ballast::health
