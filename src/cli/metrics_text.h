// What Prometheus scrapes: text exposition format 0.0.4.
#pragma once

#include <string>
#include <vector>

#include "control/api.h"
#include "control/vrrp_views.h"

namespace ballast::cli {

/// Everything that the daemon counts and knows.
struct Observed {
  control::Status status;
  std::vector<control::ServiceView> services;
  std::vector<control::CounterView> counters;
  control::VrrpStatus vrrp{};
  control::HealthView health;
};

std::string metrics_text(const Observed& observed);

}  // namespace ballast::cli
