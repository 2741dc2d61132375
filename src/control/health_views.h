// What is known of the servers, as the control interface tells it.
#pragma once

#include <vector>

#include "cluster/health.h"
#include "cluster/model.h"
#include "control/api.h"
#include "health/monitor.h"

namespace ballast::control {

HealthView health_view(const cluster::Cluster& desired, const cluster::Health& health,
                       const std::vector<health::CheckReport>& reports);

/// Counts servers and services that are down.
void count_down(const cluster::Health& health, Status& status);

}  // namespace ballast::control
