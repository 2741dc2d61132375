// Whether a check can succeed at all. Configurations are held against it before anything depends on them.
#pragma once

#include <optional>
#include <string>

#include "cluster/health_check.h"

namespace ballast::health {

/// What is wrong with the check, as far as it can be told without making it: an expression that is none, a status that
/// does not exist, a request that cannot be sent.
std::optional<std::string> problem_of(const cluster::HealthCheck& check);

}  // namespace ballast::health
